/// The engine's one monotonic clock: time since the conversation began. Everything that waits, waits here.
package struct EngineTime: Sendable {
    package let now: @Sendable () -> Duration
    /// Returns at `due`, or earlier when the task is cancelled.
    package let sleep: @Sendable (_ due: Duration) async -> Void
    /// For how long the machine has slept since the conversation began.
    package let asleep: @Sendable () -> Duration

    /// - Parameter asleep: how long the machine has slept so far; only differences matter.
    package init<C: Clock>(_ clock: C, asleep: @escaping @Sendable () -> Duration) where C.Duration == Duration {
        let origin = clock.now
        now = { origin.duration(to: clock.now) }
        sleep = { due in try? await clock.sleep(until: origin.advanced(by: due), tolerance: nil) }
        self.asleep = asleep
    }

    /// The machine's clocks: the one that goes on during sleep (CLOCK_BOOTTIME), beside the one that does not.
    package static let ofMachine: @Sendable () -> EngineTime = {
        let (always, waking) = (ContinuousClock(), SuspendingClock())
        let (alwaysAtStart, wakingAtStart) = (always.now, waking.now)
        return EngineTime(always) {
            alwaysAtStart.duration(to: always.now) - wakingAtStart.duration(to: waking.now)
        }
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
