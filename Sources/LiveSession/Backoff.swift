/// How long to wait before dialling again: doubling from a quarter of a second to a cap, with jitter, so that
/// clients that lost the same server do not all come back in the same instant.
package struct Backoff: Equatable, Sendable {
    package var first: Duration
    package var cap: Duration

    package init(first: Duration = .milliseconds(250), cap: Duration = .seconds(5)) {
        self.first = first
        self.cap = cap
    }

    /// - Parameters:
    ///   - attempt: the attempt that failed, from 1.
    ///   - fraction: where in the upper half of the interval to land, 0 … 1: the caller's randomness.
    package func delay(afterAttempt attempt: Int, fraction: Double) -> Duration {
        let whole = min(cap, first * (1 << min(max(attempt, 1) - 1, 16)))
        return whole / 2 + whole * min(max(fraction, 0), 1) / 2
    }
}
