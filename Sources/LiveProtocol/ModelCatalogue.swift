/// What each family of live models takes and does: one row a family, in the terms of `ModelFamily`.
///
/// Models differ in what they take, and what one of them does not take closes the session (1007) or keeps it from
/// starting without a word (pitfall 17a). To add a model, add a row; to learn why a member was left out, read its
/// reason. Facts: gemini-live §3.1 and §9, the service's model pages of October 2026, and the threads named.
package enum ModelCatalogue {
    /// The newest model that is generally available.
    package static var defaultModel: String { "models/gemini-3.8-live" }

    package static let families: [ModelFamily] = [
        ModelFamily(
            name: "Gemini 3.8 Live",
            prefixes: ["gemini-3.8-live"],
            stage: .generallyAvailable,
            modalities: [.audio, .video],
            thinking: .none("it thinks between sentences by itself, and refuses to be told how much"),
            functions: .init(behaviors: [.nonBlocking, .blocking], takesScheduling: true),
            content: .always,
            history: .turns(endingWithUser: false),
            takesContextUpdates: true,
            refusals: alwaysProactive),
        ModelFamily(
            name: "Gemini 3.8 Live, extended thinking",
            prefixes: ["gemini-3.8-live-extended-thinking"],
            stage: .generallyAvailable,
            modalities: [.audio],
            thinking: .levels([.low, .medium, .high]),
            functions: .init(behaviors: [.nonBlocking], takesScheduling: false),
            content: .always,
            history: .turns(endingWithUser: false),
            takesContextUpdates: true,
            reportsInteraction: true,
            refusals: alwaysProactive),
        ModelFamily(
            name: "Gemini 3.1 Flash Live",
            prefixes: ["gemini-3.1-flash-live"],
            stage: .preview,
            modalities: [.audio],
            thinking: .levels([.minimal, .low, .medium, .high]),
            functions: .init(behaviors: [.blocking], takesScheduling: false),
            content: .initially,  // turns after the first answer close the session: livekit/agents #5985
            history: .awaitedTurns,
            // The next two keep the session from starting: PatterAI/Patter PR #210. An empty `sessionResumption` was
            // suspected too (livekit/agents-js PR #1186), but that project's merged change (#1189) keeps it.
            refusals: [
                Refusal(.affectiveDialog, "it never answers a setup that has it", implied: false),
                Refusal(.proactivity, "it never answers a setup that has it", implied: ["proactiveAudio": false]),
                Refusal(.interimTimestamps, "it is older than that option"),
            ]),
        ModelFamily(
            name: "Gemini 2.5 native audio",
            prefixes: ["gemini-2.5-flash-native-audio"],
            stage: .preview,
            modalities: [.audio],
            thinking: .budget,
            functions: .init(behaviors: [.blocking, .nonBlocking], takesScheduling: true),
            content: .always,
            history: .turns(endingWithUser: true),
            refusals: [
                Refusal(
                    .affectiveDialog, "only API version v1alpha has it for this model", except: .version("v1alpha"),
                    implied: false),
                Refusal(
                    .proactivity, "only API version v1alpha has it for this model", except: .version("v1alpha"),
                    implied: ["proactiveAudio": false]),
                noAwaitedHistory("its history is given as turns without waiting"),
                Refusal(.interimTimestamps, "it is older than that option"),
            ],
            limits: .init(outputTokens: 8192)),
        ModelFamily(
            name: "Gemini Live 2.5 native audio on Vertex AI",
            prefixes: ["gemini-live-2.5-flash-native-audio"],
            stage: .generallyAvailable,
            modalities: [.audio],
            thinking: .budget,
            functions: .init(behaviors: [.blocking, .nonBlocking], takesScheduling: true),
            content: .always,
            history: .turns(endingWithUser: true),
            refusals: [
                noAwaitedHistory("its history is given as turns without waiting"),
                Refusal(.interimTimestamps, "it is older than that option"),
            ],
            limits: .init(outputTokens: 8192)),
        ModelFamily(
            name: "Gemini 3.5 Live Translate",
            prefixes: ["gemini-3.5-live-translate"],
            stage: .preview,
            modalities: [.audio],
            thinking: .none("it only translates"),
            functions: .none,
            content: .never,
            history: .none,
            takesText: false,
            takesImages: false,
            translates: true,
            refusals: [
                Refusal(.systemInstruction, "it takes no instructions, only languages"),
                Refusal(.tools, "it uses no tools"),
                Refusal(.affectiveDialog, "it only translates", implied: false),
                Refusal(.proactivity, "it only translates", implied: ["proactiveAudio": false]),
                Refusal(.mediaResolution, "it takes no pictures"),
            ] + keepsNoConversation),
        ModelFamily(
            name: "Gemini 3.5 Transcribe Live",
            prefixes: ["gemini-3.5-transcribe-live"],
            stage: .preview,
            modalities: [.text],
            thinking: .none("it only writes down what it hears"),
            functions: .none,
            content: .never,
            history: .none,
            takesText: false,
            takesImages: false,
            takesTranscriptionHints: true,
            refusals: writesOnly + keepsNoConversation + [
                Refusal(.systemInstruction, "it takes no instructions"),
                Refusal(.tools, "it uses no tools"),
                Refusal(.mediaResolution, "it takes no pictures"),
            ]),
        ModelFamily(
            name: "Gemini Robotics-ER 2, streaming",
            prefixes: ["gemini-robotics-er-2-streaming"],
            stage: .preview,
            modalities: [.text],
            thinking: .levels([.low, .medium, .high]),
            functions: .init(behaviors: [.blocking, .nonBlocking], takesScheduling: true),
            content: .initially,
            history: .instruction,
            refusals: writesOnly + [noAwaitedHistory("it is not documented for this model")]),
        ModelFamily(
            name: "Gemini 2 half-cascade",
            prefixes: ["gemini-2.0-flash-live", "gemini-live-2.5-flash-preview", "gemini-2.0-flash-exp"],
            stage: .retired("it was shut down on 2025-12-09"),
            modalities: [.audio, .text],
            thinking: .none("it cannot"),
            functions: .init(behaviors: [.blocking, .nonBlocking], takesScheduling: true),
            content: .always,
            history: .turns(endingWithUser: true),
            refusals: unknownModel.refusals,
            limits: .init(contextTokens: 32_768, outputTokens: 8192)),
    ]

    /// For a model that no row knows: what has held for every model one can talk to, and nothing else.
    package static let unknownModel = ModelFamily(
        name: "unknown model",
        prefixes: [],
        stage: .unknown,
        modalities: [.audio],
        thinking: .none("models differ in whether they take a budget, a level or neither"),
        functions: .init(behaviors: [.blocking], takesScheduling: false),
        content: .initially,
        history: .instruction,
        refusals: [
            Refusal(.affectiveDialog, "some models never answer a setup that has it", implied: false),
            Refusal(.proactivity, "some models never answer a setup that has it"),
            noAwaitedHistory("some models refuse it"),
            Refusal(.turnCoverage, "models differ in what they take"),
            Refusal(.interimTimestamps, "most models are older than that option"),
            Refusal(.replicatedVoice, "few models have it"),
        ],
        limits: .init(contextTokens: 32_768, outputTokens: 8192))

    /// Members that hold for a backend or a purpose, whatever the model.
    static let refusedEverywhere: [Refusal] = [
        Refusal(.transparentResumption, "only Vertex AI has it", except: .on(.vertex), implied: false),
        Refusal(.explicitVoiceActivity, "only Vertex AI has it", except: .on(.vertex), implied: false),
        Refusal(.avatar, "only Vertex AI has it", except: .on(.vertex)),
        Refusal(.labels, "only Vertex AI has them", except: .on(.vertex)),
        Refusal(.consentAudio, "only the Developer API has it", except: .on(.developer)),
        Refusal(.consentSignature, "only the Developer API has it", except: .on(.developer)),
        Refusal(.candidateCount, "a live session has one answer at a time", implied: 1),
    ]

    /// Members that help whoever writes down what it hears, and do nothing for the others.
    static let transcriptionHints: [Refusal] = [
        Refusal(.transcriptionLanguages, "it finds the language by itself", except: .on(.vertex)),
        Refusal(.transcriptionVocabulary, "it listens for no words in particular", except: .on(.vertex)),
    ]

    private static func noAwaitedHistory(_ reason: String) -> Refusal {
        Refusal(.history, reason, implied: ["initialHistoryInClientContent": false])
    }

    private static let alwaysProactive: [Refusal] = [
        Refusal(.affectiveDialog, "the option is gone since 3.8"),
        Refusal(
            .proactivity, "it decides by itself whether it is meant, and refuses to be told otherwise",
            implied: ["proactiveAudio": true]),
    ]

    /// Models that turn speech into something else as it comes: there is nothing to remember or to resume.
    private static let keepsNoConversation: [Refusal] = [
        Refusal(.resumption, "it keeps no conversation", implied: [:]),
        Refusal(.compression, "it keeps no conversation", implied: ["slidingWindow": [:]]),
        noAwaitedHistory("it keeps no conversation"),
    ]

    private static let writesOnly: [Refusal] = [
        Refusal(.speech, "it does not speak"),
        Refusal(.affectiveDialog, "it does not speak", implied: false),
        Refusal(.proactivity, "it does not speak", implied: ["proactiveAudio": false]),
        // Its answer is text already, so the default that asks for transcripts of speech loses nothing.
        Refusal(.outputTranscription, "it does not speak", implied: [:]),
    ]

    /// Prebuilt voices, as the service spells them.
    package static let voices = [
        "Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus",
        "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar",
        "Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia",
        "Sadaltager", "Sulafat",
    ]
}

extension ModelCatalogue {
    /// The family of a model, by its bare or full name; `unknownModel` when none knows it.
    package static func family(of model: String) -> ModelFamily {
        let bare = bareName(of: model)
        var best = unknownModel
        var bestLength = 0
        for family in families {
            for prefix in family.prefixes where bare.hasPrefix(prefix) && prefix.utf8.count > bestLength {
                best = family
                bestLength = prefix.utf8.count
            }
        }
        return best
    }

    /// What names of models that still work start with, for people who mistyped one.
    static var knownNames: [String] {
        families.flatMap { family in
            if case .retired = family.stage { [String]() } else { family.prefixes }
        }
    }

    /// The name as the service wants it: `models/` in front of a bare one, because the service does not add it.
    /// `projects/…` and every other path stays as it is.
    package static func qualifiedName(of model: String) -> String {
        model.utf8.contains(UInt8(ascii: "/")) ? model : "models/" + model
    }

    /// The name without its path, as people know it.
    package static func bareName(of model: String) -> String {
        String(model.split(separator: "/").last ?? "")
    }
}
