/// How many frames a second of sound has, and so how long a number of frames lasts.
package struct SampleRate: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let hertz: Int

    /// - Precondition: `hertz` lies in 1…1,000,000, which is past every converter and keeps the arithmetic in 64 bits.
    ///   Rates from outside are checked before they become one of these.
    package init(hertz: Int) {
        precondition((1...1_000_000).contains(hertz), "a sample rate of \(hertz) Hz is no sample rate")
        self.hertz = hertz
    }

    /// What the service takes: 16,000 Hz.
    package static let voice = SampleRate(hertz: 16_000)
    /// What the service answers in: 24,000 Hz.
    package static let speech = SampleRate(hertz: 24_000)

    /// How long `frames` last, exact to the picosecond.
    package func duration(of frames: Int) -> Duration {
        let (seconds, rest) = frames.quotientAndRemainder(dividingBy: hertz)
        let picoseconds = Int64(rest) * 1_000_000_000_000 / Int64(hertz)
        return Duration(secondsComponent: Int64(seconds), attosecondsComponent: picoseconds * 1_000_000)
    }

    /// Frames in `duration`, rounded to the nearest, so that `frames(in: duration(of: n)) == n`.
    package func frames(in duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        let picoseconds = attoseconds / 1_000_000
        let half: Int64 = picoseconds < 0 ? -500_000_000_000 : 500_000_000_000
        let fraction = (picoseconds * Int64(hertz) + half) / 1_000_000_000_000
        return Int(seconds) * hertz + Int(fraction)
    }

    package var description: String { "\(hertz) Hz" }

    package static func < (one: SampleRate, other: SampleRate) -> Bool { one.hertz < other.hertz }
}
