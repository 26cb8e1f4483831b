import AudioCore

/// How much sound a loudspeaker is to hold, of what it can: little, because an answer waits behind it, and more after it
/// ran dry, because whoever is late once is late again.
///
/// Grows with every xrun and shrinks while there is none. Time is counted in the frames written, so it needs no clock. A
/// level that was left and had to be taken again is kept twice as long the next time.
struct FillTarget: Equatable, Sendable {
    /// On a quiet machine: five periods bridge what a thread with real-time priority may be late.
    static let least = Duration.milliseconds(60)
    /// Added after an xrun, as far as the device's buffer goes.
    static let growth = Duration.milliseconds(20)
    /// Taken off after each calm while.
    static let shrinkage = Duration.milliseconds(10)
    static let calm = Duration.seconds(120)
    static let longestCalm = Duration.seconds(1_920)

    /// Frames to hold.
    private(set) var frames: Int
    private let bounds: ClosedRange<Int>
    private let rate: SampleRate
    /// Frames written since the target last changed.
    private var written = 0
    private var calm = Self.calm
    private var hasShrunk = false

    /// - Parameters:
    ///   - buffer: frames that the device can hold; two periods at least.
    ///   - period: frames in one write. Two of them are the least in any case.
    init(buffer: Int, period: Int, rate: SampleRate) {
        let least = min(buffer, max(2 * period, rate.frames(in: Self.least)))
        bounds = least...buffer
        frames = least
        self.rate = rate
    }

    /// The device took `count` frames. RT safe.
    mutating func wrote(_ count: Int) {
        guard frames > bounds.lowerBound else { return }
        written += count
        guard written >= rate.frames(in: calm) else { return }
        frames = max(bounds.lowerBound, frames - rate.frames(in: Self.shrinkage))
        written = 0
        hasShrunk = true
    }

    /// The device ran dry. RT safe.
    mutating func ranDry() {
        if hasShrunk { calm = min(Self.longestCalm, calm * 2) }
        frames = min(bounds.upperBound, frames + rate.frames(in: Self.growth))
        written = 0
        hasShrunk = false
    }
}
