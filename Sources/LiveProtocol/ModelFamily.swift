/// What the models of one family take, and how they behave: a row of `ModelCatalogue`.
package struct ModelFamily: Sendable, Equatable {
    /// For people.
    package var name: String
    /// A model belongs to the family with the longest of these that its bare name starts with.
    package var prefixes: [String]
    package var stage: Stage
    /// What the models answer in. The first is used in place of one that is not here.
    package var modalities: [ResponseModality]
    package var thinking: ThinkingUse
    package var functions: FunctionUse
    /// How much of `clientContent` is safe.
    package var content: ContentUse
    package var history: HistorySeeding
    /// Typed text in the realtime stream.
    package var takesText = true
    /// Pictures in the realtime stream.
    package var takesImages = true
    /// New instructions or tools in mid-session.
    package var takesContextUpdates = false
    /// `translationConfig`, which is refused elsewhere.
    package var translates = false
    /// Says by `interactionStatus` when it thinks on after a turn, and when the floor is free.
    package var reportsInteraction = false
    /// Listens for the languages and words that it is told of.
    package var takesTranscriptionHints = false
    /// Setup members left out, beside those of `ModelCatalogue.refusedEverywhere`.
    package var refusals: [Refusal] = []
    package var limits = Limits()

    package enum Stage: Sendable, Equatable {
        case generallyAvailable
        case preview
        /// Shut down; the sentence says when.
        case retired(String)
        /// Not a model that this catalogue knows.
        case unknown
    }

    /// Which of the two ways to set thinking a family knows.
    package enum ThinkingUse: Sendable, Equatable {
        /// None, and why.
        case none(String)
        case budget
        case levels([Thinking.Level])
    }

    package struct FunctionUse: Sendable, Equatable {
        /// What a declaration may ask for; the first is the family's default. None: no functions at all.
        package var behaviors: [FunctionDeclaration.Behavior]
        /// Whether a result may say when it is to be spoken about.
        package var takesScheduling: Bool

        static let none = FunctionUse(behaviors: [], takesScheduling: false)
    }

    package enum ContentUse: Sendable, Equatable {
        /// At any time.
        case always
        /// Before the first answer only; later it closes the session with 1007.
        case initially
        case never
    }

    /// How a conversation held elsewhere is put into a fresh session.
    package enum HistorySeeding: Sendable, Equatable {
        /// As turns right after `setupComplete`; some models use them only when a user's turn is the last.
        case turns(endingWithUser: Bool)
        /// As turns that the service waits for: `SessionSetup.awaitsHistory`, then turns that are complete.
        case awaitedTurns
        /// As part of the system instruction: it takes no turns of the model, or it is not known whether it does.
        case instruction
        /// It keeps no conversation.
        case none
    }

    package struct Limits: Sendable, Equatable {
        /// One connection, whatever the session's state (gemini-live §8).
        package var connection = Duration.seconds(600)
        /// A session of audio without context compression.
        package var audioSession = Duration.seconds(15 * 60)
        /// A session with pictures without context compression.
        package var videoSession = Duration.seconds(2 * 60)
        package var contextTokens = 131_072
        package var outputTokens = 65_536
    }
}

/// Which service a connection goes to.
package enum Backend: Sendable, Hashable {
    /// The Gemini Developer API, with an API key.
    case developer
    /// Vertex AI, with an OAuth token.
    case vertex
}

/// A setup member that a family must not be sent: it would close the session or keep it from starting.
package struct Refusal: Sendable, Equatable {
    /// Where the member is taken after all.
    package enum Exception: Sendable, Equatable {
        case on(Backend)
        case version(String)
    }

    package var member: SetupMember
    /// Completes “… is left out for MODEL: ”.
    package var reason: String
    package var exception: Exception?
    /// Asked for with this value, the member says what holds anyway, and its loss needs no warning.
    package var implied: JSONValue?

    init(_ member: SetupMember, _ reason: String, except exception: Exception? = nil, implied: JSONValue? = nil) {
        self.member = member
        self.reason = reason
        self.exception = exception
        self.implied = implied
    }

    func applies(backend: Backend, apiVersion: String) -> Bool {
        switch exception {
        case nil: true
        case .on(let exempt): backend != exempt
        case .version(let exempt): apiVersion != exempt
        }
    }
}

/// The members of a setup message that some model refuses, by their path.
package enum SetupMember: String, Sendable, CaseIterable {
    case candidateCount = "generationConfig.candidateCount"
    case speech = "generationConfig.speechConfig"
    case replicatedVoice = "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig"
    case consentAudio = "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.consentAudio"
    case consentSignature = "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.voiceConsentSignature"
    case affectiveDialog = "generationConfig.enableAffectiveDialog"
    case mediaResolution = "generationConfig.mediaResolution"
    case systemInstruction = "systemInstruction"
    case tools = "tools"
    case interimTimestamps = "realtimeInputConfig.interimTranscriptTimestampEnabled"
    case turnCoverage = "realtimeInputConfig.turnCoverage"
    case resumption = "sessionResumption"
    case transparentResumption = "sessionResumption.transparent"
    case transcriptionLanguages = "inputAudioTranscription.languageCodes"
    case transcriptionVocabulary = "inputAudioTranscription.customVocabulary"
    case outputTranscription = "outputAudioTranscription"
    case compression = "contextWindowCompression"
    case proactivity = "proactivity"
    case explicitVoiceActivity = "explicitVadSignal"
    case history = "historyConfig"
    case avatar = "avatarConfig"
    case labels = "labels"

    var path: [String] { rawValue.split(separator: ".").map(String.init) }
}
