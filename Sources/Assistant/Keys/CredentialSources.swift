/// The places where a key may be, in the order in which they are asked.
package struct CredentialSources: Sendable {
    /// One place, and whether it has something.
    package struct Place: Sendable, Equatable {
        /// `--key-file PATH`, a variable's name, or `stored`.
        package let name: String
        package let isSet: Bool
    }

    /// Asked after a key file that was named, before the stored key.
    package static let variables = ["VIVAVOCE_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"]

    private let keyFile: KeyFile?
    private let environment: [String: String]
    /// Where `keys set` puts the key; nil when the environment names neither a home nor a configuration folder.
    package let stored: KeyFile?

    /// - Parameter keyFile: what `service.keyFile` says.
    package init(keyFile: String?, environment: [String: String], places: SettingsPlaces) {
        self.keyFile = keyFile.map { KeyFile(path: $0) }
        self.environment = environment
        stored = places.directory.map { KeyFile(path: "\($0)/keys/gemini") }
    }

    /// Every place in order; the first that is set is the one that is used.
    package var places: [Place] {
        var places: [Place] = []
        if let keyFile { places.append(Place(name: "key file \(keyFile.path)", isSet: keyFile.exists)) }
        places += Self.variables.map { Place(name: $0, isSet: environment[$0]?.isEmpty == false) }
        if let stored { places.append(Place(name: "stored key \(stored.path)", isSet: stored.exists)) }
        return places
    }

    /// The key or token to use.
    ///
    /// - Throws: `.refused` when there is none, with the two ways to give one, or when the first place's is unusable:
    ///   the next is not asked then, because a person who set a key means that key. `.noInput` when a named key file
    ///   is missing.
    package func credential() throws(AssistantError) -> Credential {
        if let keyFile { return try keyFile.read() }
        for name in Self.variables {
            guard let text = environment[name], !text.isEmpty else { continue }
            return try Credential(checking: text, from: name)
        }
        if let stored, stored.exists { return try stored.read() }
        throw AssistantError(
            .refused, "There is no key for the service.",
            remedy: """
                Put one into the variable GEMINI_API_KEY, or store one with `vivavoce keys set`.
                  Without a key, `vivavoce talk --rehearse` talks to a stand-in on this machine.
                """)
    }
}
