// `generationConfig`: how the model answers, thinks and sounds.

extension GeminiSetup {
    mutating func generationConfig() -> JSONValue {
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
}
