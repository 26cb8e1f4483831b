/// The messages of the service, as JSON. Names are spelled out here and nowhere else.
enum ServerMessage {
    static let setupComplete: JSON = ["setupComplete": [:]]
    static let interrupted: JSON = content(("interrupted", true))
    static let generationComplete: JSON = content(("generationComplete", true))

    static func content(_ members: (String, JSON)...) -> JSON {
        ["serverContent": .object(members.map { JSON.Member(name: $0.0, value: $0.1) })]
    }

    /// - Parameters:
    ///   - samples: 24 kHz mono.
    ///   - transcript: rides in the same message, as 3.x models do it.
    static func speech(_ samples: some Sequence<Int16>, transcript: String?) -> JSON {
        var bytes: [UInt8] = []
        for sample in samples {
            bytes.append(UInt8(truncatingIfNeeded: sample))
            bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
        }
        let part: JSON = [
            "inlineData": ["mimeType": "audio/pcm;rate=24000", "data": .string(Base64.encode(bytes))]
        ]
        let turn: JSON = ["role": "model", "parts": [part]]
        guard let transcript else { return content(("modelTurn", turn)) }
        return content(("modelTurn", turn), ("outputTranscription", ["text": .string(transcript)]))
    }

    static func text(_ text: String) -> JSON {
        content(("modelTurn", ["role": "model", "parts": [["text": .string(text)]]]))
    }

    static func inputTranscription(_ text: String) -> JSON {
        content(("inputTranscription", ["text": .string(text)]))
    }

    static func outputTranscription(_ text: String) -> JSON {
        content(("outputTranscription", ["text": .string(text)]))
    }

    static func turnComplete(usage: JSON, interactionStatus: String?) -> JSON {
        var inner: [JSON.Member] = [.init(name: "turnComplete", value: true)]
        if let interactionStatus { inner.append(.init(name: "interactionStatus", value: .string(interactionStatus))) }
        return ["serverContent": .object(inner), "usageMetadata": usage]
    }

    static func toolCall(_ calls: [FunctionCall]) -> JSON {
        let listed = calls.map { call -> JSON in
            ["id": .string(call.id), "name": .string(call.name), "args": call.arguments]
        }
        return ["toolCall": ["functionCalls": .array(listed)]]
    }

    static func toolCallCancellation(_ ids: [String]) -> JSON {
        ["toolCallCancellation": ["ids": .array(ids.map { .string($0) })]]
    }

    /// - Parameter handle: nil while the session cannot be resumed.
    static func resumption(handle: String?) -> JSON {
        guard let handle else { return ["sessionResumptionUpdate": ["newHandle": "", "resumable": false]] }
        return ["sessionResumptionUpdate": ["newHandle": .string(handle), "resumable": true]]
    }

    static func goAway(timeLeft: Duration) -> JSON {
        ["goAway": ["timeLeft": .string(seconds(timeLeft))]]
    }

    static func voiceActivity(isStart: Bool, offset: Duration) -> JSON {
        [
            "voiceActivity": [
                "type": isStart ? "ACTIVITY_START" : "ACTIVITY_END", "audioOffset": .string(seconds(offset)),
            ]
        ]
    }

    /// A protobuf duration: seconds with up to three decimals, such as "0.360s".
    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        guard milliseconds % 1_000 != 0 else { return "\(milliseconds / 1_000)s" }
        let decimals = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: 3 - decimals.count))\(decimals)s"
    }
}

/// A call that the model makes, waiting for the client's answer.
struct FunctionCall: Equatable, Sendable {
    let id: String
    let name: String
    let arguments: JSON
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
