import Assistant
import Testing

@Suite("Bad settings", .timeLimit(.minutes(5)))
struct BadSettingsTests {
    struct BadFile: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int
        let says: [String]
        var testDescription: String { text }

        init(_ text: String, line: Int, says: String...) {
            self.text = text
            self.line = line
            self.says = says
        }
    }

    @Test(
        "a bad file is refused with file, line and what is right",
        arguments: [
            BadFile("service:\n  endpont: wss://a\n", line: 2, says: "`service.endpont`", "`service.endpoint`"),
            BadFile("# one\n\nserivce:\n  model: m\n", line: 3, says: "`serivce`", "did you mean"),
            BadFile("service:\n  silence: 3\n", line: 2, says: "`turns.silenceMilliseconds`"),
            BadFile("audio:\n  voice: Puck\n", line: 2, says: "did you mean `persona.voice`"),
            BadFile("model: m\n", line: 1, says: "did you mean `service.model`"),
            BadFile("turns:\n  silenceMilliseconds: soon\n", line: 2, says: "\"soon\"", "whole number from 1 to 60000"),
            BadFile("turns: {silenceMilliseconds: 0}", line: 1, says: "whole number from 1 to 60000"),
            BadFile("turns:\n  mode: shout\n", line: 2, says: "`turns.mode`", "\"shout\"", "accepted: open, local"),
            BadFile("log: {level: loud}", line: 1, says: "warning"),
            BadFile("service:\n  model: [a, b]\n", line: 2, says: "`service.model` takes one value"),
            BadFile("service:\n  model: {a: b}\n", line: 2, says: "`service.model` takes one value"),
            BadFile("service: wss://a\n", line: 1, says: "`service` holds keys", "`endpoint`"),
            BadFile("- a\n- b\n", line: 1, says: "sections"),
            BadFile("service:\n  model: \"m\n", line: 3, says: "not YAML"),
            BadFile("service:\n\tmodel: m\n", line: 2, says: "not YAML"),
            BadFile("service:\n  model: m\n  model: n\n", line: 2, says: "set twice", "model"),
            BadFile("service: {endpoint: example.com}", line: 1, says: "\"example.com\"", "wss://host"),
            BadFile("a: 1\n---\nb: 2\n", line: 2, says: "not YAML"),
        ])
    func badFile(bad: BadFile) throws {
        let home = try SettingsFolder()
        try home.write(bad.text, to: home.userFile)
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.exit == .configuration)
        #expect(error.message.contains("\(home.userFile):\(bad.line):"), "\(error.message)")
        for text in bad.says { #expect(error.message.contains(text), "\(error.message)") }
    }

    @Test("all problems of a file are told at once")
    func tellsAll() throws {
        let home = try SettingsFolder()
        try home.write("service:\n  modell: m\npersona:\n  voize: v\nlog:\n  level: loud\n", to: home.userFile)
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.message.split(separator: "\n").count == 3)
    }

    @Test("a file that is no text, or far too long, is refused")
    func notText() throws {
        let home = try SettingsFolder()
        try home.write("a: \u{0}", to: home.userFile)
        #expect(throws: AssistantError.self) { try home.layers() }
        try home.write(String(repeating: "# comment\n", count: 200_000), to: home.userFile)
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.exit == .configuration)
    }

    @Test("the system's file is checked like the user's")
    func badSystemFile() throws {
        let home = try SettingsFolder()
        try home.write("service:\n  modell: m\n", to: home.systemFile)
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.message.contains("\(home.systemFile):2:"))
    }

    @Test("a bad variable is named, with what is accepted", arguments: SettingKey.all)
    func badVariable(key: SettingKey) throws {
        guard let bad = Self.unacceptable(key) else { return }
        let home = try SettingsFolder()
        home.environment[key.environmentName] = bad
        let error = try #require(throws: AssistantError.self) { try home.layers().settings() }
        #expect(error.exit == .configuration)
        #expect(error.message.contains(key.environmentName))
        #expect(error.message.contains(key.accepts.description))
    }

    @Test("a bad flag is a usage error that names the flag", arguments: SettingKey.all)
    func badFlag(key: SettingKey) throws {
        guard let bad = Self.unacceptable(key) else { return }
        let error = try #require(throws: AssistantError.self) {
            try SettingsFolder().layers(flags: [key.path: bad]).settings()
        }
        #expect(error.exit == .usage)
        #expect(error.message.contains("--\(key.flag) "))
    }

    private static func unacceptable(_ key: SettingKey) -> String? {
        switch key.accepts {
        case .text, .device: nil  // any text will do, and empty is unset
        case .word: "two words"
        case .address: "not a url"
        case .proxy: "socks5://a"
        case .wholeNumber(let range): String(range.upperBound + 1)
        case .probability: "0"
        case .amount: "-1"
        case .oneOf: "neither"
        }
    }

    @Test(
        "what --until does not take is a usage error",
        arguments: ["", "never", "idle", "idle:", "for:0", "for:-1", "for:x", "for:1e99", "for:nan", "EOF"])
    func badUntil(text: String) throws {
        let error = try #require(throws: AssistantError.self) { try SettingsFolder().layers().settings(until: text) }
        #expect(error.exit == .usage)
        #expect(error.message.contains("idle:SECONDS"))
    }

    @Test("a missing instruction file is missing input")
    func missingInstructions() throws {
        let error = try #require(throws: AssistantError.self) {
            try SettingsFolder().layers(flags: ["persona.system": "@/nowhere.txt"]).settings()
        }
        #expect(error.exit == .noInput)
        #expect(error.message.contains("/nowhere.txt"))
    }

    @Test("slips counts inserted, dropped, changed and swapped letters")
    func slips() {
        #expect(SettingKey.nearest(to: "service.apiVerison").path == "service.apiVersion")
        #expect(SettingKey.nearest(to: "SERVICE.CAFILE").path == "service.caFile")
        #expect(SettingKey.nearest(to: "").path.isEmpty == false)
        #expect(SettingKey.nearest(to: "level").path == "log.level")
    }
}
