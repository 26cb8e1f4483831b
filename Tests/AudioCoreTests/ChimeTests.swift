import AudioCore
import Testing

@Suite("Chimes", .timeLimit(.minutes(5)))
struct ChimeTests {
    @Test("every chime is short, begins and ends at rest, and clicks nowhere", arguments: Chime.allCases)
    func shape(chime: Chime) {
        for rate in [8_000, 24_000, 44_100, 48_000] {
            let samples = chime.samples(at: SampleRate(hertz: rate))
            #expect(samples.count >= rate / 10 && samples.count <= rate / 2)
            #expect(samples.first == 0 && samples.last == 0)
            let peak = samples.map { abs(Int($0)) }.max()!
            #expect(peak > 3_000 && peak < 12_000)
            // The steepest sine in them is 988 Hz at 6,554: a step of 0.78 · 6,554 at 8 kHz, less at higher rates.
            let steps = zip(samples, samples.dropFirst()).map { abs(Int($0) - Int($1)) }
            #expect(steps.max()! < 2 * 6_554 * 6_207 / rate)
        }
    }

    @Test("the pitch is what it says, at any rate", arguments: [8_000, 24_000, 48_000])
    func pitch(rate: Int) {
        let samples = Chime.muted.samples(at: SampleRate(hertz: rate))  // 440 Hz for 140 ms
        let rises = zip(samples, samples.dropFirst()).count { $0 < 0 && $1 >= 0 }
        #expect((60...62).contains(rises))
    }

    @Test("no two sound alike")
    func distinct() {
        let all = Chime.allCases.map { $0.samples(at: .speech) }
        #expect(Set(all).count == all.count)
    }
}
