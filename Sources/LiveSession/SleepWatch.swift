/// Notices that the machine has slept: a clock that counts sleep has gone further than one that does not.
///
/// Pure. A connection does not survive a sleep of more than moments, but nothing would say so before a timeout.
package struct SleepWatch: Equatable, Sendable {
    /// Less than this is the difference of two readings, not a sleep.
    package let tolerance: Duration
    private var known: Duration?

    package init(tolerance: Duration = .seconds(2)) { self.tolerance = tolerance }

    /// - Parameter asleep: how long the machine has slept so far (CLOCK_BOOTTIME less CLOCK_MONOTONIC).
    /// - Returns: how long it slept since the last call; nil if it did not.
    package mutating func observe(asleep: Duration) -> Duration? {
        defer { known = asleep }
        guard let known, asleep - known >= tolerance else { return nil }
        return asleep - known
    }
}
