import Synchronization

/// Which connection serves which session: the real service fails a connection that resumes a session whose old socket
/// is still open (pitfall 6).
///
/// A connection that has sent no setup serves none, and so does not count.
final class OpenSessions: Sendable {
    private let sessions = Mutex<[Int: String]>([:])

    /// - Returns: false when another connection serves the session.
    func enter(_ session: String, connection: Int) -> Bool {
        sessions.withLock { sessions in
            guard !sessions.contains(where: { $0.value == session && $0.key != connection }) else { return false }
            sessions[connection] = session
            return true
        }
    }

    /// The connection has closed, or can no longer be told from one that has.
    func leave(connection: Int) {
        sessions.withLock { $0[connection] = nil }
    }
}
