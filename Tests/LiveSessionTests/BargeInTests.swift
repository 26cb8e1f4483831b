import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BargeInTests {
    private func at(_ milliseconds: Int) -> Int { milliseconds * 16 }

    /// An answer of a minute has been playing for a second.
    private func answering(
        _ mode: TurnMode, _ change: (inout TurnKeeper.Configuration) -> Void = { _ in }
    ) -> TurnStage {
        var stage = TurnStage(mode, change)
        stage.answer(60_000)
        stage.pass(1_000)
        _ = stage.done()
        return stage
    }

    @Test("a voice silences the answer at once; the service's interruption is final (pitfall 41)")
    func interruption() {
        var stage = answering(.open)
        stage.effects += stage.keeper.note(.began(stage.moment.captured), at: stage.moment)
        stage.pass(19)
        #expect(stage.done() == [])
        stage.pass(1)
        #expect(stage.done() == [.hold])
        stage.interrupted()
        #expect(stage.done() == [.letGoOn], "what waited is gone, and the next answer is to play")
        stage.pass(10_000)
        #expect(stage.done() == [])
    }

    @Test("a false alarm gives the answer back 1.5 s later (pitfall 41)")
    func falseAlarm() {
        var stage = answering(.open)
        stage.speak(250)
        stage.pass(1_269)
        #expect(stage.done() == [.hold])
        stage.pass(1)
        #expect(stage.done() == [.letGoOn])
        stage.pass(5_000)
        #expect(stage.done() == [])
    }

    @Test("words, or a voice that goes on, end the answer here if the service says nothing", arguments: [true, false])
    func meant(hasWords: Bool) {
        var stage = answering(.open)
        stage.speak(hasWords ? 250 : 1_500)
        if hasWords { stage.keeper.userWords() }
        stage.pass(1_500)
        #expect(stage.done() == [.hold, .drop])
    }

    @Test("what is too short for words gives the answer back as soon as it has been quiet for 600 ms (pitfall 41)")
    func cough() {
        var stage = answering(.open)
        stage.speak(180)
        stage.pass(599)
        #expect(stage.done() == [.hold])
        stage.pass(1)
        #expect(stage.done() == [.letGoOn])
        stage.pass(5_000)
        #expect(stage.done() == [])
    }

    @Test("what was said before the answer began stops nothing")
    func before() {
        var late = TurnStage(.open)
        late.speak(1_000)
        late.answer(5_000)
        late.pass(3_000)
        #expect(late.done() == [.begin(from: 0)])
    }

    @Test("not with barge-in off or left to the service, nor where the sound goes through a pipe")
    func notHere() {
        for change: (inout TurnKeeper.Configuration) -> Void in [
            { $0.bargeIn = .off }, { $0.bargeIn = .service }, { $0.canHold = false },
        ] {
            var stage = answering(.open, change)
            stage.speak(1_000)
            stage.pass(3_000)
            #expect(stage.done() == [])
        }
    }

    @Test("a turn that our detector begins over the answer needs 200 ms of voice; less only silences it for a moment")
    func localTurn() {
        var stage = answering(.local)
        stage.speak(150)
        stage.pass(1_000)
        #expect(stage.done() == [.hold, .letGoOn])
        stage.speak(1_000)
        stage.pass(2_000)
        #expect(
            stage.done() == [
                .hold, .begin(from: at(2_150 - 300)), .end(at: at(2_150 + 1_480)), .drop,
            ])
    }

    @Test("a press silences at once; a slip gives the answer back, a turn does not", arguments: [true, false])
    func press(isSlip: Bool) {
        var stage = answering(.hold)
        stage.press()
        #expect(stage.done() == [.hold])
        stage.pass(isSlip ? 50 : 1_000)
        stage.release()
        #expect(
            stage.done() == (isSlip ? [.letGoOn] : [.begin(from: at(800)), .end(at: at(2_150))]))
        stage.pass(1_000)
        #expect(stage.done() == (isSlip ? [] : [.drop]))
    }
}
