import Assistant
import FoundationEssentials
import Glibc
import Testing

/// With a stand-in for `secret-tool`, as a real child process.
@Suite("The Secret Service", .timeLimit(.minutes(5)))
struct SecretServiceTests {
    /// Keeps what it is given in a file, and notes how it was called.
    private static let keeper = """
        echo "$*" >>"$HOME/calls"; env >>"$HOME/calls"
        case $1 in
        store) cat >"$HOME/kept" ;;
        lookup) [ -e "$HOME/kept" ] && cat "$HOME/kept" ;;
        search) [ -e "$HOME/kept" ] && echo '[/org/freedesktop/secrets/collection/login/1]' ;;
        clear) rm "$HOME/kept" ;;
        esac
        """

    private func home(_ script: String) throws -> SettingsFolder {
        let home = try SettingsFolder()
        try home.fakeSecretTool(script)
        return home
    }

    @Test("a key is kept, found, replaced and removed; no command line and no variable has it")
    func keeps() throws {
        let home = try home(Self.keeper)
        home.environment["GEMINI_API_KEY"] = "sesame-one"
        let service = try SecretService(demandedIn: home.environment)
        #expect(try service.read() == nil)
        for key in ["sesame-one", "sesame-two"] {
            try service.write(Secret(key))
            #expect(try service.read() == Credential(key))
        }
        #expect(try service.remove())
        #expect(try !service.remove())
        #expect(try service.read() == nil)
        let calls = try String(contentsOfFile: home.path + "/calls", encoding: .utf8)
        #expect(calls.contains("store --label=Vivavoce: key for the Gemini API application vivavoce key gemini\n"))
        #expect(calls.contains("lookup application vivavoce key gemini\n"))
        #expect(!calls.contains("sesame"))
    }

    @Test("where there is no bus or no program, nobody is asked; who asks for it hears what is missing")
    func absent() throws {
        let home = try home("echo sesame")
        #expect(SecretService(ifThereIn: home.environment) != nil)
        var environment = home.environment
        environment["DBUS_SESSION_BUS_ADDRESS"] = nil
        #expect(SecretService(ifThereIn: environment) == nil)
        var error = try #require(throws: AssistantError.self) { try SecretService(demandedIn: environment) }
        #expect(error.exit == .unavailable)
        #expect(error.message.contains("DBUS_SESSION_BUS_ADDRESS"))
        environment = home.environment
        environment["PATH"] = home.path
        #expect(SecretService(ifThereIn: environment) == nil)
        error = try #require(throws: AssistantError.self) { try SecretService(demandedIn: environment) }
        #expect(error.remedy?.contains("libsecret-tools") == true)
    }

    @Test("a keyring that cannot be asked is told of with its words and a remedy, and its place is not set")
    func fails() throws {
        let home = try home("echo 'secret-tool: Cannot create an item in a locked collection' >&2; exit 1")
        let service = try SecretService(demandedIn: home.environment)
        let calls: [() throws -> Void] = [{ _ = try service.read() }, { try service.write(Secret("sesame-open")) }]
        for call in calls {
            let error = try #require(throws: AssistantError.self) { try call() }
            #expect(error.exit == .unavailable)
            #expect(error.message.contains("locked collection"))
            #expect(error.remedy?.contains("Unlock your keyring") == true)
        }
        let sources = CredentialSources(
            Settings.Service(), environment: home.environment, places: home.places())
        #expect(throws: AssistantError.self) { try sources.credential() }
        #expect(sources.used == nil)
        #expect(sources.places.last?.name.contains("locked collection") == true)
    }

    @Test("a keyring that stays locked is told from one that has no key")
    func locked() throws {
        let home = try home(
            "case $1 in lookup) exit 1 ;; search) echo '[/org/freedesktop/secrets/collection/login/1]' ;; esac")
        let error = try #require(throws: AssistantError.self) {
            try SecretService(demandedIn: home.environment).read()
        }
        #expect(error.exit == .unavailable)
        #expect(error.message.contains("locked keyring"))
    }

    @Test("a program that repeats the key does not get it into a message")
    func repeats() throws {
        let home = try home("echo \"bad secret: $(cat)\" >&2; exit 1")
        let error = try #require(throws: AssistantError.self) {
            try SecretService(demandedIn: home.environment).write(Secret("sesame-open"))
        }
        #expect(error.message.contains("bad secret: •••"))
        #expect(!error.description.contains("sesame"))
    }

    @Test("what is no key can be removed all the same, and so can one that is locked away")
    func removes() throws {
        let home = try home(Self.keeper)
        let service = try SecretService(demandedIn: home.environment)
        try home.write("two words", to: home.path + "/kept")
        #expect(throws: AssistantError.self) { try service.read() }
        #expect(try service.remove())
        #expect(try !service.remove())
        let locked = try self.home(
            "case $1 in search) echo '[/login/1]' ;; clear) echo 'it stays locked' >&2; exit 1 ;; esac")
        let error = try #require(throws: AssistantError.self) {
            try SecretService(demandedIn: locked.environment).remove()
        }
        #expect(error.message.contains("it stays locked") && error.remedy?.contains("Unlock your keyring") == true)
    }

    @Test("what is no key is refused without being shown")
    func noKey() throws {
        let home = try home("echo 'two words'")
        let error = try #require(throws: AssistantError.self) {
            try SecretService(demandedIn: home.environment).read()
        }
        #expect(error.exit == .refused)
        #expect(!error.description.contains("two words"))
    }
}
