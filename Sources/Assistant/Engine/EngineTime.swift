/// The engine's one monotonic clock: time since the conversation began. Everything that waits, waits here.
package struct EngineTime: Sendable {
    package let now: @Sendable () -> Duration
    /// Returns at `due`, or earlier when the task is cancelled.
    package let sleep: @Sendable (_ due: Duration) async -> Void

    package init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let origin = clock.now
        now = { origin.duration(to: clock.now) }
        sleep = { due in try? await clock.sleep(until: origin.advanced(by: due), tolerance: nil) }
    }
}

/// Which moments somebody is already waiting for, so that a deadline that moves does not pile up sleepers.
struct Alarms: Equatable, Sendable {
    private var armed: [Duration] = []

    /// - Returns: a moment to sleep until, or nil when an armed one comes early enough.
    mutating func arm(for due: Duration?) -> Duration? {
        guard let due, armed.allSatisfy({ due < $0 }) else { return nil }
        armed.append(due)
        return due
    }

    mutating func rang(_ due: Duration) { armed.removeAll { $0 == due } }
}
