import Assistant
import FoundationEssentials
import Glibc
import Testing

@Suite("Keys", .timeLimit(.minutes(5)))
struct KeyTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    private func sources(
        _ home: SettingsFolder, keyFile: String? = nil, tokenCommand: String? = nil
    ) -> CredentialSources {
        var settings = Settings.Service()
        (settings.keyFile, settings.tokenCommand) = (keyFile, tokenCommand)
        return CredentialSources(settings, environment: home.environment, places: home.places())
    }

    @Test("a secret does not show, however it is printed")
    func redacts() {
        let credential = Credential("sesame")
        var dumped = ""
        dump(credential, to: &dumped)
        for text in ["\(credential)", String(reflecting: credential), dumped, "\([credential])"] {
            #expect(!text.contains("sesame"))
        }
        #expect(credential == .key(Secret("sesame")))
        #expect(Credential("auth_tokens/t") == .token(Secret("auth_tokens/t")))
    }

    @Test("the order is token command, key file, the three variables, stored key, Secret Service")
    func order() throws {
        let home = try SettingsFolder()
        try home.fakeSecretTool("printf from-service")
        let file = home.path + "/key"
        try home.write("from-file\n", to: file)
        chmod(file, 0o600)
        try #require(sources(home).stored).write(Secret("from-store"))
        let stored = try #require(sources(home).stored)
        #expect(try stored.remove())
        var found: [Credential] = [try sources(home).credential()]
        #expect(sources(home).used?.name == "Secret Service")
        try stored.write(Secret("from-store"))
        found.append(try sources(home).credential())
        for name in CredentialSources.variables.reversed() {
            home.environment[name] = "from-\(name)"
            found.append(try sources(home).credential())
        }
        found.append(try sources(home, keyFile: file).credential())
        let order = [
            "from-service", "from-store", "from-GOOGLE_API_KEY", "from-GEMINI_API_KEY", "from-VIVAVOCE_KEY",
            "from-file",
        ]
        #expect(found == order.map { Credential($0) })
        let all = sources(home, keyFile: file, tokenCommand: "broker")
        #expect(try all.credential() == .command(TokenCommand("broker")))
        #expect(all.used?.name == "token command")
        #expect(all.places.count == 7)
        #expect(all.places.allSatisfy { $0.isSet })
    }

    @Test("without a key the two ways to give one are told")
    func noKey() throws {
        let error = try #require(throws: AssistantError.self) { try sources(SettingsFolder()).credential() }
        #expect(error.exit == .refused)
        #expect(error.description.contains("GEMINI_API_KEY"))
        #expect(error.description.contains("vivavoce keys set"))
    }

    @Test("a stored key is for its owner alone, and so is its folder; storing again replaces it")
    func stores() throws {
        let home = try SettingsFolder()
        let stored = try #require(sources(home).stored)
        for key in ["one", "two"] {
            try stored.write(Secret(key))
            #expect(try stored.read() == Credential(key))
            #expect(mode(stored.path) == 0o600)
            #expect(mode(home.path + "/config/vivavoce/keys") == 0o700)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/config/vivavoce/keys") == ["gemini"])
        #expect(try stored.remove())
        #expect(try !stored.remove())
        #expect(!stored.exists)
    }

    @Test("the folder is made where there is none, also with a lax umask")
    func makesFolder() throws {
        let home = try SettingsFolder()
        home.environment["XDG_CONFIG_HOME"] = home.path + "/a/b c/d"
        let old = umask(0)
        defer { umask(old) }
        let stored = try #require(sources(home).stored)
        try stored.write(Secret("k"))
        #expect(mode(stored.path) == 0o600)
        #expect(mode(home.path + "/a/b c/d/vivavoce/keys") == 0o700)
    }

    @Test(
        "a key file that others can read or write is refused, with the remedy", arguments: [0o644, 0o640, 0o602, 0o660])
    func refusesOpenFile(permissions: mode_t) throws {
        let home = try SettingsFolder()
        let file = home.path + "/key"
        try home.write("sesame\n", to: file)
        chmod(file, permissions)
        let error = try #require(throws: AssistantError.self) { try sources(home, keyFile: file).credential() }
        #expect(error.exit == .refused)
        #expect(error.remedy == "chmod 600 \(file)")
        #expect(!error.description.contains("sesame"))
    }

    @Test("a missing key file is missing input, also with a key elsewhere")
    func missingFile() throws {
        let home = try SettingsFolder()
        home.environment["GEMINI_API_KEY"] = "k"
        let error = try #require(throws: AssistantError.self) { try sources(home, keyFile: "/nowhere").credential() }
        #expect(error.exit == .noInput)
    }

    @Test(
        "a text that cannot travel in a header is no key, and is not repeated",
        arguments: ["  ", "a b", "a\r\nX-Evil: 1", "schlüssel"])
    func refusesBadKey(text: String) throws {
        let home = try SettingsFolder()
        home.environment["GEMINI_API_KEY"] = text
        let error = try #require(throws: AssistantError.self) { try sources(home).credential() }
        #expect(error.exit == .refused)
        #expect(error.message.contains("GEMINI_API_KEY"))
        #expect(!error.description.contains("Evil"))
        #expect(!error.description.contains("schlüssel"))
    }

    @Test("programs that we start get every variable but those with a key for the service")
    func childEnvironment() {
        var environment = ["PATH": "/bin", "HOME_ASSISTANT_API_KEY": "theirs", "VIVAVOCE_SERVICE_KEY_FILE": "/key"]
        let cleaned = environment
        #expect(!ChildEnvironment.holdsKey(environment))
        for name in ["VIVAVOCE_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"] { environment[name] = "sesame" }
        environment["GOOGLE_GENERATIVE_AI_API_KEY"] = "sesame"
        #expect(ChildEnvironment.cleaned(environment) == cleaned)
        #expect(ChildEnvironment.holdsKey(environment))
        #expect(CredentialSources.variables.allSatisfy { ChildEnvironment.withheld.contains($0) })
    }

    @Test("white space around a key goes")
    func trims() throws {
        #expect(try Credential(checking: " \tk\r\n", from: "x") == Credential("k"))
    }
}
