/// What programs that we start are told of our variables: everything but keys. Pure.
package enum ChildEnvironment {
    /// Variables that hold a key for the service: those that we read, and those in which other programs look for one.
    package static let withheld =
        CredentialSources.variables + ["GOOGLE_GENAI_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]

    /// A program of the user's own may have a key of another service; that is left to it.
    ///
    /// - Parameter environment: our own variables.
    package static func cleaned(_ environment: [String: String]) -> [String: String] {
        environment.filter { !withheld.contains($0.key) }
    }

    /// Whether there is something to withhold.
    package static func holdsKey(_ environment: [String: String]) -> Bool {
        withheld.contains { environment[$0]?.isEmpty == false }
    }
}
