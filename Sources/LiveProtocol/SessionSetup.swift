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

/// How answers are sampled.
package struct GenerationOptions: Sendable, Equatable {
    /// Above 0 up to 2.
    package var temperature: Double?
    package var topP: Double?
    package var topK: Int?
    package var seed: Int?
    package var maxOutputTokens: Int?
    package var presencePenalty: Double?
    package var frequencyPenalty: Double?
    package var candidateCount: Int?
    /// Tokens per video frame.
    package var mediaResolution: MediaResolution?

    package init() {}
}

package enum MediaResolution: String, Sendable, Hashable, CaseIterable {
    case low = "MEDIA_RESOLUTION_LOW"
    case medium = "MEDIA_RESOLUTION_MEDIUM"
    case high = "MEDIA_RESOLUTION_HIGH"
}

/// A voice copied from a recording, with the consent of the person it belongs to.
package struct ReplicatedVoice: Sendable, Equatable {
    package var mimeType: String
    package var sample: [UInt8]
    package var consent: [UInt8]
    /// From an earlier session's `setupComplete`; spares the check of the consent.
    package var consentSignature: String?

    package init(mimeType: String, sample: [UInt8], consent: [UInt8], consentSignature: String? = nil) {
        self.mimeType = mimeType
        self.sample = sample
        self.consent = consent
        self.consentSignature = consentSignature
    }
}

/// How much the model thinks before it answers.
package struct Thinking: Sendable, Equatable {
    /// Tokens or a level, never both: models take one of them, and a setup with both is refused.
    package enum Depth: Sendable, Equatable {
        /// Tokens; 0 is off, −1 leaves it to the model.
        case budget(Int)
        case level(Level)
    }

    package enum Level: String, Sendable, Hashable, CaseIterable {
        case minimal = "MINIMAL"
        case low = "LOW"
        case medium = "MEDIUM"
        case high = "HIGH"
        case extraHigh = "XHIGH"
    }

    package var depth: Depth?
    /// Asks for summaries, which come as text marked as thought.
    package var includesThoughts: Bool?

    package init(_ depth: Depth? = nil, includesThoughts: Bool? = nil) {
        self.depth = depth
        self.includesThoughts = includesThoughts
    }
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

package struct TranscriptionOptions: Sendable, Equatable {
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        case verbatim = "VERBATIM"
        case smart = "SMART"
    }

    /// BCP-47 codes of what may be spoken.
    package var languages: [String] = []
    package var vocabulary: [String] = []
    package var wordTimestamps: Bool?
    /// Tells speakers apart.
    package var diarization: Bool?
    package var mode: Mode?
    /// Text that is known to be read aloud.
    package var sourceText: String?

    package init() {}
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

/// A talking face; with `modality` video.
package struct Avatar: Sendable, Equatable {
    package struct Custom: Sendable, Equatable {
        package var imageMimeType: String
        package var image: [UInt8]

        package init(imageMimeType: String, image: [UInt8]) {
            self.imageMimeType = imageMimeType
            self.image = image
        }
    }

    package var name: String?
    package var custom: Custom?
    /// Bits a second.
    package var audioBitrate: Int?
    /// Bits a second.
    package var videoBitrate: Int?

    package init(name: String? = nil, custom: Custom? = nil) {
        self.name = name
        self.custom = custom
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
