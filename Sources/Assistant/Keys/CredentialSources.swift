/// The places where a key may be, in the order in which they are asked.
package struct CredentialSources: Sendable {
    /// One place, and whether it has something.
    package struct Place: Sendable, Equatable {
        /// `token command`, `key file PATH`, a variable's name, `stored key PATH` or `Secret Service`, this with what
        /// is wrong where it cannot be asked.
        package let name: String
        package let isSet: Bool
    }

    /// Asked after a token command and a key file, before the stored key.
    package static let variables = ["VIVAVOCE_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"]

    let command: TokenCommand?
    let keyFile: KeyFile?
    let environment: [String: String]
    /// Where `keys set` puts the key; nil when the environment names neither a home nor a configuration folder.
    package let stored: KeyFile?
    private let service: SecretService?

    /// - Parameter settings: which of them the settings name.
    package init(_ settings: Settings.Service, environment: [String: String], places: SettingsPlaces) {
        command = settings.tokenCommand.map { TokenCommand($0) }
        keyFile = settings.keyFile.map { KeyFile(path: $0) }
        self.environment = environment
        stored = places.directory.map { KeyFile(path: "\($0)/keys/gemini") }
        service = SecretService(ifThereIn: environment)
    }

    /// Every place in order; the first that is set is the one that is used. Waits for the Secret Service.
    package var places: [Place] { quickPlaces + (service.map { [Self.place(of: $0)] } ?? []) }

    /// The place that is used; nil where none is set. Waits for the Secret Service only if no other is.
    package var used: Place? {
        quickPlaces.first(where: \.isSet) ?? service.map(Self.place).flatMap { $0.isSet ? $0 : nil }
    }

    /// Those that nobody waits for.
    private var quickPlaces: [Place] {
        var places: [Place] = []
        if command != nil { places.append(Place(name: "token command", isSet: true)) }
        if let keyFile { places.append(Place(name: "key file \(keyFile.path)", isSet: keyFile.exists)) }
        places += Self.variables.map { Place(name: $0, isSet: environment[$0]?.isEmpty == false) }
        if let stored { places.append(Place(name: "stored key \(stored.path)", isSet: stored.exists)) }
        return places
    }

    private static func place(of service: SecretService) -> Place {
        do throws(AssistantError) {
            return Place(name: SecretService.name, isSet: try service.read() != nil)
        } catch {
            return Place(name: "\(SecretService.name) (\(error.message))", isSet: false)
        }
    }

    /// The key or token to use, or who is asked for one. From here on the process leaves no core dump.
    ///
    /// Waits for the Secret Service where no other place has a key.
    ///
    /// - Throws: `.refused` when there is none, with the ways to give one, or when the first place's is unusable:
    ///   the next is not asked then, because a person who set a key means that key. `.noInput` when a named key file
    ///   is missing; `.unavailable` when the Secret Service cannot be asked.
    package func credential() throws(AssistantError) -> Credential {
        try CoreDumps.forbid()
        if let command { return .command(command) }
        if let keyFile { return try keyFile.read() }
        for name in Self.variables {
            guard let text = environment[name], !text.isEmpty else { continue }
            return try Credential(checking: text, from: name)
        }
        if let stored, stored.exists { return try stored.read() }
        if let credential = try service?.read() { return credential }
        throw AssistantError(
            .refused, "There is no key for the service.",
            remedy: """
                Put one into the variable GEMINI_API_KEY, or store one with `vivavoce keys set`.
                  Without a key, `vivavoce talk --rehearse` talks to a stand-in on this machine.
                """)
    }
}
