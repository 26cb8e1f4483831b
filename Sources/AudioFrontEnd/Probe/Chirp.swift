package import AudioCore
import Glibc

/// A tone that glides up through the speech band: a sound that is found again in a recording to a fraction of a sample,
/// through any room.
package struct Chirp: Equatable, Sendable {
    package let rate: SampleRate
    /// Mono, shape `[n]`; begins and ends softly.
    package let samples: [Int16]

    /// From 300 to 6,000 Hz, which every loudspeaker and every 16 kHz microphone can do.
    ///
    /// - Parameters:
    ///   - level: of its loudest part, linear, 0 … 1.
    ///   - duration: longer is found in more noise.
    package init(rate: SampleRate, level: Double = 0.25, duration: Duration = .milliseconds(250)) {
        let (low, high) = (300.0, 6_000.0)
        let count = rate.frames(in: duration)
        let seconds = Double(count) / Double(rate.hertz)
        let fade = Double(count) / 10
        self.rate = rate
        samples = (0..<count).map { index in
            let time = Double(index) / Double(rate.hertz)
            let phase = 2 * Double.pi * (low * time + (high - low) * time * time / (2 * seconds))
            let edge = min(1, min(Double(index), Double(count - 1 - index)) / fade)
            return Int16((level * 32_767 * edge * sin(phase)).rounded())
        }
    }

    /// Where a recording holds this chirp best.
    package struct Finding: Equatable, Sendable {
        /// Where it begins, in samples, with the fraction that lies between two of them.
        package var position: Double
        /// How far the match stands out of the recording's other matches: below 8 it is chance.
        package var strength: Double
    }

    /// Looks for it, at the recording's rate, which must be the chirp's.
    ///
    /// - Parameters:
    ///   - recording: mono, shape `[n]`.
    ///   - range: where it may begin.
    /// - Returns: nil when the range does not hold the whole chirp anywhere.
    package func find(in recording: [Int16], from range: Range<Int>) -> Finding? {
        Self.find(samples[...], in: recording, from: range)
    }

    /// Looks likewise for any sound; how clearly it is found depends on how little it resembles itself a moment later.
    static func find(_ samples: ArraySlice<Int16>, in recording: [Int16], from range: Range<Int>) -> Finding? {
        let range = range.clamped(to: 0..<max(0, recording.count - samples.count + 1))
        guard range.count > 2 else { return nil }
        let matches = range.map { offset in
            var sum: Float = 0
            let shift = offset - samples.startIndex
            for index in samples.indices { sum += Float(samples[index]) * Float(recording[shift + index]) }
            return abs(sum)
        }
        guard let best = matches.indices.max(by: { matches[$0] < matches[$1] }), matches[best] > 0 else { return nil }
        let typical = (matches.reduce(0) { $0 + $1 * $1 } / Float(matches.count)).squareRoot()
        return Finding(
            position: Double(range.lowerBound + best) + vertex(of: matches, at: best),
            strength: Double(matches[best] / typical))
    }

    /// How far beside the greatest of three neighbours their parabola has its top.
    private static func vertex(of values: [Float], at index: Int) -> Double {
        guard index > 0, index + 1 < values.count else { return 0 }
        let (left, top, right) = (values[index - 1], values[index], values[index + 1])
        let curvature = left - 2 * top + right
        return curvature < 0 ? Double((left - right) / (2 * curvature)) : 0
    }
}
