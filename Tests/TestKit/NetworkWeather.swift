internal import Glibc

/// When bytes come out of a bad network. Pure: says the same for the same seed and the same moments.
package struct NetworkWeather: Sendable {
    /// The whole network stands still for a while, again and again at random moments.
    package struct Stalls: Sendable, Equatable {
        package var length: Duration
        /// On average from the end of one to the next.
        package var every: Duration

        package init(length: Duration = .milliseconds(200), every: Duration = .seconds(3)) {
            self.length = length
            self.every = every
        }
    }

    private var random: SeededGenerator
    /// The stall that is to come or is on, and the one before: with jitter, a piece may come out before its forerunner.
    private var stall: Range<Duration>?
    private var lastStall: Range<Duration>?
    /// In force when `stall` was drawn.
    private var stalls: Stalls?

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// When bytes that are read at `now` come out. Jitter alone does not keep their order: that is the caller's.
    ///
    /// - Parameters:
    ///   - now: on any clock, the same at every call, and never much before the last call's.
    ///   - jitter: the most by which one piece is faster or slower than `delay`; never before `now`.
    package mutating func arrival(
        of now: Duration, delay: Duration, jitter: Duration = .zero, stalls: Stalls? = nil
    ) -> Duration {
        let deviation = jitter == .zero ? .zero : jitter * Double.random(in: -1...1, using: &random)
        return end(ofStallAt: max(now, now + delay + deviation), stalls)
    }

    /// `moment`, or the end of the stall that it falls into.
    private mutating func end(ofStallAt moment: Duration, _ wanted: Stalls?) -> Duration {
        if stalls != wanted { (stalls, stall, lastStall) = (wanted, nil, nil) }
        guard let stalls else { return moment }
        var current = stall ?? next(stalls, after: moment)
        while moment >= current.upperBound {
            lastStall = current
            current = next(stalls, after: current.upperBound)
        }
        stall = current
        if let lastStall, lastStall.contains(moment) { return lastStall.upperBound }
        return current.contains(moment) ? current.upperBound : moment
    }

    /// Pauses are exponential, as between events that do not know of each other; at most ten times the mean.
    private mutating func next(_ stalls: Stalls, after moment: Duration) -> Range<Duration> {
        let pause = stalls.every * min(10, -log(1 - Double.random(in: 0..<1, using: &random)))
        return moment + pause..<moment + pause + stalls.length
    }
}
