package import AudioCore
import Glibc

/// A sound with the rhythm, pitch and spectrum of speech, and no words: what an echo canceller is tried on where there is
/// no voice at hand. The same for the same seed.
///
/// Syllables of a gliding pitch through three moving resonances, hissed consonants between them, and pauses.
package struct SpokenNoise: Sendable {
    private let rate: SampleRate
    private var state: UInt64
    private var phase = 0.0
    private var formants: [Resonance]

    package init(rate: SampleRate, seed: UInt64 = 1) {
        self.rate = rate
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        formants = Array(repeating: Resonance(), count: 3)
    }

    /// - Parameters:
    ///   - duration: of the whole.
    ///   - level: its mean while it speaks, linear, 0 … 1.
    /// - Returns: mono, shape `[n]`.
    package mutating func make(lasting duration: Duration, level: Double = 0.1) -> [Int16] {
        let count = rate.frames(in: duration)
        var sound: [Double] = []
        sound.reserveCapacity(count)
        while sound.count < count {
            for _ in 0..<Int(between(3, 7)) { syllable(into: &sound) }
            sound += Array(repeating: 0, count: samples(between(0.15, 0.5)))
        }
        sound.removeLast(sound.count - count)
        let spoken = sound.filter { $0 != 0 }
        let power = spoken.reduce(0) { $0 + $1 * $1 } / Double(max(1, spoken.count))
        let gain = power > 0 ? level * 32_767 / power.squareRoot() : 0
        return sound.map { Int16(max(-32_768, min(32_767, ($0 * gain).rounded()))) }
    }

    private mutating func syllable(into sound: inout [Double]) {
        let hiss = samples(between(0.03, 0.09))
        for index in 0..<hiss {
            sound.append(between(-1, 1) * 0.12 * sin(Double.pi * Double(index) / Double(hiss)))
        }
        let length = samples(between(0.09, 0.22))
        let pitch = (from: between(110, 190), to: between(100, 170))
        let centres = [between(300, 800), between(900, 2_200), between(2_300, 3_300)]
        for (index, centre) in centres.enumerated() { formants[index].tune(to: centre, width: 90, rate: rate) }
        for index in 0..<length {
            let part = Double(index) / Double(length)
            phase += (pitch.from + (pitch.to - pitch.from) * part) / Double(rate.hertz)
            let pulse = phase >= 1 ? 1.0 : 0
            phase -= phase.rounded(.down)
            var voice = 0.0
            for formant in formants.indices { voice += formants[formant].ring(pulse) / Double(formant + 1) }
            sound.append(voice * sin(Double.pi * part).squareRoot())
        }
    }

    private func samples(_ seconds: Double) -> Int { max(1, Int(seconds * Double(rate.hertz))) }

    private mutating func between(_ low: Double, _ high: Double) -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return low + (high - low) * Double(state >> 11) / Double(1 << 53)
    }
}

/// Two poles that ring at one frequency.
private struct Resonance: Sendable {
    private var (a, b) = (0.0, 0.0)
    private var (last, before) = (0.0, 0.0)

    /// - Parameters: `centre` and `width` in Hz.
    mutating func tune(to centre: Double, width: Double, rate: SampleRate) {
        let radius = exp(-Double.pi * width / Double(rate.hertz))
        a = 2 * radius * cos(2 * Double.pi * centre / Double(rate.hertz))
        b = -radius * radius
    }

    mutating func ring(_ input: Double) -> Double {
        let output = input + a * last + b * before
        (before, last) = (last, output)
        return output
    }
}
