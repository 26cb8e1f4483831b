/// The first message of a connection, checked for form: names, types, enum values. `check` holds it to its model.
struct SetupRequest: Equatable, Sendable {
    enum Modality: String, Sendable {
        case audio = "AUDIO"
        case text = "TEXT"
        case video = "VIDEO"
        case image = "IMAGE"
    }

    struct Detection: Equatable, Sendable {
        var isDisabled = false
        var startsEagerly = true
        var endsEagerly = true
        var prefixPaddingMilliseconds: Int?
        var silenceMilliseconds: Int?
    }

    struct Function: Equatable, Sendable {
        let name: String
        /// nil when the declaration leaves it to the model.
        let isBlocking: Bool?
        /// The parameters' schema as declared, either flavour; nil when the function takes none.
        let parameters: JSON?
    }

    private(set) var model = ""
    private(set) var modality = Modality.audio
    private(set) var voice: String?
    private(set) var systemInstruction: String?
    private(set) var functions: [Function] = []
    private(set) var detection = Detection()
    /// User speech during an answer waits instead of interrupting it.
    private(set) var neverInterrupts = false
    private(set) var asksForHandles = false
    private(set) var handle: String?
    private(set) var transcribesInput = false
    private(set) var transcribesOutput = false
    private(set) var compressesContext = false
    private(set) var waitsForHistory = false
    private(set) var signalsActivity = false

    private var thinkingLevel = false
    private var thinkingBudget = false
    private var proactiveAudio: Bool?
    private var affectiveDialog: Bool?
    private var builtInTools: Set<String> = []

    init(_ body: JSON) throws(Refusal) {
        let setup = try Fields(body, at: "setup", names: Self.names)
        guard let model = try setup.string("model"), !model.isEmpty else {
            throw .invalid("setup.model is required.")
        }
        self.model = model
        if let config = try setup.object("generationConfig", names: Self.configNames) { try read(config) }
        if let instruction = setup["systemInstruction"] {
            systemInstruction = try WireDecoder.turn(instruction, at: "setup.system_instruction").text
        }
        for (index, tool) in (try setup.array("tools") ?? []).enumerated() {
            try read(tool: try Fields(tool, at: "setup.tools[\(index)]", names: Self.toolNames))
        }
        if let input = try setup.object(
            "realtimeInputConfig",
            names: [
                "automaticActivityDetection", "activityHandling", "turnCoverage", "interimTranscriptTimestampEnabled",
            ])
        {
            try read(input: input)
        }
        if let resumption = try setup.object("sessionResumption", names: ["handle", "transparent"]) {
            asksForHandles = true
            handle = try resumption.string("handle")
            _ = try resumption.bool("transparent")
        }
        if let compression = try setup.object(
            "contextWindowCompression", names: ["triggerTokens", "slidingWindow"])
        {
            compressesContext = true
            _ = try compression.integer("triggerTokens")
            _ = try compression.object("slidingWindow", names: ["targetTokens"])?.integer("targetTokens")
        }
        transcribesInput = try setup.object("inputAudioTranscription", names: Self.transcriptionNames) != nil
        transcribesOutput = try setup.object("outputAudioTranscription", names: Self.transcriptionNames) != nil
        if let proactivity = try setup.object("proactivity", names: ["proactiveAudio", "proactiveVideo"]) {
            proactiveAudio = try proactivity.bool("proactiveAudio") ?? true
        }
        waitsForHistory =
            try setup.object("historyConfig", names: ["initialHistoryInClientContent"])?
            .bool("initialHistoryInClientContent") ?? false
        signalsActivity = try setup.bool("explicitVadSignal") ?? false
    }

    // MARK: The model's own rules

    /// Holds the setup to what its model accepts.
    /// - Parameter version: the API version in the connection's path, such as "v1beta".
    /// - Returns: nil when the real service would never answer this setup, neither yes nor no.
    /// - Throws: what the connection is to be closed with.
    func check(version: String) throws(Refusal) -> ModelRules? {
        guard let rules = ModelRules.rules(for: model) else { throw .unknownModel(model, version: version) }
        guard modality == rules.output else {
            throw .invalid(
                "The requested combination of response modalities (\(modality.rawValue)) is not supported by the model. "
                    + model)
        }
        switch rules.thinking {
        case .refused where thinkingLevel || thinkingBudget: throw .invalid("Thinking is not supported by the model.")
        case .level where thinkingBudget: throw .invalid("thinking_budget is not supported by the model.")
        case .budget where thinkingLevel: throw .invalid("thinking_level is not supported by the model.")
        default: break
        }
        if thinkingLevel && thinkingBudget { throw .invalidArgument }
        try checkTools(rules)
        guard proactiveAudio != nil || affectiveDialog != nil else { return rules }
        switch rules.proactivity {
        case .hangs: return nil
        case .refused: throw .invalidArgument
        case .permanent:
            guard proactiveAudio != false, affectiveDialog == nil else { throw .invalidArgument }
        case .onAlpha:
            guard version == "v1alpha" || version == "v1beta1" else {
                throw .unknownName(proactiveAudio == nil ? "enableAffectiveDialog" : "proactivity", at: "setup")
            }
        }
        return rules
    }

    private func checkTools(_ rules: ModelRules) throws(Refusal) {
        guard builtInTools.isEmpty else {
            throw .invalid("Tool \(builtInTools.sorted().joined(separator: ", ")) is not supported by the model.")
        }
        if rules.tools == .none && !functions.isEmpty { throw .invalid("Tools are not supported by the model.") }
        if rules.tools == .nonBlocking(canBlock: false) && functions.contains(where: { $0.isBlocking == true }) {
            throw .invalid("Blocking function calls are not supported by the model.")
        }
    }

    // MARK: Members

    private mutating func read(_ config: Fields) throws(Refusal) {
        let refused = config.present.intersection(Self.refusedConfigNames)
        if let name = refused.sorted().first {
            throw .invalid("\(config.place(of: name)) is not supported for bidiGenerateContent.")
        }
        for name in ["temperature", "topP", "topK", "presencePenalty", "frequencyPenalty"] {
            _ = try config.number(name)
        }
        for name in ["seed", "maxOutputTokens", "candidateCount"] { _ = try config.integer(name) }
        if let modalities = try config.array("responseModalities"), !modalities.isEmpty {
            guard modalities.count == 1 else {
                throw .invalid("At most one response modality can be specified in the setup request.")
            }
            guard let modality = Modality(rawValue: modalities[0].string ?? "") else {
                throw .wrongValue(at: config.place(of: "responseModalities"), expected: "no such enum value")
            }
            self.modality = modality
        }
        if let speech = try config.object(
            "speechConfig", names: ["voiceConfig", "languageCode", "multiSpeakerVoiceConfig"])
        {
            _ = try speech.string("languageCode")
            guard speech["multiSpeakerVoiceConfig"] == nil else { throw .invalidArgument }
            let voice = try speech.object(
                "voiceConfig", names: ["prebuiltVoiceConfig", "replicatedVoiceConfig", "voice"])
            let named = try voice?.string("voice")
            self.voice = try voice?.object("prebuiltVoiceConfig", names: ["voiceName"])?.string("voiceName") ?? named
        }
        if let thinking = try config.object(
            "thinkingConfig", names: ["includeThoughts", "thinkingBudget", "thinkingLevel"])
        {
            // Any mention counts: a model that refuses thinking refuses `includeThoughts` too.
            thinkingBudget = try thinking.integer("thinkingBudget") != nil || thinking["thinkingLevel"] == nil
            thinkingLevel = try thinking.string("thinkingLevel") != nil
        }
        affectiveDialog = try config.bool("enableAffectiveDialog")
    }

    private mutating func read(tool: Fields) throws(Refusal) {
        builtInTools.formUnion(tool.present.subtracting(["functionDeclarations", "googleSearch"]))
        for (index, value) in (try tool.array("functionDeclarations") ?? []).enumerated() {
            let path = "\(tool.place(of: "functionDeclarations"))[\(index)]"
            let declaration = try Fields(
                value, at: path,
                names: [
                    "name", "description", "behavior", "parameters", "parametersJsonSchema", "response",
                    "responseJsonSchema",
                ])
            guard let name = try declaration.string("name"), Self.isFunctionName(name) else {
                throw .invalid("Invalid function name at '\(path).name'.")
            }
            let behavior = try declaration.choice("behavior", of: ["BLOCKING", "NON_BLOCKING", "UNSPECIFIED"])
            let isBlocking: Bool? =
                switch behavior {
                case "BLOCKING": true
                case "NON_BLOCKING": false
                default: nil
                }
            let parameters = declaration["parameters"] ?? declaration["parametersJsonSchema"]
            functions.append(Function(name: name, isBlocking: isBlocking, parameters: parameters))
        }
        guard functions.count <= 512 else { throw .invalid("At most 512 function declarations can be given.") }
    }

    private mutating func read(input: Fields) throws(Refusal) {
        if let automatic = try input.object(
            "automaticActivityDetection",
            names: [
                "disabled", "startOfSpeechSensitivity", "endOfSpeechSensitivity", "prefixPaddingMs",
                "silenceDurationMs",
            ])
        {
            detection.isDisabled = try automatic.bool("disabled") ?? false
            let start = try automatic.choice(
                "startOfSpeechSensitivity",
                of: ["START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW", "START_SENSITIVITY_UNSPECIFIED"])
            let end = try automatic.choice(
                "endOfSpeechSensitivity",
                of: ["END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW", "END_SENSITIVITY_UNSPECIFIED"])
            detection.startsEagerly = start != "START_SENSITIVITY_LOW"
            detection.endsEagerly = end != "END_SENSITIVITY_LOW"
            detection.prefixPaddingMilliseconds = try automatic.integer("prefixPaddingMs")
            detection.silenceMilliseconds = try automatic.integer("silenceDurationMs")
            for milliseconds in [detection.prefixPaddingMilliseconds, detection.silenceMilliseconds] {
                guard (0...60_000).contains(milliseconds ?? 0) else { throw .invalidArgument }
            }
        }
        let handling = try input.choice(
            "activityHandling",
            of: ["START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION", "ACTIVITY_HANDLING_UNSPECIFIED"])
        neverInterrupts = handling == "NO_INTERRUPTION"
        _ = try input.choice(
            "turnCoverage",
            of: [
                "TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT", "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
                "TURN_COVERAGE_UNSPECIFIED",
            ])
    }

    /// Up to 128 characters of letters, digits and `_.:-`, as the tool documentation has it.
    private static func isFunctionName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_.:-".unicodeScalars.contains(scalar))
            }
    }

    private static let names: Set<String> = [
        "model", "generationConfig", "systemInstruction", "tools", "realtimeInputConfig", "sessionResumption",
        "contextWindowCompression", "inputAudioTranscription", "outputAudioTranscription", "proactivity",
        "explicitVadSignal", "historyConfig", "avatarConfig", "safetySettings", "labels",
    ]

    private static let refusedConfigNames: Set<String> = [
        "responseMimeType", "responseSchema", "responseJsonSchema", "responseLogprobs", "logprobs", "stopSequences",
        "routingConfig", "audioTimestamp",
    ]

    private static let configNames: Set<String> = refusedConfigNames.union([
        "responseModalities", "temperature", "topP", "topK", "seed", "maxOutputTokens", "presencePenalty",
        "frequencyPenalty", "candidateCount", "mediaResolution", "speechConfig", "thinkingConfig",
        "enableAffectiveDialog", "translationConfig",
    ])

    private static let toolNames: Set<String> = [
        "functionDeclarations", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "googleMaps",
        "fileSearch", "computerUse", "enterpriseWebSearch", "mcpServers", "retrieval",
    ]

    private static let transcriptionNames: Set<String> = [
        "languageCodes", "customVocabulary", "wordTimestamp", "diarization", "mode", "sourceText",
        "adaptationPhrases", "languageAuto", "languageHints",
    ]
}
