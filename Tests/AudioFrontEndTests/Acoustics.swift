import Foundation

/// Numbers that look random and are the same in every run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func unit() -> Float { Float.random(in: -1...1, using: &self) }
}

/// Sounds at 16 kHz, ±1 at full scale.
enum Acoustics {
    static let rate = 16_000

    /// Something that detectors take for speech: syllables of a voice of changing pitch through three formants, with
    /// pauses between words.
    static func speech(seconds: Double, seed: UInt64, level: Float = 0.1) -> [Float] {
        var random = Seeded(seed)
        var samples = [Float](repeating: 0, count: Int(seconds * Double(rate)))
        var start = 0
        while start < samples.count {
            let length = Int.random(in: 2_000...5_000, using: &random)
            let pitch = Float.random(in: 100...190, using: &random)
            let formants = (0..<3).map { Float(700 + 900 * $0) * Float.random(in: 0.6...1.4, using: &random) }
            var phase: Float = 0
            for index in start..<min(samples.count, start + length) {
                let progress = Float(index - start) / Float(length)
                phase += pitch * (1 + 0.15 * progress) / Float(rate)
                var sum: Float = 0
                for harmonic in 1...24 {
                    let hertz = pitch * Float(harmonic)
                    let weight = formants.reduce(Float(0)) { $0 + 1 / (1 + powf(($1 - hertz) / 150, 2)) }
                    sum += (weight + 0.02) * sinf(2 * .pi * phase * Float(harmonic))
                }
                samples[index] = sum * sinf(.pi * progress)
            }
            start += length + (Int.random(in: 0..<4, using: &random) == 0 ? 4_000 : 400)
        }
        return scaled(samples, to: level)
    }

    static func noise(count: Int, seed: UInt64, level: Float) -> [Float] {
        var random = Seeded(seed)
        return (0..<count).map { _ in random.unit() * level * 1.732 }
    }

    /// A loudspeaker heard in a room: delayed by `delay` samples, with a tail that falls 60 dB in `reverberation`.
    static func heard(_ samples: [Float], delay: Int, reverberation: Double, seed: UInt64, gain: Float) -> [Float] {
        var random = Seeded(seed)
        // A sparse tail, so that convolving is quick.
        var taps: [(at: Int, gain: Float)] = [(delay, gain)]
        let length = Int(reverberation * Double(rate))
        for _ in 0..<60 {
            let at = Int.random(in: 20..<length, using: &random)
            taps.append((delay + at, gain * 0.25 * random.unit() * powf(10, -3 * Float(at) / Float(length))))
        }
        var out = [Float](repeating: 0, count: samples.count)
        for tap in taps {
            for index in tap.at..<max(tap.at, samples.count) { out[index] += tap.gain * samples[index - tap.at] }
        }
        return out
    }

    /// RMS, linear.
    static func level(_ samples: ArraySlice<Float>) -> Float {
        (samples.reduce(0) { $0 + $1 * $1 } / Float(max(1, samples.count))).squareRoot()
    }

    static func decibels(_ one: Float, over other: Float) -> Float { 20 * log10f(one / other) }

    private static func scaled(_ samples: [Float], to level: Float) -> [Float] {
        let now = self.level(samples[...])
        return samples.map { $0 * level / now }
    }
}

func mixed(_ one: [Float], _ other: [Float]) -> [Float] { zip(one, other).map { $0 + $1 } }

extension [Float] {
    var integers: [Int16] { map { Int16(Swift.max(-32_768, Swift.min(32_767, ($0 * 32_768).rounded()))) } }
}
