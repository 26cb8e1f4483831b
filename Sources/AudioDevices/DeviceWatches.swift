import AudioCore

/// What a device's thread has counted, and may be asked by anybody.
package struct DeviceActivity: Equatable, Sendable {
    /// Captured or played since the beginning.
    package var periods: Int
    /// Captured samples, at 16 kHz, that were exactly zero without a break up to now.
    package var zeroSamples: Int
    /// The device is not read or written at all, by wish.
    package var isAtRest: Bool

    package init(periods: Int, zeroSamples: Int = 0, isAtRest: Bool = false) {
        self.periods = periods
        self.zeroSamples = zeroSamples
        self.isAtRest = isAtRest
    }
}

/// Finds out a microphone that brings nothing but zeros: air is never that quiet.
struct SilenceWatch: Equatable, Sendable {
    enum Change: Equatable { case began, ended }

    /// Longer than the pauses that a gate in a headset, or an idle sound server, makes between words.
    static let patience = Duration.seconds(5)
    static let words =
        "nothing but zeros for \(patience.components.seconds) s. Look whether it is muted in hardware or in the system's "
        + "mixer, whether it is the right input (? lists them), and whether this program may use it"

    private(set) var isSilent = false
    /// Zeros of before: a device that was lost, or unmuted, begins anew.
    private var old: Int?

    /// - Parameter zeros: samples at 16 kHz without a break up to now.
    mutating func observe(_ zeros: Int) -> Change? {
        if zeros < old ?? .max { old = old == nil ? zeros : 0 }
        let zeros = zeros - (old ?? 0)
        let isLong = SampleRate.voice.duration(of: zeros) >= Self.patience
        // One frame of sound ends it; a few more zeros after it do not make it begin again.
        guard isSilent ? zeros < SampleRate.voice.frames(in: .seconds(1)) : isLong else { return nil }
        isSilent.toggle()
        return isSilent ? .began : .ended
    }
}

/// Finds out a device's thread that does not come back out of a call, so that it cannot say so itself.
struct StillnessWatch: Equatable, Sendable {
    /// Longer than a device's own patience (`StallWatch`): whoever can say so itself has then done it.
    static let patience = StallWatch.patience + .milliseconds(1_500)
    /// Of one that is being opened or closed, which takes this long by itself where a sound server is slow.
    static let longPatience = patience + .seconds(2)

    private var last: (periods: Int, at: Duration)?

    mutating func isStill(_ periods: Int, now: Duration, for patience: Duration) -> Bool {
        guard let last, last.periods == periods else {
            last = (periods, now)
            return false
        }
        return now - last.at >= patience
    }

    func isMoving(_ periods: Int) -> Bool { last?.periods != periods }

    static func == (one: StillnessWatch, other: StillnessWatch) -> Bool {
        one.last?.periods == other.last?.periods && one.last?.at == other.last?.at
    }
}

extension SampleRate {
    /// The rate that a measurement stands for: the common one within a percent, else the number itself; nil for what no
    /// converter of sound runs at.
    init?(measured hertz: Int) {
        guard (4_000...768_000).contains(hertz) else { return nil }
        let common = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000]
        self.init(hertz: common.first { abs($0 - hertz) * 100 <= $0 } ?? hertz)
    }
}
