import AudioCore

/// Finds out a device whose clock is not the rate that it claims: everything it brings then has the wrong pitch.
///
/// Counts frames against the monotonic clock. One window proves nothing, for a machine may stall; three in a row that
/// agree do.
struct RateWatch: Equatable, Sendable {
    static let window = Duration.seconds(5)
    /// Crystals are off by some 100 ppm. A twentieth is a half-tone, and the distance to the next common rate is more.
    static let tolerance = 0.03
    private static let windowsNeeded = 3

    let claimed: SampleRate
    private var start: Duration?
    private var frames = 0
    private var suspicion = 0
    private var measured = 0.0

    init(claimed: SampleRate) { self.claimed = claimed }

    /// - Parameters:
    ///   - count: frames since the last call.
    ///   - now: on the monotonic clock.
    /// - Returns: frames a second as measured, once it is certain that they are not what was claimed.
    mutating func observe(_ count: Int, now: Duration) -> Int? {
        guard let start else {
            self.start = now  // these frames were collected before
            return nil
        }
        frames += count
        let elapsed = now - start
        guard elapsed >= Self.window else { return nil }
        let rate = Double(frames) / (elapsed / .seconds(1))
        self.start = now
        frames = 0
        guard abs(rate / Double(claimed.hertz) - 1) > Self.tolerance else {
            suspicion = 0
            return nil
        }
        suspicion = suspicion > 0 && abs(rate / measured - 1) < 0.01 ? suspicion + 1 : 1
        measured = rate
        return suspicion >= Self.windowsNeeded ? Int(rate.rounded()) : nil
    }

    /// The stream was interrupted: what was counted so far says nothing.
    mutating func restart() { self = RateWatch(claimed: claimed) }
}
