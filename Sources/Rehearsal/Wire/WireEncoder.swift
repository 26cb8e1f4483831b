/// How this service's messages look on the wire; what the real service does is the default.
package struct WireFormat: Equatable, Sendable {
    package enum Frames: String, CaseIterable, Sendable {
        /// JSON in binary frames: what the real service sends.
        case binary
        case text
        /// Alternating, so that a client which takes only one kind fails at once.
        case mixed
    }

    package var frames = Frames.binary
    /// Spread over lines, with a newline at the end, as captured from the real service.
    package var isPretty = false
    /// Adds members that no client knows, at the top and inside `serverContent`.
    package var hasExtraFields = false

    package init() {}
}

/// Turns server messages into payloads, and counts them: `mixed` alternates by the count.
struct WireEncoder {
    struct Payload: Equatable {
        var bytes: [UInt8]
        var isText: Bool
    }

    let format: WireFormat
    private var count = 0

    init(_ format: WireFormat) {
        self.format = format
    }

    mutating func encode(_ message: JSON) -> Payload {
        count += 1
        let isText =
            switch format.frames {
            case .binary: false
            case .text: true
            case .mixed: count.isMultiple(of: 2)
            }
        let dressed = format.hasExtraFields ? Self.withExtraFields(message, number: count) : message
        return Payload(bytes: JSONWriter.write(dressed, pretty: format.isPretty), isText: isText)
    }

    private static func withExtraFields(_ message: JSON, number: Int) -> JSON {
        guard var members = message.members else { return message }
        for index in members.indices where members[index].name == "serverContent" {
            guard let inner = members[index].value.members else { continue }
            let extra = JSON.Member(name: "unheardOf", value: ["nested": [1, "two", .null]])
            members[index].value = .object([extra] + inner)
        }
        let extra = JSON.Member(name: "futureMember", value: ["sequence": .number(Double(number))])
        return .object(members + [extra])
    }
}
