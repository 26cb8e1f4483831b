import LiveSession
import Testing

extension TurnStage {
    fileprivate mutating func mute(_ isMuted: Bool) { effects += keeper.muted(isMuted, at: moment) }
    fileprivate mutating func hearWakeWord() {
        effects += keeper.wakeWordHeard(because: "word", backBy: .milliseconds(100), at: moment)
    }
}

@Suite("Devices that nobody needs", .timeLimit(.minutes(5)))
struct RestTests {
    private static let both: TurnKeeper.Rest = [.microphone, .loudspeaker]

    @Test(
        "with the key up both rest after the time set, and run again with its press",
        arguments: [TurnMode.hold, .toggle])
    func key(mode: TurnMode) {
        var stage = TurnStage(mode) { $0.restAfter = .seconds(20) }
        stage.pass(19_900)
        #expect(!stage.done().contains { if case .rest = $0 { true } else { false } })
        stage.pass(200)
        #expect(stage.done() == [.rest(Self.both)])
        stage.pass(5_000)
        stage.press()
        #expect(stage.done() == [.rest([])])
        let pressedAt = stage.moment.captured
        stage.pass(500)
        // Nothing from before the rest goes up, although a press reaches back a little.
        #expect(stage.done() == [.begin(from: pressedAt)])
        stage.release()
        stage.press()
        stage.release()
        stage.pass(300)
        _ = stage.done()
        stage.pass(19_000)
        #expect(stage.done() == [])
        stage.pass(2_000)
        #expect(stage.done() == [.rest(Self.both)])
    }

    @Test("an answer keeps them running, and time counts from its end")
    func answer() {
        var stage = TurnStage(.hold) { $0.restAfter = .seconds(20) }
        stage.pass(15_000)
        stage.answer(8_000)
        stage.pass(8_000)
        stage.answerIsPlayed()
        stage.pass(19_000)
        #expect(stage.done() == [])
        stage.pass(2_000)
        #expect(stage.done() == [.rest(Self.both)])
        stage.answer(3_000)
        #expect(stage.done() == [.rest([])])
    }

    @Test("muted and asleep the loudspeaker rests, and nothing does while somebody may be heard")
    func others() {
        for mode in [TurnMode.open, .local, .half] {
            var stage = TurnStage(mode) { $0.restAfter = .seconds(30) }
            stage.pass(100_000)
            #expect(!stage.done().contains { if case .rest = $0 { true } else { false } }, "\(mode)")
            stage.mute(true)
            stage.pass(31_000)
            #expect(stage.done().contains(.rest(.loudspeaker)), "\(mode)")
            stage.mute(false)
            #expect(stage.done().contains(.rest([])), "\(mode)")
        }
        var stage = TurnStage(.wake) { $0.restAfter = .seconds(30) }
        stage.pass(31_000)
        #expect(stage.done().contains(.rest([.loudspeaker, .haste])))
        stage.hearWakeWord()
        #expect(stage.done().contains(.rest([])))
    }

    @Test("never, where that was set")
    func never() {
        var stage = TurnStage(.hold) { $0.restAfter = nil }
        stage.pass(1_000_000)
        #expect(!stage.done().contains { if case .rest = $0 { true } else { false } })
    }
}
