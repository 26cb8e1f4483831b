import FoundationEssentials
import Glibc
import Testing

@testable import Assistant

/// A key is read once, and again when it may be another.
@Suite("The key of a process that reads its settings again", .timeLimit(.minutes(5)))
struct CredentialKeeperTests {
    private let keeper = CredentialKeeper()

    private func sources(_ home: SettingsFolder, keyFile: String? = nil) -> CredentialSources {
        var settings = Settings.Service()
        settings.keyFile = keyFile
        return CredentialSources(settings, environment: home.environment, places: home.places())
    }

    @Test("a pipe gives its key once, as `--key-file <(pass show gemini)` does, and it holds from then on")
    func pipeGivesOnce() throws {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        #expect(write(ends[1], "sesame\n", 7) == 7)
        close(ends[1])
        let sources = sources(try SettingsFolder(), keyFile: "/proc/self/fd/\(ends[0])")
        for _ in 0..<3 { #expect(try keeper.credential(from: sources) == Credential("sesame")) }
        let error = try #require(throws: AssistantError.self) { try sources.credential() }
        #expect(error.exit == .refused, "nothing is left in it")
    }

    @Test("a file is read again when another text is in it, another file is named, or others can read it")
    func files() throws {
        let home = try SettingsFolder()
        let (file, other) = (home.path + "/key", home.path + "/other")
        for (path, key) in [(file, "one"), (other, "two")] {
            try home.write(key, to: path)
            chmod(path, 0o600)
        }
        #expect(try keeper.credential(from: sources(home, keyFile: file)) == Credential("one"))
        #expect(try keeper.credential(from: sources(home, keyFile: other)) == Credential("two"))
        try home.write("three", to: other)
        chmod(other, 0o600)
        #expect(try keeper.credential(from: sources(home, keyFile: other)) == Credential("three"))
        chmod(other, 0o644)
        #expect(throws: AssistantError.self) { try keeper.credential(from: sources(home, keyFile: other)) }
        chmod(other, 0o600)
        #expect(try keeper.credential(from: sources(home, keyFile: other)) == Credential("three"))
        try home.remove(other)
        let error = try #require(throws: AssistantError.self) {
            try keeper.credential(from: sources(home, keyFile: other))
        }
        #expect(error.exit == .noInput)
    }

    @Test("a keyring is asked once, and where the key comes from a variable later, not at all")
    func keyring() throws {
        let home = try SettingsFolder()
        try home.fakeSecretTool("echo asked >>\"$HOME/asked\"; printf from-service")
        for _ in 0..<3 { #expect(try keeper.credential(from: sources(home)) == Credential("from-service")) }
        home.environment["GEMINI_API_KEY"] = "from-variable"
        #expect(try keeper.credential(from: sources(home)) == Credential("from-variable"))
        let asked = try String(contentsOfFile: home.path + "/asked", encoding: .utf8)
        #expect(asked == "asked\n")
    }
}
