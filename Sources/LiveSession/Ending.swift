/// How a session ended for good, in terms that a caller maps to an exit code.
package struct Ending: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The user or the end condition asked for it.
        case asked
        /// Key, permission, location or quota: somebody must act before another try can help.
        case refused
        /// A setting cannot work, which showed only when it was needed.
        case misconfigured
        /// The service cannot be reached, or does not take what we ask for.
        case unavailable
        /// It was live, and could not be brought back.
        case unrecoverable
    }

    package var kind: Kind
    /// What was tried and what came back, for people.
    package var reason: String
    /// HTTP status or WebSocket close code, when the end came with one.
    package var code: Int?
    /// What to do about it.
    package var remedy: String?
    /// It is about the way to the service, and may be another in a moment.
    package var mayPass = false

    package init(_ kind: Kind, reason: String, code: Int? = nil, remedy: String? = nil) {
        self.kind = kind
        self.reason = reason
        self.code = code
        self.remedy = remedy
    }
}
