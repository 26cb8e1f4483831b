import LiveProtocol
import Testing

/// Setup messages against the exact JSON that must go out, and what is left out of them for which model.
@Suite("Encoding a setup", .timeLimit(.minutes(5)))
struct GeminiSetupTests {
    private func encode(_ setup: SessionSetup, backend: Backend = .developer, apiVersion: String = "v1beta")
        -> (message: String, warnings: [String])
    {
        let encoded = GeminiDialect(model: setup.model, backend: backend, apiVersion: apiVersion).encode(setup)
        return (String(decoding: encoded.message, as: UTF8.self), encoded.warnings)
    }

    private func setupObject(_ setup: SessionSetup, backend: Backend = .developer, apiVersion: String = "v1beta") throws
        -> JSONValue
    {
        let text = encode(setup, backend: backend, apiVersion: apiVersion).message
        return try #require(try JSONValue(parsing: text)["setup"])
    }

    @Test("as made, a setup is a spoken conversation with the newest model, and takes no warning")
    func defaults() {
        let (message, warnings) = encode(SessionSetup())
        #expect(
            message
                == #"{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["AUDIO"]},"sessionResumption":{},"contextWindowCompression":{"slidingWindow":{}},"inputAudioTranscription":{},"outputAudioTranscription":{}}}"#
        )
        #expect(warnings.isEmpty)
    }

    @Test(
        "a setup as made is taken by every family without a warning",
        arguments: ModelCatalogue.families.filter { if case .retired = $0.stage { false } else { true } })
    func defaultsEverywhere(family: ModelFamily) throws {
        let model = try #require(family.exampleModel)
        #expect(encode(SessionSetup(model: model)).warnings == [])
        let path = "projects/p/locations/l/publishers/google/models/\(model)"
        #expect(encode(SessionSetup(model: path), backend: .vertex).warnings == [])
    }

    @Test(
        "the context slides instead of ending the session, with every model one can talk to (pitfall 55)",
        arguments: ModelCatalogue.families.filter(\.takesText))
    func slides(family: ModelFamily) throws {
        let object = try setupObject(SessionSetup(model: try #require(family.exampleModel)))
        #expect(object["contextWindowCompression"] == ["slidingWindow": [:]])
    }

    @Test("every documented member goes out under its name")
    func everything() throws {
        var setup = SessionSetup(model: "projects/p/models/gemini-2.5-flash-native-audio-preview-12-2025")
        setup.generation.temperature = 0.7
        setup.generation.topP = 0.95
        setup.generation.topK = 40
        setup.generation.seed = 7
        setup.generation.maxOutputTokens = 4096
        setup.generation.presencePenalty = 0.1
        setup.generation.frequencyPenalty = 0.2
        setup.generation.mediaResolution = .low
        setup.voice = "puck"
        setup.language = "de-DE"
        setup.thinking = Thinking(.budget(0), includesThoughts: true)
        setup.affectiveDialog = true
        setup.systemInstruction = "Be brief."
        setup.tools.functions = [
            FunctionDeclaration(
                name: "set_light", description: "Lights",
                parameters: .openAPI(["type": "OBJECT", "properties": ["on": ["type": "BOOLEAN"]]]),
                response: .jsonSchema(["type": "object"]), behavior: .nonBlocking)
        ]
        setup.tools.googleSearch = true
        setup.tools.others = [["urlContext": [:]]]
        setup.realtimeInput.isDetectionDisabled = false
        setup.realtimeInput.startSensitivity = .high
        setup.realtimeInput.endSensitivity = .low
        setup.realtimeInput.prefixPadding = .milliseconds(20)
        setup.realtimeInput.silence = .seconds(1.5)
        setup.realtimeInput.activityHandling = .noInterruption
        setup.realtimeInput.turnCoverage = .allInput
        setup.resumption = Resumption(handle: "h-1", isTransparent: true)
        setup.compression = ContextCompression(triggerTokens: 25_600, targetTokens: 12_800)
        setup.inputTranscription?.languages = ["de", "en"]
        setup.inputTranscription?.vocabulary = ["Vivavoce"]
        setup.inputTranscription?.wordTimestamps = true
        setup.inputTranscription?.diarization = true
        setup.inputTranscription?.mode = .verbatim
        setup.inputTranscription?.sourceText = "Once"
        setup.proactivity = Proactivity(audio: true, video: false)
        setup.signalsVoiceActivity = true
        setup.safety = [SafetySetting(category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH")]
        setup.labels = ["team": "voice", "app": "vivavoce"]
        setup.extra = ["generationConfig": ["newKnob": 1], "newMember": true]
        let (message, warnings) = encode(setup, backend: .vertex, apiVersion: "v1alpha")
        #expect(warnings == [])
        let expected = [
            #"{"setup":{"model":"projects/p/models/gemini-2.5-flash-native-audio-preview-12-2025","generationConfig":{"#,
            #""responseModalities":["AUDIO"],"temperature":0.7,"topP":0.95,"topK":40,"seed":7,"maxOutputTokens":4096,"#,
            #""presencePenalty":0.1,"frequencyPenalty":0.2,"mediaResolution":"MEDIA_RESOLUTION_LOW","#,
            #""speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}},"languageCode":"de-DE"},"#,
            #""thinkingConfig":{"includeThoughts":true,"thinkingBudget":0},"enableAffectiveDialog":true,"newKnob":1},"#,
            #""systemInstruction":{"parts":[{"text":"Be brief."}]},"#,
            #""tools":[{"functionDeclarations":[{"name":"set_light","description":"Lights","behavior":"NON_BLOCKING","#,
            #""parameters":{"type":"OBJECT","properties":{"on":{"type":"BOOLEAN"}}},"#,
            #""responseJsonSchema":{"type":"object"}}]},{"googleSearch":{}},{"urlContext":{}}],"#,
            #""realtimeInputConfig":{"automaticActivityDetection":{"disabled":false,"#,
            #""startOfSpeechSensitivity":"START_SENSITIVITY_HIGH","endOfSpeechSensitivity":"END_SENSITIVITY_LOW","#,
            #""prefixPaddingMs":20,"silenceDurationMs":1500},"activityHandling":"NO_INTERRUPTION","#,
            #""turnCoverage":"TURN_INCLUDES_ALL_INPUT"},"sessionResumption":{"handle":"h-1","transparent":true},"#,
            #""contextWindowCompression":{"triggerTokens":25600,"slidingWindow":{"targetTokens":12800}},"#,
            #""inputAudioTranscription":{"languageCodes":["de","en"],"customVocabulary":["Vivavoce"],"#,
            #""wordTimestamp":true,"diarization":true,"mode":"VERBATIM","sourceText":"Once"},"#,
            #""outputAudioTranscription":{},"proactivity":{"proactiveAudio":true,"proactiveVideo":false},"#,
            #""explicitVadSignal":true,"#,
            #""safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_ONLY_HIGH"}],"#,
            #""labels":{"app":"vivavoce","team":"voice"},"newMember":true}}"#,
        ]
        #expect(message == expected.joined())
    }

    @Test("the members that only other models take go out for those")
    func special() throws {
        var face = SessionSetup()
        face.modality = .video
        var avatar = Avatar(name: "Kira", custom: .init(imageMimeType: "image/png", image: [1]))
        avatar.audioBitrate = 1
        avatar.videoBitrate = 2
        face.avatar = avatar
        face.realtimeInput.timestampsInterimTranscripts = true
        face.replicatedVoice = ReplicatedVoice(mimeType: "audio/wav", sample: [1], consent: [2], consentSignature: "s")
        let object = try setupObject(face, backend: .vertex)
        #expect(object["generationConfig"]?["responseModalities"] == ["VIDEO"])
        #expect(
            object["avatarConfig"] == [
                "avatarName": "Kira", "customizedAvatar": ["imageMimeType": "image/png", "imageData": "AQ=="],
                "audioBitrateBps": 1, "videoBitrateBps": 2,
            ])
        #expect(object["realtimeInputConfig"] == ["interimTranscriptTimestampEnabled": true])
        #expect(
            try setupObject(face)["generationConfig"]?["speechConfig"]?["voiceConfig"] == [
                "replicatedVoiceConfig": [
                    "mimeType": "audio/wav", "voiceSampleAudio": "AQ==", "consentAudio": "Ag==",
                    "voiceConsentSignature": ["signature": "s"],
                ]
            ])

        var translator = SessionSetup(model: "gemini-3.5-live-translate-preview")
        translator.translation = Translation(to: "pl", echoesTargetLanguage: true)
        #expect(
            try setupObject(translator)["generationConfig"]?["translationConfig"]
                == ["targetLanguageCode": "pl", "echoTargetLanguage": true])

        var history = SessionSetup(model: "gemini-3.1-flash-live-preview")
        history.awaitsHistory = true
        #expect(try setupObject(history)["historyConfig"] == ["initialHistoryInClientContent": true])
    }

    @Test("nothing empty is sent but what asks for something by being there")
    func empties() {
        var setup = SessionSetup()
        setup.resumption = nil
        setup.compression = nil
        setup.inputTranscription = nil
        setup.outputTranscription = nil
        setup.thinking = Thinking()
        setup.proactivity = Proactivity()
        setup.avatar = Avatar()
        #expect(
            encode(setup).message
                == #"{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["AUDIO"]}}}"#)
    }

    @Test(
        "a bare model name is completed, and a path is left alone",
        arguments: [
            ("gemini-3.8-live", "models/gemini-3.8-live"), ("models/gemini-3.8-live", "models/gemini-3.8-live"),
            (
                "projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-native-audio",
                "projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-native-audio"
            ),
        ])
    func modelNames(given: String, sent: String) throws {
        #expect(try setupObject(SessionSetup(model: given))["model"] == .string(sent))
    }

    @Test("a model without its project is warned of on Vertex AI, which would not find it (pitfall 22)")
    func vertexName() {
        let warnings = encode(SessionSetup(model: "gemini-live-2.5-flash-native-audio"), backend: .vertex).warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("projects/PROJECT/"))
    }

    @Test("text from a model that speaks becomes audio, and the warning says where the words are (pitfall 21)")
    func modality() throws {
        var setup = SessionSetup()
        setup.modality = .text
        let (message, warnings) = encode(setup)
        #expect(message.contains(#""responseModalities":["AUDIO"]"#))
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("TEXT") && warnings[0].contains("transcription"))
        #expect(
            try setupObject(SessionSetup(model: "gemini-robotics-er-2-streaming-preview"))["generationConfig"]
                == ["responseModalities": ["TEXT"]])
        setup.modality = .video
        #expect(encode(setup).warnings.count == 1)
        setup.model = "projects/p/models/gemini-3.8-live"
        #expect(encode(setup, backend: .vertex).warnings.isEmpty)
    }

    @Test("removing a member removes the object it leaves empty, but not the request for handles")
    func pruning() throws {
        var setup = SessionSetup(model: "gemini-9-live")
        setup.resumption?.isTransparent = true
        setup.realtimeInput.turnCoverage = .allInput
        let object = try setupObject(setup)
        #expect(object["sessionResumption"] == [:])
        #expect(object["realtimeInputConfig"] == nil)
    }

    @Test("a function that the service would refuse is left out, with its name; the others stay")
    func functions() throws {
        var setup = SessionSetup()
        setup.tools.functions = [
            FunctionDeclaration(name: "has space", description: ""), FunctionDeclaration(name: "", description: ""),
            FunctionDeclaration(name: String(repeating: "x", count: 129), description: ""),
        ]
        #expect(encode(setup).warnings.count == 3)
        #expect(try setupObject(setup)["tools"] == nil)
        setup.tools.functions = (0..<513).map { FunctionDeclaration(name: "f\($0)", description: "") }
        #expect(
            encode(setup).warnings == [
                "function “f512” is left out for gemini-3.8-live: a session takes 512 functions."
            ])
        #expect(try setupObject(setup)["tools"]?.asArray?[0]["functionDeclarations"]?.asArray?.count == 512)
    }

    @Test("a voice that is not known is sent and warned of")
    func unknownVoice() {
        var setup = SessionSetup()
        setup.voice = "Pukc"
        let (message, warnings) = encode(setup)
        #expect(message.contains(#""voiceName":"Pukc""#))
        #expect(warnings.count == 1)
    }

    @Test("members merged from extra replace what the setup says, and are checked by nobody")
    func extra() throws {
        var setup = SessionSetup()
        setup.extra = ["proactivity": ["proactiveAudio": false], "sessionResumption": ["handle": "x"]]
        let object = try setupObject(setup)
        #expect(object["proactivity"] == ["proactiveAudio": false])
        #expect(object["sessionResumption"] == ["handle": "x"])
        #expect(encode(setup).warnings.isEmpty)
    }
}

extension ModelFamily {
    /// A model of this family, for tests.
    var exampleModel: String? {
        [
            "Gemini 3.8 Live": "gemini-3.8-live",
            "Gemini 3.8 Live, extended thinking": "gemini-3.8-live-extended-thinking",
            "Gemini 3.1 Flash Live": "gemini-3.1-flash-live-preview",
            "Gemini 2.5 native audio": "gemini-2.5-flash-native-audio-preview-12-2025",
            "Gemini Live 2.5 native audio on Vertex AI": "gemini-live-2.5-flash-native-audio",
            "Gemini 3.5 Live Translate": "gemini-3.5-live-translate-preview",
            "Gemini 3.5 Transcribe Live": "gemini-3.5-transcribe-live",
            "Gemini Robotics-ER 2, streaming": "gemini-robotics-er-2-streaming-preview",
            "Gemini 2 half-cascade": "gemini-2.0-flash-live-001",
        ][name]
    }
}
