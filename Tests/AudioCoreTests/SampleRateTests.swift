import AudioCore
import Testing

@Suite("Sample rates", .timeLimit(.minutes(5)))
struct SampleRateTests {
    @Test(
        "frames survive the way into time and back", arguments: [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
    func roundTrip(hertz: Int) {
        let rate = SampleRate(hertz: hertz)
        for frames in [
            0, 1, 2, 159, 160, 441, hertz - 1, hertz, hertz + 1, hertz * 3_600 * 24 * 365 + 7, -1, -hertz - 3,
        ] {
            #expect(rate.frames(in: rate.duration(of: frames)) == frames)
        }
    }

    @Test("durations are those of the tables")
    func known() {
        #expect(SampleRate.voice.frames(in: .milliseconds(20)) == 320)
        #expect(SampleRate.speech.frames(in: .milliseconds(5)) == 120)
        #expect(SampleRate.voice.duration(of: 320) == .milliseconds(20))
        #expect(SampleRate(hertz: 44_100).frames(in: .milliseconds(10)) == 441)
    }
}
