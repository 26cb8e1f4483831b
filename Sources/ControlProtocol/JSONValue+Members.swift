package import FoundationEssentials
package import LiveProtocol

extension JSONValue {
    /// The members of an object by name; the last of a name counts. Nil for what is no object.
    package var members: [String: JSONValue]? {
        asObject.map { Dictionary($0.map { ($0.name, $0.value) }) { _, last in last } }
    }

    /// An object of these members, in the order of their names.
    package static func object(_ members: [String: JSONValue]) -> JSONValue {
        .object(members.sorted { $0.key < $1.key }.map { Member($0.key, $0.value) })
    }

    /// - Returns: nil for what is no JSON.
    package init?(line: some Collection<UInt8>) {
        let bytes = Array(line)
        guard let value = try? JSONValue(parsing: bytes.span) else { return nil }
        self = value
    }

    /// As one line, with its end.
    package var line: Data {
        var bytes = serialized()
        bytes.append(UInt8(ascii: "\n"))
        return Data(bytes)
    }
}
