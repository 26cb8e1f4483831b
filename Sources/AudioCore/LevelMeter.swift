import Synchronization

/// How loud a stream is: written by one device thread, read by anyone.
///
/// The mean follows with the 125 ms of a sound level meter's *fast* setting (IEC 61672-1); the peak rises at once
/// and falls by 20 dB in 1.7 s, as a programme meter does (IEC 60268-10, type I). So a reader that looks ten times a
/// second misses nothing.
package final class LevelMeter: Sendable {
    /// A meter's two needles, in dBFS (AES17): a sine that just reaches full scale reads 0 on both, so the mean of a
    /// square wave reads 3 more. `silence` when there is nothing.
    package struct Level: Equatable, Sendable {
        package var rms: Float
        package var peak: Float

        package init(rms: Float, peak: Float) {
            self.rms = rms
            self.peak = peak
        }
    }

    /// The lowest reading, below the last bit of 16.
    package static let silence: Float = -100

    /// Two `Float`s side by side, so that they are always of the same moment: the mean power, and the peak's.
    private let packed = Atomic<UInt64>(0)

    package init() {}

    /// Adds a period. One thread at a time. RT safe.
    ///
    /// - Parameters:
    ///   - frame: mono samples, shape `[n]`.
    ///   - rate: of these samples.
    package func measure(_ frame: Span<Int16>, rate: SampleRate) {
        guard !frame.isEmpty else { return }
        var sum: Int64 = 0
        var peak: Int32 = 0
        for index in frame.indices {
            let sample = Int32(frame[index])
            sum &+= Int64(sample &* sample)
            peak = max(peak, sample.magnitude == 32_768 ? 32_768 : abs(sample))
        }
        let fullScale: Float = 32_768 * 32_768
        let power = Float(sum) / Float(frame.count) / fullScale
        let peakPower = Float(peak) * Float(peak) / fullScale

        let seconds = Float(frame.count) / Float(rate.hertz)
        let before = Self.unpack(packed.load(ordering: .relaxed))
        // One-pole low pass by backward Euler: stable for any period.
        let mean = before.mean + (power - before.mean) * seconds / (seconds + 0.125)
        // 20 dB in 1.7 s is a time constant of 0.37 s for power.
        let held = before.peak * 0.37 / (0.37 + seconds)
        packed.store(Self.pack(mean: mean, peak: max(held, peakPower)), ordering: .relaxed)
    }

    /// The stream has stopped: the needles fall to `silence`. RT safe.
    package func reset() { packed.store(0, ordering: .relaxed) }

    /// What the meter shows now. Any thread.
    package var level: Level {
        let powers = Self.unpack(packed.load(ordering: .relaxed))
        return Level(rms: Self.decibels(ofPower: 2 * powers.mean), peak: Self.decibels(ofPower: powers.peak))
    }

    private static func pack(mean: Float, peak: Float) -> UInt64 {
        UInt64(mean.bitPattern) << 32 | UInt64(peak.bitPattern)
    }

    private static func unpack(_ packed: UInt64) -> (mean: Float, peak: Float) {
        (Float(bitPattern: UInt32(packed >> 32)), Float(bitPattern: UInt32(truncatingIfNeeded: packed)))
    }

    /// Ten times the decimal logarithm, from exponent and significand, because this module imports no C library.
    /// Exact to 0.0002 dB.
    static func decibels(ofPower power: Float) -> Float {
        guard power > 1e-10 else { return silence }
        // ln m = 2 artanh((m − 1) / (m + 1)); with m in 1..<2 the series' argument is below a third.
        let t = (power.significand - 1) / (power.significand + 1)
        let t2 = t * t
        let logarithm = 2 * t * (1 + t2 * (1 / 3 + t2 * (1 / 5 + t2 * (1 / 7 + t2 / 9))))
        return 10 * (Float(power.exponent) * 0.693_147_2 + logarithm) * 0.434_294_5
    }
}
