import CALSA

/// The time by which devices without a clock of their own are paced.
protocol DeviceClock: Sendable {
    /// Time since boot, sleep excluded.
    var now: Duration { get }

    /// Waits until `deadline`, or until woken. - Returns: whether it was woken.
    func wait(until deadline: Duration, _ wake: Wake) -> Bool
}

/// The machine's monotonic clock.
package struct MonotonicClock: DeviceClock {
    package init() {}

    package var now: Duration { .nanoseconds(vv_now()) }

    func wait(until deadline: Duration, _ wake: Wake) -> Bool { wake.wait(until: deadline) }
}
