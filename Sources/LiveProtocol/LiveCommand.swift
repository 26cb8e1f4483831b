/// What a client says to a live service once it is set up, in no provider's words. Voice packets are not here:
/// they go from the `MediaSource` straight into the frame to be sent.
package enum LiveCommand: Sendable, Equatable {
    /// A typed message in the realtime stream (works on every model; gemini-live §3.3).
    case text(String)
    case image(mimeType: String, bytes: [UInt8])
    case activityStart
    case activityEnd
    /// The microphone was closed; flushes what the service's voice detection still holds.
    case audioStreamEnd
    case turns([ConversationTurn], isComplete: Bool)
    /// Stop speaking, without saying anything (gemini-live §3.3, pitfall 52).
    case stopGenerating
    case toolResults([ToolResult])
    case contextUpdate(systemInstruction: String?, tools: JSONValue?)
}

/// One turn of conversation given as content.
package struct ConversationTurn: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text(String)
        case blob(mimeType: String, bytes: [UInt8])
        case file(uri: String, mimeType: String)
    }

    package var speaker: Speaker
    package var parts: [Part]

    package init(speaker: Speaker, parts: [Part]) {
        self.speaker = speaker
        self.parts = parts
    }
}

/// The answer to a tool call. Never sent for a cancelled call (pitfall 26).
package struct ToolResult: Sendable, Equatable {
    package enum Scheduling: String, Sendable, Hashable {
        case silent = "SILENT"
        case whenIdle = "WHEN_IDLE"
        case interrupt = "INTERRUPT"
    }

    package var id: String?
    package var name: String
    /// An object; anything else is wrapped as `{"output": …}` on encoding.
    package var response: JSONValue
    package var scheduling: Scheduling?
    /// More results for the same call follow.
    package var willContinue: Bool?
    package var parts: [ConversationTurn.Part] = []

    package init(
        id: String?, name: String, response: JSONValue, scheduling: Scheduling? = nil, willContinue: Bool? = nil
    ) {
        self.id = id
        self.name = name
        self.response = response
        self.scheduling = scheduling
        self.willContinue = willContinue
    }
}
