/// Puts a `SessionSetup` into the service's words: first everything that was asked for, then without what the
/// model's family does not take.
struct GeminiSetup {
    let setup: SessionSetup
    let backend: Backend
    let apiVersion: String
    let family: ModelFamily
    var warnings: [String] = []

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
                    + "\(ModelCatalogue.knownNames.joined(separator: ", ")).")
        }
        if backend == .vertex, !setup.model.hasPrefix("projects/") {
            warnings.append(
                "\(setup.model) will not be found on Vertex AI: it wants "
                    + "projects/PROJECT/locations/LOCATION/publishers/google/models/\(model).")
        }
        var members = everything()
        let hints = family.takesTranscriptionHints ? [] : ModelCatalogue.transcriptionHints
        for refusal in ModelCatalogue.refusedEverywhere + hints + family.refusals
        where refusal.applies(backend: backend, apiVersion: apiVersion) {
            guard let removed = members.removeValue(at: refusal.member.path[...]), removed != refusal.implied
            else { continue }
            leaveOut(refusal.member.rawValue, refusal.reason)
        }
        let message: JSONValue = ["setup": members.merging(setup.extra)]
        return EncodedSetup(message: message.serialized(), warnings: warnings)
    }

    /// The model as people know it.
    var model: String { ModelCatalogue.bareName(of: setup.model) }

    mutating func leaveOut(_ member: String, _ reason: String) {
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

// MARK: - Small pieces

extension JSONValue {
    init(_ number: Int) { self = .integer(Int64(number)) }

    static func base64(_ bytes: [UInt8]) -> JSONValue {
        var text: [UInt8] = []
        Base64.append(bytes, to: &text)
        return .string(String(decoding: text, as: UTF8.self))
    }

    /// nil for an empty object or array: some models refuse those (gemini-live §2).
    var unlessEmpty: JSONValue? {
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
