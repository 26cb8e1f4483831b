import Synchronization

/// Conversations kept for resumption, by handle. Shared by all connections of a service; lost when it ends.
final class HandleStore: Sendable {
    private struct Kept {
        let conversation: Conversation
        let model: String
        let expires: ContinuousClock.Instant
    }

    private let kept = Mutex<[String: Kept]>([:])
    private let lifetime: Duration

    /// - Parameter lifetime: for how long a handle is good. The provider documents two hours.
    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    func keep(_ conversation: Conversation, model: String, under handle: String, now: ContinuousClock.Instant) {
        kept.withLock { kept in
            kept = kept.filter { $0.value.expires > now }
            kept[handle] = Kept(conversation: conversation, model: model, expires: now + lifetime)
        }
    }

    /// - Returns: nil when the handle is unknown, has expired, or belongs to another model.
    func find(_ handle: String, model: String, now: ContinuousClock.Instant) -> Conversation? {
        kept.withLock { kept in
            guard let found = kept[handle], found.expires > now, found.model == model else { return nil }
            return found.conversation
        }
    }
}
