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

@Suite("Settings files that are saved", .timeLimit(.minutes(5)))
struct SettingsWatchTests {
    @Test("a file that is written, put in place, linked to, or whose folder comes later, is noticed")
    func notices() async throws {
        let home = try SettingsFolder()
        let late = home.path + "/later/on/vivavoce.yaml"
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        let watch = SettingsWatch([home.userFile, late]) {}
        let watching = Task {
            await watch.run {
                isReady.finish()
            } onProblem: { error in
                Issue.record("\(error.message)")
            } onChange: {
                change.yield()
            }
        }
        for await _ in ready {}
        var seen = changes.makeAsyncIterator()
        try home.write("a: 1", to: home.userFile)
        await seen.next()
        try home.write("a: 22", to: home.path + "/draft")
        try home.move(home.path + "/draft", to: home.userFile)
        await seen.next()
        try home.makeFolder(home.path + "/later/on")
        try home.write("a: 333", to: late)
        await seen.next()
        try home.write("a: 4444", to: home.path + "/real")
        try home.link(home.path + "/link", to: home.path + "/real")
        try home.move(home.path + "/link", to: home.userFile)
        await seen.next()
        try home.write("a: 55555", to: home.path + "/real")
        await seen.next()
        try home.remove(home.userFile)
        await seen.next()
        watching.cancel()
        await watching.value
    }

    @Test("a folder that cannot be watched is told of, and the others are watched")
    func unwatched() async throws {
        let home = try SettingsFolder()
        let impossible = home.path + "/" + String(repeating: "x", count: 300)
        let watch = SettingsWatch([impossible + "/vivavoce.yaml", home.userFile]) {}
        let (problems, problem) = AsyncStream.makeStream(of: String.self)
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        let (changes, change) = AsyncStream.makeStream(of: Void.self)
        let watching = Task {
            await watch.run {
                isReady.finish()
            } onProblem: { error in
                problem.yield(error.message)
            } onChange: {
                change.yield()
            }
        }
        for await _ in ready {}
        try home.write("a: 1", to: home.userFile)
        for await _ in changes { break }
        watching.cancel()
        await watching.value
        problem.finish()
        var told: [String] = []
        for await text in problems { told.append(text) }
        #expect(told.count == 1)
        #expect(told.first?.contains(impossible) == true)
    }
}
