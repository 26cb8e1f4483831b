import Assistant
import FoundationEssentials
import Testing

@Suite("config show and the annotated file", .timeLimit(.minutes(5)))
struct SettingsReportTests {
    /// config/vivavoce.yaml of this package.
    static let annotated =
        #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/config/vivavoce.yaml"

    @Test("config/vivavoce.yaml has every key with its default and nothing else")
    func annotatedFile() throws {
        let home = try SettingsFolder()
        let text = try String(contentsOfFile: Self.annotated, encoding: .utf8)
        try home.write(text, to: home.userFile)
        #expect(try home.layers().settings() == Settings())
        var section = ""
        var keys: [String] = []
        for line in text.split(separator: "\n") where !line.contains("#") {
            let name = line.prefix { $0 != ":" }.trimmingPrefix("  ")
            if line.hasPrefix("  ") { keys.append("\(section).\(name)") } else { section = String(name) }
        }
        #expect(keys == SettingKey.all.map(\.path))
        for key in SettingKey.all {
            let found = try home.layers().found(key)
            #expect(found?.text == key.preset)
            #expect(text.contains("  --\(key.flag)\n"), "\(key.path) names its flag")
        }
    }

    @Test("what config show prints is a settings file that gives the same settings")
    func roundTrip() throws {
        let home = try SettingsFolder()
        home.environment["VIVAVOCE_PERSONA_SYSTEM"] = "Say: \"yes\" # not\nno"
        home.environment["VIVAVOCE_AUDIO_OUTPUT"] = "null"
        home.environment["VIVAVOCE_AUDIO_INPUT"] = "-"
        let layers = try home.layers(flags: ["service.model": "true"])
        let report = try SettingsReport(layers)
        let other = try SettingsFolder()
        try other.write(report.yaml, to: other.userFile)
        #expect(try other.layers().settings() == layers.settings())
        #expect(report.yaml.contains("model: \"true\"  # --model"))
        #expect(report.yaml.contains("apiVersion:  # default"))
        #expect(report.yaml.contains("# VIVAVOCE_AUDIO_OUTPUT"))
    }

    @Test("no secret is in config show, in any form", arguments: CredentialSources.variables)
    func noSecret(variable: String) throws {
        let home = try SettingsFolder()
        home.environment[variable] = "sesame-open"
        home.environment["https_proxy"] = "http://user:hunter2@proxy:1"
        let report = try SettingsReport(home.layers())
        for text in [report.yaml, report.jsonLines, String(describing: report), String(reflecting: report)] {
            #expect(!text.contains("sesame-open"))
            #expect(!text.contains("hunter2"))
            #expect(text.contains(variable))
        }
        #expect(report.yaml.contains("# key: set (\(variable))"))
        #expect(report.yaml.contains("# https_proxy"))
        #expect(try SettingsReport(SettingsFolder().layers()).yaml.contains("# key: unset"))
    }

    @Test("a key that went into the wrong variable or file is not repeated")
    func misplacedKey() throws {
        let key = "AIzaSyD-1234567890abcdefghijklmnopqrstuv"
        let home = try SettingsFolder()
        home.environment["VIVAVOCE_SERVICE_API_VERSION"] = key + " "
        var error = try #require(throws: AssistantError.self) { try home.layers().settings() }
        #expect(!error.description.contains("AIza"))
        try home.write("service:\n  key: \(key)\n  \(key): x\n", to: home.userFile)
        error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(!error.description.contains("AIza"))
        #expect(error.message.contains("`service.keyFile`"))
    }
}
