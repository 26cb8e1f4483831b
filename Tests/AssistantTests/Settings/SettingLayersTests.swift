import Assistant
import Testing

@Suite("Where settings come from", .timeLimit(.minutes(5)))
struct SettingLayersTests {
    /// A value that each key accepts and that is not its default.
    static func other(_ key: SettingKey, _ variant: Int) -> String {
        switch key.accepts {
        case .text, .word: "value\(variant)"
        case .device: variant == 0 ? "null" : "alsa:hw:\(variant)"
        case .address: "ws://127.0.0.1:900\(variant)"
        case .proxy: "http://proxy\(variant):3128"
        case .wholeNumber(let range): String(range.lowerBound + variant)
        case .probability: "1e-\(variant + 1)"
        case .amount: "2.\(variant + 1)"
        case .oneOf(let words): words[variant % words.count]
        }
    }

    @Test("flag beats environment beats user's file beats system's file beats default", arguments: SettingKey.all)
    func precedence(key: SettingKey) throws {
        let home = try SettingsFolder()
        #expect(try home.layers().found(key)?.text == key.preset)
        #expect(try home.layers().found(key)?.source == (key.preset == nil ? nil : .preset))

        try home.write("\(key.section):\n  \(key.name): \(Self.other(key, 0))\n", to: home.systemFile)
        #expect(try home.layers().found(key)?.text == Self.other(key, 0))
        #expect(try home.layers().found(key)?.source == .file(home.systemFile, line: 2))

        try home.write("\n\(key.section): {\"\(key.name)\": \"\(Self.other(key, 1))\"}\n", to: home.userFile)
        #expect(try home.layers().found(key)?.text == Self.other(key, 1))
        #expect(try home.layers().found(key)?.source == .file(home.userFile, line: 2))

        home.environment[key.environmentName] = Self.other(key, 2)
        #expect(try home.layers().found(key)?.text == Self.other(key, 2))
        #expect(try home.layers().found(key)?.source == .environment(key.environmentName))

        let layers = try home.layers(flags: [key.path: Self.other(key, 3)])
        #expect(try layers.found(key)?.text == Self.other(key, 3))
        #expect(try layers.found(key)?.source == .flag(key.flag))
        _ = try layers.settings()  // each of them is also taken by the typed settings
    }

    @Test("environment names follow from the path")
    func environmentNames() {
        #expect(SettingKey.apiVersion.environmentName == "VIVAVOCE_SERVICE_API_VERSION")
        #expect(SettingKey.silence.environmentName == "VIVAVOCE_TURNS_SILENCE_MILLISECONDS")
        #expect(SettingKey.logLevel.environmentName == "VIVAVOCE_LOG_LEVEL")
        #expect(Set(SettingKey.all.map(\.environmentName)).count == SettingKey.all.count)
        #expect(Set(SettingKey.all.map(\.flag)).count == SettingKey.all.count)
    }

    @Test("an empty variable and a key without a value count as unset")
    func emptyIsUnset() throws {
        let home = try SettingsFolder()
        home.environment["VIVAVOCE_PERSONA_VOICE"] = ""
        try home.write("persona:\n  voice:\n  language: ~\naudio:\nturns: {}\n", to: home.userFile)
        let settings = try home.layers().settings()
        #expect(settings == Settings())
    }

    @Test("VIVAVOCE_CONFIG and --config name another file, and that must exist")
    func namedFile() throws {
        let home = try SettingsFolder()
        try home.write("persona: {voice: Puck}", to: home.userFile)
        try home.write("persona: {voice: Kore}", to: home.path + "/a.yaml")
        try home.write("persona: {voice: Charon}", to: home.path + "/b.yaml")
        #expect(try home.layers().settings().persona.voice == "Puck")
        home.environment["VIVAVOCE_CONFIG"] = "~/a.yaml"
        #expect(try home.layers().settings().persona.voice == "Kore")
        #expect(try home.layers(config: home.path + "/b.yaml").settings().persona.voice == "Charon")
        let error = #expect(throws: AssistantError.self) { try home.layers(config: "/nowhere/c.yaml") }
        #expect(error?.exit == .noInput)
        #expect(error?.message.contains("/nowhere/c.yaml") == true)
    }

    @Test("without a home there is no user's file, and defaults hold")
    func homeless() throws {
        let layers = try SettingLayers(
            environment: [:], places: SettingsPlaces(environment: [:], systemFile: "/nowhere.yaml"))
        #expect(try layers.settings() == Settings())
    }

    @Test("typed settings carry what was set")
    func typed() throws {
        let home = try SettingsFolder()
        try home.write("Be kind.\n", to: home.path + "/butler.txt")
        try home.write(
            """
            service: {endpoint: "https://gate.example/live/", apiVersion: v1alpha, caFile: ~/ca.pem, model: models/m}
            persona: {system: "@~/butler.txt", language: de-DE}
            transcription: {languages: "de-DE, en", vocabulary: "Vivavoce,  Käthe Schmidt ,"}
            archive: {store: off, recordings: ~/talks, keepDays: 30}
            audio: {input: "-", output: null}
            turns: {silenceMilliseconds: 800, startSensitivity: low, endSensitivity: high}
            session: {setupTimeoutSeconds: 3, answerTimeoutSeconds: 7, recoverySeconds: 90, connectionLimitSeconds: 300}
            log: {level: debug}
            """, to: home.userFile)
        var expected = Settings()
        expected.service.endpoint = try #require(ServiceAddress("wss://gate.example/live"))
        expected.service.apiVersion = "v1alpha"
        expected.service.caFile = home.path + "/ca.pem"
        expected.service.model = "models/m"
        expected.persona.system = "Be kind.\n"
        expected.persona.language = "de-DE"
        expected.transcription.languages = ["de-DE", "en"]
        expected.transcription.vocabulary = ["Vivavoce", "Käthe Schmidt"]
        expected.archive.isStoreOn = false
        expected.archive.recordings = home.path + "/talks"
        expected.archive.keepDays = 30
        expected.audio.input = "-"
        expected.audio.output = "null"
        expected.turns.silence = .milliseconds(800)
        expected.turns.startSensitivity = .low
        expected.turns.endSensitivity = .high
        expected.session.setupTimeout = .seconds(3)
        expected.session.answerTimeout = .seconds(7)
        expected.session.recovery = .seconds(90)
        expected.session.connectionLimit = .seconds(300)
        expected.until = .inputEnds
        let settings = try home.layers().settings()
        #expect("\(settings.log.level)" == "debug")
        expected.log = settings.log
        #expect(settings == expected)
    }

    @Test(
        "--until takes its four forms",
        arguments: [
            ("eof", .inputEnds), ("forever", .forever), ("idle:2.5", .idle(.milliseconds(2500))),
            ("for:60", .elapsed(.seconds(60))),
        ] as [(String, Until)])
    func until(text: String, until: Until) throws {
        #expect(try SettingsFolder().layers().settings(until: text).until == until)
    }

    @Test(
        "without --until an input that has an end decides",
        arguments: [
            ("-", .inputEnds), ("file:/tmp/a.wav", .inputEnds), ("pipe:/tmp/p", .inputEnds), ("default", .forever),
            ("alsa:file", .forever), ("tone:440", .forever),
        ] as [(String, Until)])
    func untilByInput(input: String, until: Until) throws {
        #expect(try SettingsFolder().layers(flags: ["audio.input": input]).settings().until == until)
    }

    @Test("variables that look like ours but name nothing are found, with the one that was meant")
    func unknownVariables() throws {
        let home = try SettingsFolder()
        home.environment["VIVAVOCE_SERVICE_APIVERSION"] = "v1"
        home.environment["VIVAVOCE_KEY"] = "k"
        home.environment["VIVAVOCE_SOCKET"] = "/run/vivavoce/control.sock"
        let unknown = try home.layers().unknownVariables
        #expect(unknown.map(\.name) == ["VIVAVOCE_SERVICE_APIVERSION"])
        #expect(unknown.map(\.nearest) == ["VIVAVOCE_SERVICE_API_VERSION"])
    }
}
