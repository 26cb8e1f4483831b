/// What a live service says, in no provider's words. One message becomes zero or more of these, in the order in
/// which they must be handled: `interrupted` first (pitfall 28), then content, then `generationCompleted`, then
/// `turnCompleted`. Speech itself is not here: it went to the `MediaSink` while the message was decoded.
package enum LiveEvent: Sendable, Equatable {
    /// The setup was taken; sending may begin.
    case setupCompleted(sessionID: String?)

    /// The sink's position rose by so many samples with this message: at the sink's rate, whatever the wire's was.
    case speech(samples: Int)
    case interrupted
    case generationCompleted
    case turnCompleted(reason: TurnCompletion?)
    case transcription(Transcription)
    /// A text part of the model's answer (not a transcript); `isThought` marks a summary of thinking (pitfall 23).
    case text(String, isThought: Bool)
    /// Media that is not speech: an image, a video fragment.
    case blob(mimeType: String, bytes: [UInt8])
    case file(uri: String, mimeType: String?)
    case code(language: String, source: String, id: String?)
    case codeResult(outcome: String, output: String, id: String?)
    case grounding(JSONValue)
    case urlContext(JSONValue)
    case waitingForInput(Bool)
    case interactionStatus(InteractionStatus)
    case speechState(String)

    case toolCalled([ToolCall])
    /// A `functionCall` part: a duplicate of a tool call, shown but never executed (pitfall 24).
    case toolCallMentioned(ToolCall)
    case toolCallsCancelled(ids: [String])

    case usage(Usage)
    /// The service will close the connection; nil when it did not say when.
    case goAway(timeLeft: Duration?)
    case resumption(handle: String?, isResumable: Bool, lastConsumedMessage: Int64?)
    case voiceActivity(VoiceActivity)
    case serviceError(code: Int?, message: String)
    /// A member that this client does not know, with its path; ignored but kept for the log.
    case unknown(path: String, value: JSONValue)
}

package enum Speaker: String, Sendable, Hashable {
    case user
    case model
}

/// A piece of transcript. Pieces of one speaker are joined as they come, but an interim one replaces the last.
package struct Transcription: Sendable, Equatable {
    package var speaker: Speaker
    package var text: String
    /// Replaces the previous interim text instead of adding to the final one.
    package var isInterim = false
    /// Often never set; a turn is finalised without it (pitfall 51).
    package var isFinished = false
    package var language: String?
    package var speakerLabel: String?
    package var start: Duration?
    package var end: Duration?
    package var words: [Word] = []

    package struct Word: Sendable, Equatable {
        package var text: String
        package var start: Duration?
        package var end: Duration?

        package init(text: String, start: Duration? = nil, end: Duration? = nil) {
            self.text = text
            self.start = start
            self.end = end
        }
    }

    package init(speaker: Speaker, text: String) {
        self.speaker = speaker
        self.text = text
    }
}

/// Why a turn ended; an open set.
package struct TurnCompletion: Sendable, Hashable {
    /// As on the wire, such as `RESPONSE_REJECTED`.
    package var name: String

    package init(name: String) { self.name = name }
}

package enum InteractionStatus: Sendable, Hashable {
    case inProgress
    case idle
    case requiresAction
    case unknown(String)
}

package enum VoiceActivity: Sendable, Equatable {
    case started(at: Duration?)
    case ended(at: Duration?)
    case unknown(String)
}

package struct ToolCall: Sendable, Equatable {
    /// Absent on some backends.
    package var id: String?
    package var name: String
    package var arguments: JSONValue
    package var partialArguments: JSONValue?
    package var willContinue: Bool?

    package init(
        id: String?, name: String, arguments: JSONValue, partialArguments: JSONValue? = nil,
        willContinue: Bool? = nil
    ) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.partialArguments = partialArguments
        self.willContinue = willContinue
    }
}

/// Token counts of one response, as the service gave them.
package struct Usage: Sendable, Equatable {
    package var prompt = 0
    package var cached = 0
    package var response = 0
    package var toolUse = 0
    package var thoughts = 0
    package var total = 0
    package var promptByModality: [ModalityCount] = []
    package var cachedByModality: [ModalityCount] = []
    package var responseByModality: [ModalityCount] = []
    package var toolUseByModality: [ModalityCount] = []
    package var trafficType: String?
    package var serviceTier: String?

    package struct ModalityCount: Sendable, Equatable {
        /// `TEXT`, `AUDIO`, `IMAGE`, `VIDEO`, `DOCUMENT`, or what comes next.
        package var modality: String
        package var tokens: Int

        package init(modality: String, tokens: Int) {
            self.modality = modality
            self.tokens = tokens
        }
    }

    package init() {}
}
