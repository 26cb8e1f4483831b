/// One object of a client message, read as proto3 JSON is: `camelCase` and `snake_case` names alike, 64-bit integers as
/// numbers or strings, `null` the same as absent, and a name that does not exist a reason to close the connection.
struct Fields {
    let path: String
    private let values: [String: JSON]

    /// - Parameters:
    ///   - path: where the object stands in its message, for the refusal's text; "" for the message itself.
    ///   - names: every member that may occur, in camelCase.
    init(_ value: JSON, at path: String, names: Set<String>) throws(Refusal) {
        guard let members = value.members else { throw .wrongValue(at: path, expected: "an object is due") }
        var values: [String: JSON] = [:]
        for member in members {
            let name = Self.camelCased(member.name)
            guard names.contains(name) else { throw .unknownName(member.name, at: path) }
            if member.value != .null { values[name] = member.value }
        }
        self.path = path
        self.values = values
    }

    /// The members that are present, in no particular order.
    var present: Set<String> { Set(values.keys) }

    subscript(name: String) -> JSON? { values[name] }

    func string(_ name: String) throws(Refusal) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.string else { throw wrong(name, "TYPE_STRING") }
        return text
    }

    func bool(_ name: String) throws(Refusal) -> Bool? {
        guard let value = values[name] else { return nil }
        guard let flag = value.bool else { throw wrong(name, "TYPE_BOOL") }
        return flag
    }

    func number(_ name: String) throws(Refusal) -> Double? {
        guard let value = values[name] else { return nil }
        guard let number = value.number ?? value.string.flatMap(Double.init) else { throw wrong(name, "TYPE_FLOAT") }
        return number
    }

    /// A whole number, given as such or as a string of digits.
    func integer(_ name: String) throws(Refusal) -> Int? {
        guard let number = try number(name) else { return nil }
        guard let whole = Int(exactly: number) else { throw wrong(name, "TYPE_INT64") }
        return whole
    }

    func array(_ name: String) throws(Refusal) -> [JSON]? {
        guard let value = values[name] else { return nil }
        guard let elements = value.array else { throw wrong(name, "an array is due") }
        return elements
    }

    /// A member that is an object with the given members.
    func object(_ name: String, names: Set<String>) throws(Refusal) -> Fields? {
        guard let value = values[name] else { return nil }
        return try Fields(value, at: place(of: name), names: names)
    }

    /// One of the enum's names, as the client wrote it.
    func choice(_ name: String, of choices: Set<String>) throws(Refusal) -> String? {
        guard let text = try string(name) else { return nil }
        guard choices.contains(text) else { throw wrong(name, "no such enum value: \"\(text)\"") }
        return text
    }

    func place(of name: String) -> String {
        path.isEmpty ? Self.snakeCased(name) : "\(path).\(Self.snakeCased(name))"
    }

    private func wrong(_ name: String, _ expected: String) -> Refusal {
        .wrongValue(at: place(of: name), expected: expected)
    }

    static func camelCased(_ name: String) -> String {
        var result = ""
        var isWordStart = false
        for character in name {
            if character == "_" {
                isWordStart = !result.isEmpty
            } else {
                result += isWordStart ? character.uppercased() : String(character)
                isWordStart = false
            }
        }
        return result
    }

    /// The real service names places in its refusals by the protocol's own, snake-cased names.
    static func snakeCased(_ name: String) -> String {
        name.reduce(into: "") { result, character in
            result += character.isUppercase ? "_\(character.lowercased())" : String(character)
        }
    }
}
