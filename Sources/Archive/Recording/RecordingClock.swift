import Glibc

/// The clocks that a recording stands between: the devices', and that of the events.
package struct RecordingClock: Sendable {
    /// Time since boot, sleep excluded: what devices stamp their sound with.
    package let monotonic: @Sendable () -> Duration
    /// Time since 1970.
    package let wall: @Sendable () -> Duration
    /// Returns after so long, or earlier when the task is cancelled.
    package let sleep: @Sendable (Duration) async -> Void

    package init(
        monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.monotonic = monotonic
        self.wall = wall
        self.sleep = sleep
    }

    package static let ofMachine = RecordingClock(
        monotonic: { read(CLOCK_MONOTONIC) }, wall: { read(CLOCK_REALTIME) },
        sleep: { try? await Task.sleep(for: $0) })

    /// What has to be added to the monotonic clock to get the wall clock: changes when somebody sets the latter, and when
    /// the machine sleeps.
    ///
    /// - Parameter last: the answer before; it stands when the machine was busy elsewhere between the two readings.
    func offset(since last: Duration? = nil) -> Duration {
        let before = monotonic()
        let wall = wall()
        let after = monotonic()
        if let last, after - before > .milliseconds(1) { return last }
        return wall - before - (after - before) / 2
    }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

extension Duration {
    /// Whole milliseconds, to the nearest.
    var milliseconds: Int64 { Int64((self / .milliseconds(1)).rounded()) }
}
