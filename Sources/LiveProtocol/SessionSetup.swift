/// What a session is to be like; a dialect puts it into its provider's words.
///
/// As made, it is a spoken conversation: audio answers, transcripts of both sides, a context that may grow for ever,
/// and handles to resume by. What is nil is not said, and the service's own default holds. A model's family takes
/// some of this only (`ModelCatalogue`); what it does not take is left out of the message and reported.
package struct SessionSetup: Sendable, Equatable {
    /// As the service names it; a bare `gemini-…` is completed to `models/gemini-…`.
    package var model: String

    /// In what the model answers. Exactly one; for text from a model that speaks, read the transcription.
    package var modality = ResponseModality.audio
    package var generation = GenerationOptions()
    /// Name of a prebuilt voice (`ModelCatalogue.voices`).
    package var voice: String?
    /// A voice made from a sample; replaces `voice`.
    package var replicatedVoice: ReplicatedVoice?
    /// BCP-47. Native audio models choose their language themselves and may ignore it.
    package var language: String?
    package var thinking: Thinking?
    package var affectiveDialog: Bool?
    package var translation: Translation?

    package var systemInstruction: String?
    package var tools = Tools()

    package var realtimeInput = RealtimeInputOptions()
    /// Asks for handles to resume by, and resumes when it has one; nil asks for none.
    package var resumption: Resumption? = Resumption()
    /// Lets the oldest turns go when the context fills up; nil ends the session then (15 min of audio, 2 with video).
    package var compression: ContextCompression? = ContextCompression()
    /// Transcripts of what the user says; nil asks for none.
    package var inputTranscription: TranscriptionOptions? = TranscriptionOptions()
    /// Transcripts of what the model says; nil asks for none.
    package var outputTranscription: TranscriptionOptions? = TranscriptionOptions()
    package var proactivity: Proactivity?
    /// Asks for the service's own `voiceActivity` messages.
    package var signalsVoiceActivity: Bool?
    /// The service waits for a history in turns before it listens; if that never comes, it waits for ever.
    package var awaitsHistory: Bool?
    package var avatar: Avatar?
    package var safety: [SafetySetting] = []
    /// Billing labels.
    package var labels: [String: String] = [:]

    /// Members of the setup message that this type does not know, merged in verbatim, last, and checked by nobody.
    package var extra: JSONValue = [:]

    package init(model: String = ModelCatalogue.defaultModel) { self.model = model }
}

package enum ResponseModality: String, Sendable, Hashable, CaseIterable {
    case audio = "AUDIO"
    case text = "TEXT"
    case video = "VIDEO"
    case image = "IMAGE"
}

package struct Translation: Sendable, Equatable {
    /// BCP-47.
    package var targetLanguage: String
    /// Whether speech that is in the target language already is repeated.
    package var echoesTargetLanguage: Bool?

    package init(to targetLanguage: String, echoesTargetLanguage: Bool? = nil) {
        self.targetLanguage = targetLanguage
        self.echoesTargetLanguage = echoesTargetLanguage
    }
}

package struct Resumption: Sendable, Equatable {
    /// The newest handle whose update said resumable; never one made here (pitfall 4).
    package var handle: String?
    /// Asks for the index of the last message that the service has taken.
    package var isTransparent: Bool?

    package init(handle: String? = nil, isTransparent: Bool? = nil) {
        self.handle = handle
        self.isTransparent = isTransparent
    }
}

package struct ContextCompression: Sendable, Equatable {
    /// Tokens in the context at which the oldest turns go; 80 % of the context when nil.
    package var triggerTokens: Int?
    /// Tokens kept; half the trigger when nil.
    package var targetTokens: Int?

    package init(triggerTokens: Int? = nil, targetTokens: Int? = nil) {
        self.triggerTokens = triggerTokens
        self.targetTokens = targetTokens
    }
}

package struct Proactivity: Sendable, Equatable {
    /// The model may keep silent when it is not meant.
    package var audio: Bool?
    package var video: Bool?

    package init(audio: Bool? = nil, video: Bool? = nil) {
        self.audio = audio
        self.video = video
    }
}

/// Both as on the wire, such as `HARM_CATEGORY_HARASSMENT` and `BLOCK_ONLY_HIGH`.
package struct SafetySetting: Sendable, Equatable {
    package var category: String
    package var threshold: String

    package init(category: String, threshold: String) {
        self.category = category
        self.threshold = threshold
    }
}
