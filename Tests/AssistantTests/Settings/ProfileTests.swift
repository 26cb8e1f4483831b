import Assistant
import FoundationEssentials
import LiveSession
import Testing

@Suite("Profiles", .timeLimit(.minutes(5)))
struct ProfileTests {
    private static let file = """
        audio: {volume: 80}
        profile: night
        profiles:
          kitchen: {audio: {volume: 40}, turns: {mode: half}}
          night: {audio: {volume: 10}}

        """

    @Test("flag beats variable beats file, and without any the file's own values hold")
    func choice() throws {
        let home = try SettingsFolder()
        try home.write(Self.file, to: home.userFile)
        #expect(try home.layers().settings().audio.volume == 0.1)
        #expect(try home.layers().profile?.source == "\(home.userFile):2: `profile`")
        home.environment["VIVAVOCE_PROFILE"] = "kitchen"
        #expect(try home.layers().settings().audio.volume == 0.4)
        #expect(try home.layers().settings().turns.mode == .half)
        let places = SettingsPlaces(environment: home.environment, profile: "night", systemFile: home.systemFile)
        let layers = try SettingLayers(environment: home.environment, places: places)
        #expect(layers.profile?.name == "night")
        #expect(layers.profile?.source == "--profile")
        #expect(try layers.settings().audio.volume == 0.1)
        #expect(layers.unknownVariables.isEmpty)
        #expect(try SettingsReport(layers).yaml.contains("volume: 10  # \(home.userFile):5 (profile night)"))
        home.environment["VIVAVOCE_PROFILE"] = ""
        try home.write(Self.file.replacing("profile: night\n", with: "\n"), to: home.userFile)
        #expect(try home.layers().settings().audio.volume == 0.8)
    }

    @Test("one that no file has is refused with the nearest", arguments: ["kichen", "Kitchen", "kitchens"])
    func unknown(name: String) throws {
        let home = try SettingsFolder()
        try home.write(Self.file, to: home.userFile)
        home.environment["VIVAVOCE_PROFILE"] = name
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.exit == .configuration)
        #expect(error.message.contains("VIVAVOCE_PROFILE is \"\(name)\""))
        #expect(error.message.contains("did you mean `kitchen`"))
        try home.write("", to: home.userFile)
        #expect(throws: AssistantError.self) { try home.layers() }
    }

    @Test(
        "a mistake in any profile is one of the file",
        arguments: [
            ("profiles:\n  a:\n    audio: {volum: 1}\n", 3, "`audio.volume`"),
            ("profiles:\n  a: {audoi: {}}\n", 2, "`audoi`"), ("profiles: kitchen\n", 1, "profiles by name"),
            ("profiles: {a: 5}\n", 1, "sections"), ("profile: [a]\n", 1, "one value"),
            ("profil: a\n", 1, "did you mean `profile`"), ("porfiles: {}\n", 1, "did you mean `profiles`"),
        ])
    func mistakes(text: String, line: Int, says: String) throws {
        let home = try SettingsFolder()
        try home.write(text, to: home.userFile)
        let error = try #require(throws: AssistantError.self) { try home.layers() }
        #expect(error.exit == .configuration)
        #expect(error.message.contains("\(home.userFile):\(line):"), "\(error.message)")
        #expect(error.message.contains(says), "\(error.message)")
    }
}
