import AudioCore
import Glibc
import Testing

@Suite("Concealment", .timeLimit(.minutes(5)))
struct ConcealmentTests {
    /// A vowel at `pitch` hertz: its first six partials.
    private func vowel(_ count: Int, pitch: Double) -> [Int16] {
        (0..<count).map { index in
            let phase = 2 * Double.pi * pitch * Double(index) / 24_000
            return Int16((1...6).reduce(0.0) { $0 + 4_000 / Double($1) * sin(phase * Double($1) + Double($1)) })
        }
    }

    /// What is heard of `speech` that stops for `gap` samples before `position`.
    private func heard(_ speech: [Int16], gap: Int, at position: Int) -> [Int16] {
        var concealment = Concealment(rate: .speech)
        var heard: [Int16] = []
        func period(_ part: ArraySlice<Int16>, of size: Int, _ reading: SpeechReading) {
            var samples = Array(part) + [Int16](repeating: 12_345, count: size - part.count)
            var span = samples.mutableSpan
            concealment.complete(&span, in: 0..<size, after: reading)
            heard += samples
        }
        period(speech[..<position], of: position, SpeechReading(positions: 0..<position))
        for start in stride(from: 0, to: gap, by: 240) {
            period([], of: min(240, gap - start), SpeechReading(positions: position..<position, isTorn: true))
        }
        let rest = position..<speech.count
        period(speech[position...], of: rest.count, SpeechReading(positions: rest, resumes: gap > 0))
        return heard
    }

    private func roughness(_ samples: some Sequence<Int16>) -> Int {
        let all = samples.map { Int($0) }
        return zip(zip(all, all.dropFirst()), all.dropFirst(2)).map { abs($0.0 - 2 * $0.1 + $1) }.max() ?? 0
    }

    @Test("speech without a gap passes bit for bit")
    func intact() {
        let speech = vowel(4_800, pitch: 120)
        #expect(heard(speech, gap: 0, at: 2_400) == speech)
    }

    @Test(
        "a gap anywhere in a pitch period clicks at neither edge, and is silence after 30 ms",
        arguments: [90, 140, 260])
    func gap(pitch: Int) {
        let speech = vowel(6_000, pitch: Double(pitch))
        let natural = roughness(speech)
        for position in stride(from: 3_000, to: 3_300, by: 71) {
            for gap in [240, 480, 2_400] {
                let heard = heard(speech, gap: gap, at: position)
                #expect(roughness(heard) < 3 * natural / 2, "\(gap) samples missing at \(position)")
                #expect(heard[(position + 720)..<max(position + 720, position + gap)].allSatisfy { $0 == 0 })
                #expect(Array(heard[(position + gap + 120)...]) == Array(speech[(position + 120)...]))
            }
        }
    }

    @Test("the gap goes on at the pitch of the speech before it")
    func pitchIsKept() {
        let speech = vowel(12_000, pitch: 125)  // 192 samples
        let heard = heard(speech, gap: 720, at: 4_000)
        let echo = heard[4_000..<4_384].map { Double($0) }
        let expected = vowel(12_000, pitch: 125)[4_000..<4_384].map { Double($0) }
        let product = zip(echo, expected).reduce(0) { $0 + $1.0 * $1.1 }
        let energies = echo.reduce(0) { $0 + $1 * $1 } * expected.reduce(0) { $0 + $1 * $1 }
        #expect(product / energies.squareRoot() > 0.95)
    }

    @Test("speech too short to have a pitch dies away, and full scale does not overflow")
    func short() {
        let speech = [Int16](repeating: .min, count: 500)
        let heard = heard(speech, gap: 480, at: 100)
        #expect(heard[100..<220].allSatisfy { $0 < 0 } && heard[220..<580].allSatisfy { $0 == 0 })
        #expect(roughness(heard[90...]) < 1_000)
        let extremes = [Int16](repeating: .max, count: 3_000) + [Int16](repeating: .min, count: 3_000)
        #expect(self.heard(extremes, gap: 720, at: 3_005).count == 6_720)
    }
}
