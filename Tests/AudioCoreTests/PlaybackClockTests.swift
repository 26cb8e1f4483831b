import AudioCore
import Testing

@Suite("Playback clock", .timeLimit(.minutes(5)))
struct PlaybackClockTests {
    private let clock = PlaybackClock()
    private func timeline(deviceRate: Int = 48_000) -> PlaybackTimeline {
        PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: SampleRate(hertz: deviceRate))
    }

    @Test("what the device still holds has not been heard (invariant 5)")
    func delay() {
        var timeline = timeline()
        timeline.read(240, speech: 0..<240)
        timeline.wrote(480)
        timeline.publish(delay: 480, at: .zero)
        #expect(clock.heardPosition == 0)
        #expect(clock.isSpeaking)
        timeline.publish(delay: 100, at: .zero)
        #expect(clock.heardPosition == 190)
        timeline.publish(delay: 0, at: .zero)
        #expect(clock.heardPosition == 240)
        #expect(!clock.isSpeaking)
        #expect(clock.framesPlayed == 480)
    }

    @Test("silence before, between and after speech is played but never heard as speech (pitfall 47)")
    func silence() {
        var timeline = timeline(deviceRate: 24_000)
        timeline.read(240, speech: 0..<0)
        timeline.read(240, speech: 0..<100)
        timeline.read(240, speech: 100..<340)
        timeline.wrote(720)
        timeline.publish(delay: 480, at: .zero)
        #expect((clock.heardPosition, clock.isSpeaking) == (0, true))
        timeline.publish(delay: 300, at: .zero)
        #expect((clock.heardPosition, clock.isSpeaking) == (100, true))
        timeline.publish(delay: 240, at: .zero)
        #expect((clock.heardPosition, clock.isSpeaking) == (100, true))
        timeline.publish(delay: 1, at: .zero)
        #expect((clock.heardPosition, clock.isSpeaking) == (339, true))
        timeline.publish(delay: 0, at: .zero)
        #expect((clock.heardPosition, clock.isSpeaking) == (340, false))
    }

    @Test("cut speech never counts as heard, and the next answer does")
    func cut() {
        var timeline = timeline()
        timeline.read(2_400, speech: 0..<2_400)
        timeline.wrote(4_800)
        timeline.drop(before: 24_000, delay: 1_920, at: .zero)
        #expect(clock.heardPosition == 1_440)
        #expect(!clock.isSpeaking)
        #expect(clock.framesPlayed == 2_880)
        #expect(clock.heardSamples(in: 0..<24_000) == 1_440)
        timeline.read(240, speech: 24_000..<24_240)
        timeline.wrote(480)
        timeline.publish(delay: 0, at: .zero)
        #expect(clock.heardPosition == 24_240)
        #expect(clock.framesPlayed == 2_880 + 480)
        #expect(clock.heardSamples(in: 0..<24_000) == 1_440)
        #expect(clock.heardSamples(in: 24_000..<48_000) == 240)
        #expect(clock.heardSamples(in: 0..<48_000) == 1_680)
        #expect(clock.heardSamples(in: 1_000..<1_100) == 100)
        #expect(clock.heardSamples(in: 2_000..<20_000) == 0)
    }

    @Test("a delay that shrinks and grows again takes nothing back")
    func jitteringDelay() {
        var timeline = timeline(deviceRate: 24_000)
        timeline.read(480, speech: 0..<480)
        timeline.wrote(480)
        timeline.publish(delay: 240, at: .zero)
        timeline.publish(delay: 300, at: .zero)
        #expect(clock.heardPosition == 240)
        timeline.publish(delay: 10_000, at: .zero)
        timeline.publish(delay: -5, at: .zero)
        #expect(clock.heardPosition == 480)
    }

    @Test(
        "a rate that divides nothing evenly loses no sample over an hour", arguments: [44_100, 22_050, 96_000, 8_000])
    func oddRates(hertz: Int) {
        var timeline = timeline(deviceRate: hertz)
        var frames = 0
        for second in 0..<3_600 {
            timeline.read(24_000, speech: second * 24_000..<(second + 1) * 24_000)
            timeline.wrote(hertz)
            frames += hertz
            timeline.publish(delay: hertz / 10, at: .zero)
            #expect(clock.heardPosition == (second + 1) * 24_000 - 2_400)
        }
        timeline.publish(delay: 0, at: .zero)
        #expect(clock.heardPosition == 3_600 * 24_000)
        #expect(clock.framesPlayed == frames)
    }

    @Test("many short answers in one device buffer are still told apart")
    func manyRuns() {
        var timeline = timeline(deviceRate: 24_000)
        for answer in 0..<60 {
            timeline.read(20, speech: answer * 10..<answer * 10 + 10)
            timeline.wrote(20)
        }
        for answer in 0..<60 {
            timeline.publish(delay: (60 - answer) * 20 - 10, at: .zero)
            #expect(clock.heardPosition == answer * 10 + 10)
            #expect(clock.isSpeaking == (answer < 59))
        }
    }

    @Test("the last 32 cuts are remembered")
    func manyCuts() {
        var timeline = timeline(deviceRate: 24_000)
        for answer in 0..<100 {
            let start = answer * 1_000
            timeline.read(100, speech: start..<start + 100)
            timeline.wrote(100)
            timeline.drop(before: start + 1_000, delay: 40, at: .zero)
        }
        #expect(clock.heardSamples(in: 99_000..<100_000) == 60)
        #expect(clock.heardSamples(in: 68_000..<100_000) == 32 * 60)
    }

    @Test("an answer cut before it began takes nothing from what was heard of the one before")
    func cutTwice() {
        var timeline = timeline(deviceRate: 24_000)
        timeline.read(1_000, speech: 0..<1_000)
        timeline.wrote(1_000)
        timeline.drop(before: 2_000, delay: 400, at: .zero)
        timeline.skip(to: 3_000)
        timeline.read(100, speech: 3_000..<3_100)
        timeline.wrote(100)
        timeline.publish(delay: 0, at: .zero)
        #expect(clock.heardSamples(in: 0..<2_000) == 600)
        #expect(clock.heardSamples(in: 0..<3_100) == 700)
    }

    @Test("what is taken back from the device is heard when it is read again, and not before")
    func takenBack() {
        var timeline = timeline()
        timeline.read(240, speech: 0..<240)
        timeline.wrote(480)
        timeline.publish(delay: 400, at: .zero)
        #expect(timeline.firstUnheard == 40)
        let position = timeline.takeBack(delay: 300, at: .zero)
        #expect(position == 90)
        #expect((clock.heardPosition, clock.isSpeaking, timeline.holdsSpeech) == (90, false, false))
        timeline.read(240, speech: 90..<330)
        timeline.wrote(480)
        timeline.publish(delay: 0, at: .zero)
        #expect(clock.heardPosition == 330)
        #expect(clock.heardSamples(in: 0..<330) == 330)
        #expect(clock.framesPlayed == 180 + 480)
        #expect(timeline.takeBack(delay: 0, at: .zero) == nil)
    }

    @Test("a device opened again goes on where the last one stopped")
    func reopened() {
        var first = timeline(deviceRate: 48_000)
        first.read(240, speech: 0..<240)
        first.wrote(480)
        first.publish(delay: 0, at: .zero)
        var second = timeline(deviceRate: 24_000)
        second.read(240, speech: 240..<480)
        second.wrote(240)
        second.publish(delay: 120, at: .zero)
        #expect(clock.heardPosition == 360)
        #expect(clock.framesPlayed == 600)
    }

    @Test("who asks from another thread sees positions grow, and no cut speech among them")
    func stress() async {
        let clock = PlaybackClock()
        let answers = 4_000
        let playing = Task.detached {
            var timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: .speech)
            for answer in 0..<answers {
                let start = answer * 1_000
                timeline.read(100, speech: start..<start + 100)
                timeline.wrote(100)
                timeline.publish(delay: 50, at: .zero)
                timeline.drop(before: start + 1_000, delay: 40, at: .zero)
                if answer % 64 == 0 { await Task.yield() }
            }
        }
        var last = 0
        var isOver = false
        var checks = 0
        while !isOver {
            let heard = clock.heardPosition
            #expect(heard >= last)
            last = heard
            // The answer under way, and the one before it: never more than 60 of a thousand were heard.
            let answer = heard / 1_000
            let samples = clock.heardSamples(in: answer * 1_000..<(answer + 1) * 1_000)
            // Cuts are remembered for the last 32: a reader that was held up for longer asks too late.
            if clock.heardPosition / 1_000 - answer < 30 {
                #expect(samples <= 60)
                checks += 1
            }
            isOver = heard >= (answers - 1) * 1_000 + 60
            await Task.yield()
        }
        await playing.value
        #expect(checks > 0)
    }
}
