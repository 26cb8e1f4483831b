/// What a handle brings back: a session as it was when the handle was issued. Nothing that came later is known to it.
struct Recollection: Equatable, Sendable {
    let conversation: Conversation
    /// The session's name, the same for all connections that resume one another.
    let session: String
    /// Since the session's first setup.
    var age: Duration
    /// A session resumed from it transcribes and never answers (pitfall 5).
    var isPoisoned = false

    /// What became of the search for a handle.
    enum Search: Equatable, Sendable {
        case found(Recollection)
        /// Unknown, expired, of another model, or of a session that is over.
        case unknown
        /// Another connection still serves the session (pitfall 6).
        case inUse
    }
}
