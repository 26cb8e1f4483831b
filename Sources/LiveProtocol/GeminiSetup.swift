/// Puts a `SessionSetup` into the service's words: first everything that was asked for, then without what the
/// model's family does not take.
struct GeminiSetup {
    let setup: SessionSetup
    let backend: Backend
    let apiVersion: String
    let family: ModelFamily
    private var warnings: [String] = []

    init(_ setup: SessionSetup, backend: Backend, apiVersion: String) {
        self.setup = setup
        self.backend = backend
        self.apiVersion = apiVersion
        family = ModelCatalogue.family(of: setup.model)
    }

    consuming func encoded() -> EncodedSetup {
        if case .retired(let when) = family.stage { warnings.append("\(model) will be refused: \(when).") }
        if family.stage == .unknown {
            warnings.append(
                "\(model) is not a model known here; it is sent only what every model takes. Known models: "
                    + "\(ModelCatalogue.families.flatMap(\.prefixes).joined(separator: ", ")).")
        }
        var members = everything()
        for refusal in ModelCatalogue.refusedEverywhere + family.refusals
        where refusal.applies(backend: backend, apiVersion: apiVersion) {
            guard let removed = members.removeValue(at: refusal.member.path[...]), removed != refusal.implied
            else { continue }
            leaveOut(refusal.member.rawValue, refusal.reason)
        }
        let message: JSONValue = ["setup": members.merging(setup.extra)]
        return EncodedSetup(message: message.serialized(), warnings: warnings)
    }

    private var model: String { ModelCatalogue.bareName(of: setup.model) }

    private mutating func leaveOut(_ member: String, _ reason: String) {
        warnings.append("\(member) is left out for \(model): \(reason).")
    }
}

// MARK: - What was asked for

extension GeminiSetup {
    private mutating func everything() -> JSONValue {
        .object(ofPresent: [
            "model": .string(ModelCatalogue.qualifiedName(of: setup.model)),
            "generationConfig": generationConfig(),
            "systemInstruction": setup.systemInstruction.map { ["parts": [["text": .string($0)]]] },
            "tools": tools(),
            "realtimeInputConfig": realtimeInputConfig(),
            "sessionResumption": setup.resumption.map { resumption in
                .object(ofPresent: [
                    "handle": resumption.handle.map(JSONValue.string),
                    "transparent": resumption.isTransparent.map(JSONValue.bool),
                ])
            },
            "contextWindowCompression": setup.compression.map { compression in
                .object(ofPresent: [
                    "triggerTokens": compression.triggerTokens.map(JSONValue.init),
                    "slidingWindow": .object(ofPresent: [
                        "targetTokens": compression.targetTokens.map(JSONValue.init)
                    ]),
                ])
            },
            "inputAudioTranscription": setup.inputTranscription.map(transcriptionConfig),
            "outputAudioTranscription": setup.outputTranscription.map(transcriptionConfig),
            "proactivity": setup.proactivity.flatMap { proactivity in
                .object(ofPresent: [
                    "proactiveAudio": proactivity.audio.map(JSONValue.bool),
                    "proactiveVideo": proactivity.video.map(JSONValue.bool),
                ]).unlessEmpty
            },
            "explicitVadSignal": setup.signalsVoiceActivity.map(JSONValue.bool),
            "historyConfig": setup.awaitsHistory.map { ["initialHistoryInClientContent": .bool($0)] },
            "avatarConfig": setup.avatar.flatMap(avatarConfig),
            "safetySettings": JSONValue.array(
                setup.safety.map { ["category": .string($0.category), "threshold": .string($0.threshold)] }
            ).unlessEmpty,
            "labels": JSONValue.object(
                setup.labels.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
            ).unlessEmpty,
        ])
    }

    private mutating func generationConfig() -> JSONValue {
        let generation = setup.generation
        return .object(ofPresent: [
            "responseModalities": [.string(modality().rawValue)],
            "temperature": generation.temperature.map(JSONValue.number),
            "topP": generation.topP.map(JSONValue.number),
            "topK": generation.topK.map(JSONValue.init),
            "seed": generation.seed.map(JSONValue.init),
            "maxOutputTokens": generation.maxOutputTokens.map(JSONValue.init),
            "presencePenalty": generation.presencePenalty.map(JSONValue.number),
            "frequencyPenalty": generation.frequencyPenalty.map(JSONValue.number),
            "candidateCount": generation.candidateCount.map(JSONValue.init),
            "mediaResolution": generation.mediaResolution.map { .string($0.rawValue) },
            "speechConfig": speechConfig(),
            "thinkingConfig": thinkingConfig(),
            "enableAffectiveDialog": setup.affectiveDialog.map(JSONValue.bool),
            "translationConfig": translationConfig(),
        ])
    }

    private mutating func modality() -> ResponseModality {
        let isTaken =
            family.modalities.contains(setup.modality) && (setup.modality != .video || backend == .vertex)
        guard !isTaken, let instead = family.modalities.first else { return setup.modality }
        // What is asked for by default is no wish, so a model that writes needs no warning that it does not speak.
        if setup.modality != .audio {
            warnings.append(
                "generationConfig.responseModalities is \(instead.rawValue) instead of \(setup.modality.rawValue) for "
                    + "\(model), which answers in nothing else here; read its words from the output transcription.")
        }
        return instead
    }

    private mutating func speechConfig() -> JSONValue? {
        var voiceConfig: JSONValue?
        if let replicated = setup.replicatedVoice {
            voiceConfig = [
                "replicatedVoiceConfig": .object(ofPresent: [
                    "mimeType": .string(replicated.mimeType),
                    "voiceSampleAudio": .base64(replicated.sample),
                    "consentAudio": .base64(replicated.consent),
                    "voiceConsentSignature": replicated.consentSignature.map {
                        ["signature": .string($0)]
                    },
                ])
            ]
        } else if let voice = setup.voice {
            voiceConfig = ["prebuiltVoiceConfig": ["voiceName": .string(knownVoice(voice))]]
        }
        return JSONValue.object(ofPresent: [
            "voiceConfig": voiceConfig, "languageCode": setup.language.map(JSONValue.string),
        ]).unlessEmpty
    }

    private mutating func knownVoice(_ voice: String) -> String {
        if let known = ModelCatalogue.voices.first(where: { $0.lowercased() == voice.lowercased() }) { return known }
        warnings.append(
            "voice “\(voice)” is not one of the \(ModelCatalogue.voices.count) known ones and is sent as it is; a "
                + "session that is refused with 1007 may be refused for that.")
        return voice
    }

    private mutating func thinkingConfig() -> JSONValue? {
        guard let thinking = setup.thinking else { return nil }
        let member = "generationConfig.thinkingConfig"
        var depth: (name: String, value: JSONValue)?
        switch (family.thinking, thinking.depth) {
        case (.none(let reason), _):
            leaveOut(member, reason)
            return nil
        case (_, nil): break
        case (.budget, .budget(let tokens)): depth = ("thinkingBudget", JSONValue(tokens))
        case (.budget, .level): leaveOut("\(member).thinkingLevel", "it takes a thinkingBudget instead")
        case (.levels, .budget): leaveOut("\(member).thinkingBudget", "it takes a thinkingLevel instead")
        case (.levels(let levels), .level(let level)) where levels.contains(level):
            depth = ("thinkingLevel", .string(level.rawValue))
        case (.levels(let levels), .level(let level)):
            leaveOut(
                "\(member).thinkingLevel",
                "it knows \(levels.map(\.rawValue).joined(separator: ", ")), not \(level.rawValue)")
        }
        var config = JSONValue.object(ofPresent: ["includeThoughts": thinking.includesThoughts.map(JSONValue.bool)])
        if let depth { config = config.merging(.object([JSONValue.Member(depth.name, depth.value)])) }
        return config.unlessEmpty
    }

    private mutating func translationConfig() -> JSONValue? {
        guard let translation = setup.translation else { return nil }
        guard family.translates else {
            leaveOut("generationConfig.translationConfig", "only the live-translate models have it")
            return nil
        }
        return .object(ofPresent: [
            "targetLanguageCode": .string(translation.targetLanguage),
            "echoTargetLanguage": translation.echoesTargetLanguage.map(JSONValue.bool),
        ])
    }

    private func realtimeInputConfig() -> JSONValue? {
        let input = setup.realtimeInput
        return JSONValue.object(ofPresent: [
            "automaticActivityDetection": JSONValue.object(ofPresent: [
                "disabled": input.isDetectionDisabled.map(JSONValue.bool),
                "startOfSpeechSensitivity": input.startSensitivity.map { .string("START_SENSITIVITY_" + $0.rawValue) },
                "endOfSpeechSensitivity": input.endSensitivity.map { .string("END_SENSITIVITY_" + $0.rawValue) },
                "prefixPaddingMs": input.prefixPadding.map { .integer($0.wholeMilliseconds) },
                "silenceDurationMs": input.silence.map { .integer($0.wholeMilliseconds) },
            ]).unlessEmpty,
            "activityHandling": input.activityHandling.map { .string($0.rawValue) },
            "turnCoverage": input.turnCoverage.map { .string($0.rawValue) },
            "interimTranscriptTimestampEnabled": input.timestampsInterimTranscripts.map(JSONValue.bool),
        ]).unlessEmpty
    }

    private func transcriptionConfig(_ options: TranscriptionOptions) -> JSONValue {
        .object(ofPresent: [
            "languageCodes": JSONValue.array(options.languages.map(JSONValue.string)).unlessEmpty,
            "customVocabulary": JSONValue.array(options.vocabulary.map(JSONValue.string)).unlessEmpty,
            "wordTimestamp": options.wordTimestamps.map(JSONValue.bool),
            "diarization": options.diarization.map(JSONValue.bool),
            "mode": options.mode.map { .string($0.rawValue) },
            "sourceText": options.sourceText.map(JSONValue.string),
        ])
    }

    private func avatarConfig(_ avatar: Avatar) -> JSONValue? {
        JSONValue.object(ofPresent: [
            "avatarName": avatar.name.map(JSONValue.string),
            "customizedAvatar": avatar.custom.map {
                ["imageMimeType": .string($0.imageMimeType), "imageData": .base64($0.image)]
            },
            "audioBitrateBps": avatar.audioBitrate.map(JSONValue.init),
            "videoBitrateBps": avatar.videoBitrate.map(JSONValue.init),
        ]).unlessEmpty
    }
}

// MARK: - Tools

extension GeminiSetup {
    /// The most function declarations that one session takes.
    private static var mostFunctions: Int { 512 }

    private mutating func tools() -> JSONValue? {
        var tools: [JSONValue] = []
        let declarations = functionDeclarations()
        if !declarations.isEmpty { tools.append(["functionDeclarations": .array(declarations)]) }
        if setup.tools.googleSearch { tools.append(["googleSearch": [:]]) }
        tools += setup.tools.others
        return JSONValue.array(tools).unlessEmpty
    }

    private mutating func functionDeclarations() -> [JSONValue] {
        var declared: [JSONValue] = []
        for function in setup.tools.functions {
            guard function.hasValidName else {
                leaveOut(
                    "function “\(function.name.prefix(40))”", "a name has 1 to 128 of A–Z, a–z, 0–9 and _ . : -")
                continue
            }
            guard declared.count < Self.mostFunctions else {
                leaveOut("function “\(function.name)”", "a session takes \(Self.mostFunctions) functions")
                continue
            }
            declared.append(declaration(of: function))
        }
        return declared
    }

    private mutating func declaration(of function: FunctionDeclaration) -> JSONValue {
        func member(_ schema: FunctionDeclaration.Schema?, isJSON: Bool) -> JSONValue? {
            switch schema {
            case .openAPI(let value) where !isJSON: value
            case .jsonSchema(let value) where isJSON: value
            default: nil
            }
        }
        return .object(ofPresent: [
            "name": .string(function.name),
            "description": .string(function.description),
            "behavior": behavior(of: function).map { .string($0.rawValue) },
            "parameters": member(function.parameters, isJSON: false),
            "parametersJsonSchema": member(function.parameters, isJSON: true),
            "response": member(function.response, isJSON: false),
            "responseJsonSchema": member(function.response, isJSON: true),
        ])
    }

    /// What to say about waiting. Said only where the family has a choice: a family without one refuses the word.
    private mutating func behavior(of function: FunctionDeclaration) -> FunctionDeclaration.Behavior? {
        let choices = family.functions.behaviors
        guard let standard = choices.first else { return nil }  // the tools as a whole will be left out
        if let asked = function.behavior, !choices.contains(asked) {
            leaveOut(
                "behavior \(asked.rawValue) of function “\(function.name)”", "it only knows \(standard.rawValue)")
            return nil
        }
        return choices.count > 1 ? function.behavior ?? standard : nil
    }
}

// MARK: - Small pieces

extension JSONValue {
    fileprivate init(_ number: Int) { self = .integer(Int64(number)) }

    static func base64(_ bytes: [UInt8]) -> JSONValue {
        var text: [UInt8] = []
        Base64.append(bytes, to: &text)
        return .string(String(decoding: text, as: UTF8.self))
    }

    /// nil for an empty object or array: some models refuse those (gemini-live §2).
    fileprivate var unlessEmpty: JSONValue? {
        switch self {
        case .object(let members) where members.isEmpty: nil
        case .array(let elements) where elements.isEmpty: nil
        default: self
        }
    }

    /// Takes out the member at a path, and the objects that are empty for it. - Returns: the member's value.
    ///
    /// An empty `sessionResumption` stays, because it still asks for handles.
    fileprivate mutating func removeValue(at path: ArraySlice<String>) -> JSONValue? {
        guard let name = path.first, case .object(var members) = self,
            let index = members.firstIndex(where: { $0.name == name })
        else { return nil }
        if path.count == 1 {
            let removed = members.remove(at: index).value
            self = .object(members)
            return removed
        }
        let removed = members[index].value.removeValue(at: path.dropFirst())
        if removed != nil, name != "sessionResumption", members[index].value.unlessEmpty == nil {
            members.remove(at: index)
        }
        self = .object(members)
        return removed
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
