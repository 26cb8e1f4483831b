package import LiveProtocol

/// JSON-RPC 2.0 as the control socket speaks it: one object, or one batch of them, on a line.
package enum RPC {
    /// Bytes of a line, its end left out; longer ones are refused and passed over.
    package static let longestLine = 256 << 10

    /// What identifies a call: a string or a whole number.
    package enum ID: Sendable, Equatable {
        case string(String)
        case number(Int64)
        /// Of an error about something that named no call.
        case none
    }

    package struct Request: Sendable, Equatable {
        /// Nil for a notification, which gets no answer.
        package var id: ID?
        package var method: String
        package var params: [String: JSONValue]

        package init(id: ID?, method: String, params: [String: JSONValue] = [:]) {
            self.id = id
            self.method = method
            self.params = params
        }
    }

    package struct Failure: Error, Sendable, Equatable {
        package var code: Int
        /// What was asked, and why it cannot be done.
        package var message: String
        /// What to do about it.
        package var remedy: String?

        package init(_ code: Int, _ message: String, remedy: String? = nil) {
            self.code = code
            self.message = message
            self.remedy = remedy
        }

        package static func parse(_ message: String) -> Failure { Failure(-32700, message) }
        package static func request(_ message: String) -> Failure { Failure(-32600, message) }
        package static func method(_ name: String) -> Failure {
            Failure(-32601, "there is no method \(name)", remedy: "docs/control.md lists them")
        }
        package static func params(_ message: String) -> Failure { Failure(-32602, message) }
        /// It is understood, and cannot be done as things stand.
        package static func state(_ message: String, remedy: String? = nil) -> Failure {
            Failure(-32000, message, remedy: remedy)
        }
    }

    package typealias Outcome = Result<JSONValue, Failure>

    package struct Reply: Sendable, Equatable {
        package var id: ID
        package var outcome: Outcome

        package init(id: ID, _ outcome: Outcome) {
            self.id = id
            self.outcome = outcome
        }
    }

    /// What a line asks for.
    package enum Call: Sendable, Equatable {
        case one(Entry)
        /// At least one.
        case batch([Entry])
    }

    /// One call of a line, or what is wrong with it and whom to tell.
    package enum Entry: Sendable, Equatable {
        case request(Request)
        case malformed(Reply)
    }
}

// MARK: Reading

extension RPC {
    /// Reads a line without its end.
    package static func call(_ line: some Collection<UInt8>) -> Call {
        guard let value = JSONValue(line: line) else {
            return .one(.malformed(Reply(id: .none, .failure(.parse("this line is no JSON")))))
        }
        guard case .array(let values) = value else { return .one(entry(value)) }
        guard !values.isEmpty else {
            return .one(.malformed(Reply(id: .none, .failure(.request("a batch holds at least one call")))))
        }
        return .batch(values.map(entry))
    }

    private static func entry(_ value: JSONValue) -> Entry {
        guard let members = value.members else {
            return .malformed(Reply(id: .none, .failure(.request("a call is an object"))))
        }
        let id = ID(members["id"])
        guard id != nil || members["id"] == nil else {
            return .malformed(Reply(id: .none, .failure(.request("an id is a string or a whole number"))))
        }
        func refused(_ failure: Failure) -> Entry { .malformed(Reply(id: id ?? .none, .failure(failure))) }
        guard members["jsonrpc"] == "2.0" else { return refused(.request(#"a call has "jsonrpc":"2.0""#)) }
        guard let method = members["method"]?.asString else { return refused(.request("a call names its method")) }
        switch members["params"] {
        case nil: return .request(Request(id: id, method: method))
        case .object?: return .request(Request(id: id, method: method, params: members["params"]?.members ?? [:]))
        default: return refused(.params("parameters are given by name, in an object"))
        }
    }
}

extension RPC {
    /// Reads an answer; nil for anything else.
    package static func reply(_ line: [UInt8]) -> Reply? {
        guard let members = JSONValue(line: line)?.members else { return nil }
        let id = ID(members["id"]) ?? .none
        if let result = members["result"] { return Reply(id: id, .success(result)) }
        guard let error = members["error"]?.members, let code = error["code"]?.asInteger else { return nil }
        let remedy = error["data"]?["remedy"]?.asString
        return Reply(id: id, .failure(Failure(Int(clamping: code), error["message"]?.asString ?? "", remedy: remedy)))
    }
}

extension RPC.ID {
    /// Nil for what can be no id, and for none.
    fileprivate init?(_ json: JSONValue?) {
        switch json {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .number(number)
        case .null: self = .none
        default: return nil
        }
    }
}

// MARK: Writing

extension RPC.ID {
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .number(let number): .integer(number)
        case .none: .null
        }
    }
}

extension RPC.Request {
    package var json: JSONValue {
        var members: [JSONValue.Member] = [.init("jsonrpc", "2.0")]
        if let id { members.append(.init("id", id.json)) }
        members.append(.init("method", .string(method)))
        if !params.isEmpty { members.append(.init("params", .object(params))) }
        return .object(members)
    }
}

extension RPC.Outcome {
    fileprivate var name: String { if case .success = self { "result" } else { "error" } }

    fileprivate var json: JSONValue {
        switch self {
        case .success(let result): return result
        case .failure(let failure):
            var members: [JSONValue.Member] = [
                .init("code", .integer(Int64(failure.code))), .init("message", .string(failure.message)),
            ]
            if let remedy = failure.remedy { members.append(.init("data", ["remedy": .string(remedy)])) }
            return .object(members)
        }
    }
}

extension RPC.Reply {
    package var json: JSONValue {
        ["jsonrpc": "2.0", "id": id.json, outcome.name: outcome.json]
    }
}
