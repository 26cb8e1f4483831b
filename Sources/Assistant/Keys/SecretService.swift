import Glibc

/// The desktop's keyring (the Secret Service of freedesktop.org), reached through `secret-tool`, libsecret's own
/// program: GLib and its threads stay out of this process, and the key goes through pipes, never a command line.
///
/// Every call waits for the program, `limit` at most: a keyring that is locked asks its owner to unlock it.
package struct SecretService: Sendable {
    /// For messages and lists.
    package static let name = "Secret Service"
    /// What our key is found by.
    private static let attributes = ["application", "vivavoce", "key", "gemini"]
    private static let limit = Duration.seconds(10)

    private let program: String
    private let environment: [String: String]

    private init(program: String, environment: [String: String]) {
        self.program = program
        self.environment = environment
    }

    /// Nil where there is no session bus or no `secret-tool`, so that nobody can have put a key there.
    package init?(ifThereIn environment: [String: String]) {
        guard let bus = environment["DBUS_SESSION_BUS_ADDRESS"], !bus.isEmpty,
            let program = Self.program(environment)
        else { return nil }
        self.init(program: program, environment: environment)
    }

    /// For somebody who asks for it.
    ///
    /// - Throws: `.unavailable` where there is no session bus, or no `secret-tool`.
    package init(demandedIn environment: [String: String]) throws(AssistantError) {
        guard let program = Self.program(environment) else {
            throw AssistantError(
                .unavailable, "The Secret Service is reached through secret-tool, and there is none on PATH.",
                remedy: "Install it (Debian: apt install libsecret-tools), or use a file: `vivavoce keys set`.")
        }
        guard environment["DBUS_SESSION_BUS_ADDRESS"]?.isEmpty == false else {
            throw AssistantError(
                .unavailable, "There is no session bus, so no Secret Service: DBUS_SESSION_BUS_ADDRESS is unset.",
                remedy: "Run this in your desktop's session, or use a file: `vivavoce keys set`.")
        }
        self.init(program: program, environment: environment)
    }

    private static func program(_ environment: [String: String]) -> String? {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/secret-tool" }.first { access($0, X_OK) == 0 }
    }

    // MARK: The key

    /// - Returns: nil when it has none.
    /// - Throws: `.unavailable` when it cannot be asked, such as a keyring that stays locked; `.refused` for what is
    ///   no key.
    package func read() throws(AssistantError) -> Credential? {
        try CoreDumps.forbid()
        let run = try ask(["lookup"] + Self.attributes, doing: "asked for the key")
        switch run.end {
        case .exited(0) where !run.output.isEmpty:
            return try Credential(checking: String(decoding: run.output, as: UTF8.self), from: "The \(Self.name)")
        case .exited(0): return nil
        case .exited(1) where run.complaint.isEmpty:
            // It says the same of a key that it has and may not give, because nobody unlocked the keyring. It finds that.
            guard try ask(["search"] + Self.attributes, doing: "asked for the key").output.isEmpty else {
                throw failure("found it in a locked keyring", doing: "asked for the key")
            }
            return nil
        default: throw failure(run.words, doing: "asked for the key")
        }
    }

    /// Puts the key in place of the one that may be there.
    package func write(_ secret: Secret) throws(AssistantError) {
        let words = ["store", "--label=Vivavoce: key for the Gemini API"] + Self.attributes
        let run = try ask(words, given: Array(secret.exposed.utf8), doing: "given the key")
        guard run.end == .exited(0) else {
            throw failure(run.words.replacing(secret.exposed, with: "•••"), doing: "given the key")
        }
    }

    /// - Returns: whether there was a key to remove.
    package func remove() throws(AssistantError) -> Bool {
        guard try holdsSomething() else { return false }
        let run = try ask(["clear"] + Self.attributes, doing: Self.forgetting)
        guard run.end == .exited(0) else { throw failure(run.words, doing: Self.forgetting) }
        return true
    }

    private static let forgetting = "told to forget the key"

    /// Whether there is something in the key's place, whatever it is, and locked or not.
    private func holdsSomething() throws(AssistantError) -> Bool {
        try CoreDumps.forbid()  // what it finds comes with it
        let run = try ask(["search"] + Self.attributes, doing: Self.forgetting)
        switch run.end {
        case .exited(0): return !run.output.isEmpty
        case .exited(1) where run.complaint.isEmpty: return false
        default: throw failure(run.words, doing: Self.forgetting)
        }
    }

    private func ask(
        _ words: [String], given: [UInt8] = [], doing what: String
    ) throws(AssistantError) -> ProgramRun {
        do throws(ProgramRun.CannotStart) {
            return try ProgramRun.finished([program] + words, environment: environment, given: given, limit: Self.limit)
        } catch {
            throw failure("cannot be started: \(error.reason)", doing: what)
        }
    }

    private func failure(_ words: String, doing what: String) -> AssistantError {
        AssistantError(
            .unavailable, "The \(Self.name) cannot be \(what): \(program) \(words).",
            remedy: "Unlock your keyring, or start a service for it (Debian: gnome-keyring); "
                + "or store the key in a file: `vivavoce keys set`.")
    }
}
