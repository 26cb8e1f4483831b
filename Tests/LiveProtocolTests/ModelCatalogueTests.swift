import LiveProtocol
import Testing

/// What each family is spared, and what the user is told.
@Suite("What each model takes", .timeLimit(.minutes(5)))
struct ModelCatalogueTests {
    /// A setup that asks for everything that some model refuses.
    private func greedy(_ model: String) -> SessionSetup {
        var setup = SessionSetup(model: model)
        setup.thinking = Thinking(.level(.low))
        setup.affectiveDialog = true
        setup.proactivity = Proactivity(audio: true)
        setup.systemInstruction = "x"
        setup.tools.functions = [FunctionDeclaration(name: "f", description: "d", behavior: .nonBlocking)]
        setup.awaitsHistory = true
        setup.signalsVoiceActivity = true
        setup.labels = ["a": "b"]
        setup.translation = Translation(to: "pl")
        setup.generation.candidateCount = 2
        return setup
    }

    private func leftOut(_ setup: SessionSetup, backend: Backend = .developer, apiVersion: String = "v1beta")
        -> Set<String>
    {
        let warnings = GeminiDialect(model: setup.model, backend: backend, apiVersion: apiVersion).encode(setup)
            .warnings
        return Set(warnings.filter { $0.contains("is left out") }.map { String($0.prefix { $0 != " " }) })
    }

    private static let everywhere: Set<String> = [
        "explicitVadSignal", "labels", "generationConfig.candidateCount", "generationConfig.translationConfig",
    ]

    @Test("3.8 is spared thinking, affective dialog and proactivity, which it does by itself (pitfall 17a)")
    func model38() {
        var setup = greedy("gemini-3.8-live")
        #expect(
            leftOut(setup)
                == Self.everywhere.union(["generationConfig.thinkingConfig", "generationConfig.enableAffectiveDialog"]))
        setup.proactivity = Proactivity(audio: false)
        #expect(leftOut(setup).contains("proactivity"))
    }

    @Test("extended thinking takes a level but no blocking function and no minimal level")
    func extendedThinking() throws {
        var setup = greedy("gemini-3.8-live-extended-thinking")
        #expect(leftOut(setup) == Self.everywhere.union(["generationConfig.enableAffectiveDialog"]))
        setup.thinking = Thinking(.level(.minimal), includesThoughts: true)
        setup.tools.functions[0].behavior = .blocking
        let encoded = GeminiDialect(model: setup.model).encode(setup)
        #expect(encoded.warnings.contains { $0.contains("thinkingLevel") && $0.contains("MINIMAL") })
        #expect(encoded.warnings.contains { $0.contains("BLOCKING") && $0.contains("“f”") })
        let object = try JSONValue(parsing: encoded.message.span)["setup"]
        #expect(object?["generationConfig"]?["thinkingConfig"] == ["includeThoughts": true])
        #expect(object?["tools"]?.asArray?[0]["functionDeclarations"]?.asArray?[0]["behavior"] == nil)
    }

    @Test("3.1 is spared what keeps it from answering a setup, and non-blocking functions (pitfalls 17a, 25)")
    func model31() {
        let expected = Self.everywhere.union([
            "generationConfig.enableAffectiveDialog", "proactivity", "behavior",
        ])
        #expect(leftOut(greedy("models/gemini-3.1-flash-live-preview")) == expected)
        #expect(leftOut(greedy("gemini-3.1-flash-live-preview"), apiVersion: "v1alpha") == expected)
    }

    @Test("2.5 takes a budget, and proactivity and affective dialog in v1alpha only")
    func model25() {
        var setup = greedy("gemini-2.5-flash-native-audio-preview-12-2025")
        let always = Self.everywhere.union(["generationConfig.thinkingConfig.thinkingLevel", "historyConfig"])
        #expect(leftOut(setup) == always.union(["proactivity", "generationConfig.enableAffectiveDialog"]))
        #expect(leftOut(setup, apiVersion: "v1alpha") == always)
        setup.thinking = Thinking(.budget(-1))
        setup.awaitsHistory = nil
        #expect(leftOut(setup, apiVersion: "v1alpha") == Self.everywhere)
    }

    @Test("on Vertex AI, 2.5 takes them in any version, with labels and voice activity")
    func vertex() {
        var setup = greedy("projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-native-audio")
        setup.resumption?.isTransparent = true
        setup.replicatedVoice = ReplicatedVoice(mimeType: "audio/wav", sample: [1], consent: [1], consentSignature: "s")
        #expect(
            leftOut(setup, backend: .vertex, apiVersion: "v1beta1") == [
                "generationConfig.candidateCount", "generationConfig.translationConfig", "historyConfig",
                "generationConfig.thinkingConfig.thinkingLevel",
                "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.consentAudio",
                "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.voiceConsentSignature",
            ])
    }

    @Test("the translator takes its languages, and neither instructions nor tools")
    func translator() {
        #expect(
            leftOut(greedy("gemini-3.5-live-translate-preview"))
                == Self.everywhere.subtracting(["generationConfig.translationConfig"]).union([
                    "systemInstruction", "tools", "generationConfig.thinkingConfig", "historyConfig", "proactivity",
                    "generationConfig.enableAffectiveDialog",
                ]))
    }

    @Test("models that write are not told how to speak")
    func writers() {
        var setup = greedy("gemini-3.5-transcribe-live")
        setup.voice = "Kore"
        setup.outputTranscription?.wordTimestamps = true
        let writers: Set<String> = [
            "generationConfig.speechConfig", "outputAudioTranscription", "historyConfig", "proactivity",
            "generationConfig.enableAffectiveDialog",
        ]
        #expect(
            leftOut(setup)
                == Self.everywhere.union(writers).union([
                    "systemInstruction", "tools", "generationConfig.thinkingConfig",
                ]))
        setup.model = "gemini-robotics-er-2-streaming-preview"
        #expect(leftOut(setup) == Self.everywhere.union(writers))
    }

    @Test("only a model that writes down what it hears is told which languages and words to expect")
    func transcriptionHints() {
        for model in ["gemini-3.8-live", "gemini-3.5-transcribe-live", "gemini-9-live"] {
            var setup = SessionSetup(model: model)
            setup.inputTranscription?.languages = ["de"]
            setup.inputTranscription?.vocabulary = ["Vivavoce"]
            let hints: Set<String> = [
                "inputAudioTranscription.languageCodes", "inputAudioTranscription.customVocabulary",
            ]
            let isTold = model.contains("transcribe")
            #expect(leftOut(setup).isDisjoint(with: hints) == isTold)
            #expect(leftOut(setup, backend: .vertex).isDisjoint(with: hints))
            let message = String(decoding: GeminiDialect(model: model).encode(setup).message, as: UTF8.self)
            #expect(message.contains("Vivavoce") == isTold)
        }
    }

    @Test("an unknown model gets what every model takes, and the user the names that are known (pitfall 22)")
    func unknown() {
        let setup = greedy("gemini-9-live")
        #expect(
            leftOut(setup)
                == Self.everywhere.union([
                    "generationConfig.thinkingConfig", "generationConfig.enableAffectiveDialog", "proactivity",
                    "historyConfig", "behavior",
                ]))
        let warnings = GeminiDialect(model: setup.model).encode(setup).warnings
        #expect(warnings.contains { $0.contains("gemini-9-live") && $0.contains("gemini-3.8-live") })
    }

    @Test("what is asked for and holds anyway is left out without a word")
    func implied() {
        var setup = SessionSetup(model: "gemini-3.8-live")
        setup.proactivity = Proactivity(audio: true)
        setup.signalsVoiceActivity = false
        setup.generation.candidateCount = 1
        #expect(leftOut(setup).isEmpty)
        setup = SessionSetup(model: "gemini-2.5-flash-native-audio-preview-12-2025")
        setup.awaitsHistory = false
        setup.affectiveDialog = false
        setup.proactivity = Proactivity(audio: false)
        #expect(leftOut(setup).isEmpty)
    }

    @Test("a retired model is named as such")
    func retired() {
        let warnings = GeminiDialect().encode(SessionSetup(model: "gemini-2.0-flash-live-001")).warnings
        #expect(warnings == ["gemini-2.0-flash-live-001 will be refused: it was shut down on 2025-12-09."])
    }

    @Test("every warning names the member, the model and the reason")
    func sentences() {
        let warnings = GeminiDialect().encode(greedy("gemini-3.8-live")).warnings
        #expect(
            warnings.contains(
                "generationConfig.enableAffectiveDialog is left out for gemini-3.8-live: the option is gone since 3.8.")
        )
    }

    @Test("a setup never has both a thinking budget and a thinking level")
    func neverBoth() throws {
        for family in ModelCatalogue.families {
            for depth in [Thinking.Depth.budget(1024), .level(.high)] {
                var setup = SessionSetup(model: try #require(family.exampleModel))
                setup.thinking = Thinking(depth)
                let message = String(decoding: GeminiDialect().encode(setup).message, as: UTF8.self)
                #expect(!(message.contains("thinkingBudget") && message.contains("thinkingLevel")))
            }
        }
    }

    @Test("behavior is said where a family has a choice, because defaults differ (pitfall 25)")
    func behavior() {
        func declared(_ model: String) -> JSONValue? {
            var setup = SessionSetup(model: model)
            setup.tools.functions = [FunctionDeclaration(name: "f", description: "d")]
            let message = try? JSONValue(parsing: GeminiDialect(model: model).encode(setup).message.span)
            return message?["setup"]?["tools"]?.asArray?[0]["functionDeclarations"]?.asArray?[0]["behavior"]
        }
        #expect(declared("gemini-3.8-live") == "NON_BLOCKING")
        #expect(declared("gemini-2.5-flash-native-audio-preview-12-2025") == "BLOCKING")
        #expect(declared("gemini-3.1-flash-live-preview") == nil)
        #expect(declared("gemini-3.8-live-extended-thinking") == nil)
    }

    @Test("every row has a model, every model its row, and the default is generally available")
    func table() throws {
        for family in ModelCatalogue.families {
            let model = try #require(family.exampleModel)
            #expect(ModelCatalogue.family(of: model) == family)
            #expect(ModelCatalogue.family(of: "models/\(model)") == family)
        }
        #expect(ModelCatalogue.family(of: ModelCatalogue.defaultModel).stage == .generallyAvailable)
        #expect(ModelCatalogue.family(of: "").stage == .unknown)
        #expect(ModelCatalogue.family(of: "models/").stage == .unknown)
        #expect(ModelCatalogue.voices.count == 30)
    }
}
