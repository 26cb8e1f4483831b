import Assistant
import AudioDevices
import ControlProtocol
import Events
import LiveProtocol
import LiveSession

/// The methods of the control socket but `subscribe`, which is the connection's own affair.
struct ControlMethods: Sendable {
    /// Bytes of a message that is to be said.
    static let longestText = 64 << 10

    let assistant: any Controlled
    let board: StatusBoard

    func perform(_ request: RPC.Request) async -> RPC.Outcome {
        do throws(RPC.Failure) {
            return .success(try await result(of: request))
        } catch {
            return .failure(error)
        }
    }

    private func result(of request: RPC.Request) async throws(RPC.Failure) -> JSONValue {
        var params = Parameters(request)
        switch request.method {
        case "status":
            try params.end()
            return board.status
        case "reload":
            try params.end()
            return try await assistant.reload()
        case "connect":
            try params.end()
            try await assistant.connect()
        case "hangup":
            try params.end()
            try await assistant.hangUp()
        case "shutdown":
            try params.end()
            await assistant.shutdown()
        default:
            let command = try command(request.method, &params)
            try params.end()
            try await assistant.perform(command)
        }
        return [:]
    }

    private func command(_ method: String, _ params: inout Parameters) throws(RPC.Failure) -> ConversationCommand {
        switch method {
        case "say": return .say(try text(&params))
        case "interrupt": return .interrupt
        case "mute": return .mute
        case "unmute": return .unmute
        case "press": return .press
        case "release": return .release
        case "renew": return .renew
        case "mode": return .mode(try params.choice("name", of: TurnMode.self))
        case "volume": return .volume(try params.fraction("level"))
        case "device":
            let direction = try params.choice("direction", of: Direction.self)
            let name = try params.text("name")
            do throws(DeviceError) {
                _ = try DeviceSpec(parsing: name, for: direction == .input ? .input : .output)
            } catch {
                throw .params(error.message)
            }
            return .device(direction, name: name)
        default: throw .method(method)
        }
    }

    private func text(_ params: inout Parameters) throws(RPC.Failure) -> String {
        let text = try params.text("text")
        guard text.contains(where: { !$0.isWhitespace }) else { throw .params("text is empty") }
        guard text.utf8.count <= Self.longestText else {
            throw .params("text has \(text.utf8.count) bytes; \(Self.longestText) are taken")
        }
        return text
    }
}

/// Takes a call's parameters one by one; what is left over is a mistake.
struct Parameters {
    private let method: String
    private var left: [String: JSONValue]

    init(_ request: RPC.Request) {
        method = request.method
        left = request.params
    }

    mutating func text(_ name: String) throws(RPC.Failure) -> String {
        guard let value = left.removeValue(forKey: name) else { throw .params("\(method) wants \(name)") }
        guard let text = value.asString else { throw .params("\(name) is a string") }
        return text
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(RPC.Failure) -> Choice where Choice.RawValue == String {
        let text = try text(name)
        guard let choice = Choice(rawValue: text) else {
            throw .params("\(name) is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")), not \(text)")
        }
        return choice
    }

    /// 0 … 1.
    mutating func fraction(_ name: String) throws(RPC.Failure) -> Double {
        let number: Double
        switch left.removeValue(forKey: name) {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        case nil: throw .params("\(method) wants \(name)")
        default: throw .params("\(name) is a number")
        }
        guard (0...1).contains(number) else { throw .params("\(name) lies between 0 and 1") }
        return number
    }

    mutating func texts(_ name: String) throws(RPC.Failure) -> [String]? {
        guard let value = left.removeValue(forKey: name) else { return nil }
        guard case .array(let values) = value, values.allSatisfy({ $0.asString != nil }) else {
            throw .params("\(name) is a list of strings")
        }
        return values.compactMap(\.asString)
    }

    func end() throws(RPC.Failure) {
        guard let name = left.keys.min() else { return }
        throw .params("\(method) takes no \(name)")
    }
}
