import Synchronization

/// Sessions kept for resumption, by handle. Shared by all connections of a service; lost when it ends.
final class HandleStore: Sendable {
    private struct Kept {
        let recollection: Recollection
        let model: String
        let since: ContinuousClock.Instant
    }

    private let kept = Mutex<[String: Kept]>([:])
    private let lifetime: Duration

    /// - Parameter lifetime: for how long a handle is good. The provider documents two hours.
    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    func keep(_ recollection: Recollection, model: String, under handle: String, now: ContinuousClock.Instant) {
        kept.withLock { kept in
            kept = kept.filter { $0.value.since + lifetime > now }
            kept[handle] = Kept(recollection: recollection, model: model, since: now)
        }
    }

    /// - Returns: the session, as old as it is by now; nil when the handle is unknown, has expired, or belongs to another
    ///   model.
    func find(_ handle: String, model: String, now: ContinuousClock.Instant) -> Recollection? {
        kept.withLock { kept in
            guard let found = kept[handle], found.since + lifetime > now, found.model == model else { return nil }
            var recollection = found.recollection
            recollection.age += found.since.duration(to: now)
            return recollection
        }
    }

    /// Makes all handles of a session worthless.
    func forget(session: String) {
        kept.withLock { kept in kept = kept.filter { $0.value.recollection.session != session } }
    }
}
