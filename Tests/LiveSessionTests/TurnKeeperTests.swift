import LiveSession
import Testing

/// A turn keeper with a clock and a microphone beside it that move on together.
struct TurnStage {
    var keeper: TurnKeeper
    var moment = TurnKeeper.Moment(now: .zero)
    var effects: [TurnKeeper.Effect] = []

    init(_ mode: TurnMode, isManual: Bool? = nil, _ change: (inout TurnKeeper.Configuration) -> Void = { _ in }) {
        var configuration = TurnKeeper.Configuration()
        configuration.mode = mode
        configuration.restAfter = nil  // a suite of its own
        change(&configuration)
        keeper = TurnKeeper(configuration)
        effects += keeper.start(at: moment)
        effects += keeper.lineOpened(isManual: isManual ?? keeper.needsManualLine, at: moment)
    }

    /// What had to be done since the last time this was asked.
    mutating func done() -> [TurnKeeper.Effect] {
        defer { effects = [] }
        return effects
    }

    /// Lets time pass, and looks when the keeper wants to.
    mutating func pass(_ milliseconds: Int) {
        let end = moment.now + .milliseconds(milliseconds)
        while let due = keeper.deadline(at: moment), due <= end {
            advance(to: due)
            effects += keeper.settle(at: moment)
        }
        advance(to: end)
    }

    private mutating func advance(to time: Duration) {
        moment.now = max(time, moment.now)
        moment.captured = Int((moment.now / .microseconds(1)).rounded()) * 16 / 1_000
    }

    mutating func speak(_ milliseconds: Int) {
        effects += keeper.note(.began(moment.captured), at: moment)
        pass(milliseconds)
        effects += keeper.note(.ended(moment.captured), at: moment)
    }

    mutating func press() { effects += keeper.pressed(at: moment) }
    mutating func release() { effects += keeper.released(at: moment) }

    /// The answer plays for so long from here on, unless the test says that it does not.
    mutating func answer(_ milliseconds: Int) {
        moment.unplayed = milliseconds * 24
        effects += keeper.settle(at: moment)
    }

    mutating func answerIsPlayed() {
        moment.unplayed = 0
        effects += keeper.settle(at: moment)
    }

    mutating func interrupted() {
        moment.unplayed = 0
        effects += keeper.interrupted(at: moment)
    }
}

@Suite(.timeLimit(.minutes(5)))
struct TurnKeeperTests {
    /// Samples in so many milliseconds.
    private func at(_ milliseconds: Int) -> Int { milliseconds * 16 }

    @Test("open: all voice goes up from the first sample on, and no line needs to be changed")
    func open() {
        var stage = TurnStage(.open)
        stage.speak(1_000)
        stage.pass(5_000)
        #expect(stage.done() == [.begin(from: 0)])
        #expect(!stage.keeper.needsManualLine)
    }

    @Test("half: closed while the answer plays and 250 ms longer (pitfall 37)")
    func half() {
        var stage = TurnStage(.half)
        stage.pass(1_000)
        #expect(stage.done() == [.begin(from: 0)])
        stage.answer(2_000)
        #expect(stage.done() == [.end(at: at(1_000))])
        stage.pass(1_990)
        stage.answerIsPlayed()
        #expect(stage.done() == [])
        stage.pass(300)
        #expect(stage.done() == [.begin(from: at(1_000 + 1_990 + 250))])
    }

    @Test("local: a turn has 300 ms from before the voice (pitfall 32), and ends after 480 ms of quiet")
    func local() {
        var stage = TurnStage(.local)
        stage.pass(1_000)
        #expect(stage.done() == [])
        stage.speak(1_000)
        #expect(stage.done() == [.begin(from: at(700))])
        stage.pass(479)
        #expect(stage.done() == [])
        stage.pass(1)
        #expect(stage.done() == [.end(at: at(2_480))])
    }

    @Test("local: a word of 150 ms is a whole turn, a click of 40 ms is none", arguments: [150, 40])
    func shortWord(length: Int) {
        var stage = TurnStage(.local)
        stage.pass(1_000)
        stage.speak(length)
        stage.pass(1_000)
        // 150 ms of voice leave a window of 600 ms when 30 of them have.
        #expect(stage.done() == (length == 150 ? [.begin(from: at(700)), .end(at: at(1_630))] : []))
    }

    @Test("local: a pause that is shorter than the quiet asked for splits no sentence (pitfall 33)")
    func pauseInSentence() {
        var stage = TurnStage(.local) { $0.quiet = .milliseconds(1_500) }
        stage.pass(1_000)
        stage.speak(500)
        stage.pass(1_200)
        stage.speak(500)
        stage.pass(1_499)
        #expect(stage.done() == [.begin(from: at(700))])
        stage.pass(1_000)
        #expect(stage.done() == [.end(at: at(1_000 + 500 + 1_200 + 500 + 1_500))])
    }

    @Test("local: several turns that a pipe brings in one burst are told apart by their positions")
    func burst() {
        var stage = TurnStage(.local)
        stage.moment = TurnKeeper.Moment(now: .milliseconds(10), captured: at(5_000))
        for edge: VoiceLog.Edge in [.began(at(1_000)), .ended(at(2_000)), .began(at(3_000)), .ended(at(4_000))] {
            stage.effects += stage.keeper.note(edge, at: stage.moment)
        }
        stage.effects += stage.keeper.settle(at: stage.moment)
        #expect(
            stage.done() == [
                .begin(from: at(700)), .end(at: at(2_480)), .begin(from: at(2_700)), .end(at: at(4_480)),
            ])
    }

    @Test("hold: from press to release, with a little before and after")
    func hold() {
        var stage = TurnStage(.hold)
        stage.pass(1_000)
        stage.press()
        stage.pass(1_000)
        stage.release()
        #expect(stage.done() == [.begin(from: at(800)), .end(at: at(2_150))])
        stage.press()
        stage.pass(200)
        stage.release()
        #expect(stage.done() == [.begin(from: at(2_150)), .end(at: at(2_350))], "nothing goes up twice")
    }

    @Test("hold: a press shorter than 100 ms is no turn; repeated presses and a lone release are nothing")
    func slips() {
        var stage = TurnStage(.hold)
        stage.release()
        stage.press()
        stage.pass(99)
        stage.release()
        stage.pass(1_000)
        #expect(stage.done() == [])
        stage.press()
        stage.pass(50)
        stage.press()
        stage.pass(50)
        #expect(stage.done() == [.begin(from: at(1_099 - 200))])
    }

    @Test("toggle: every other press ends the turn, and releases mean nothing")
    func toggle() {
        var stage = TurnStage(.toggle)
        stage.pass(1_000)
        stage.press()
        stage.release()
        stage.pass(3_000)
        #expect(stage.done() == [.begin(from: at(800))])
        stage.press()
        stage.release()
        #expect(stage.done() == [.end(at: at(4_150))])
    }

    @Test("wake: nothing passes before the wake word; what follows it without a pause goes up from before it")
    func wakeWord() {
        var stage = TurnStage(.wake)
        stage.speak(3_000)
        #expect(stage.done() == [.tell(.asleep(because: "mode"))])
        stage.effects += stage.keeper.note(.began(stage.moment.captured), at: stage.moment)
        stage.pass(1_000)
        stage.effects += stage.keeper.wakeWordHeard(
            because: "word", backBy: .milliseconds(200), at: stage.moment)
        #expect(
            stage.done() == [.tell(.wakeHeard(because: "word")), .begin(from: at(4_000 - 200 - 1_500))])
        #expect(!stage.keeper.isAsleep)
    }

    @Test("wake: after the answer has been played the user is heard for a while, then no more")
    func followUp() {
        var stage = TurnStage(.wake)
        stage.pass(5_000)
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        stage.pass(500)
        stage.speak(1_000)
        stage.pass(500)
        #expect(
            stage.done() == [
                .tell(.asleep(because: "mode")), .tell(.wakeHeard(because: "word")), .begin(from: at(3_500)),
                .end(at: at(6_980)),
            ])
        stage.answer(30_000)
        stage.pass(30_000)
        stage.answerIsPlayed()
        stage.pass(7_999)
        #expect(stage.done() == [], "the time an answer takes is not the user's")
        stage.pass(2)
        #expect(stage.done() == [.tell(.asleep(because: "quiet"))])
        stage.speak(1_000)
        stage.pass(1_000)
        #expect(stage.done() == [])
    }

    @Test("wake: the connection is parked after a while asleep, and is there again on waking")
    func parking() {
        var stage = TurnStage(.wake) { $0.idle = .seconds(30) }
        stage.pass(29_999)
        #expect(stage.done() == [.tell(.asleep(because: "mode"))])
        stage.pass(1)
        #expect(stage.done() == [.park])
        stage.keeper.lineClosed()
        stage.pass(60_000)
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        #expect(stage.done() == [.unpark, .tell(.wakeHeard(because: "word"))])
    }

    @Test("wake: when no line can be had it sleeps again, and the next wake word wants one", arguments: [true, false])
    func lineGivenUp(isAwake: Bool) {
        var stage = TurnStage(.wake)
        stage.pass(31_000)
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        stage.keeper.lineClosed()
        stage.pass(isAwake ? 7_000 : 9_000)
        _ = stage.done()
        stage.effects += stage.keeper.lineGivenUp(at: stage.moment)
        #expect(stage.done() == (isAwake ? [.tell(.asleep(because: "noConnection"))] : []))
        stage.pass(3_600_000)
        #expect(stage.done() == [])
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        #expect(stage.done() == [.unpark, .tell(.wakeHeard(because: "word"))])
    }

    @Test("wake: a typed message brings a parked connection back, and leaving the mode does", arguments: [true, false])
    func unparking(isTyped: Bool) {
        var stage = TurnStage(.wake) { $0.idle = .zero }
        #expect(stage.done() == [.tell(.asleep(because: "mode")), .park])
        stage.keeper.lineClosed()
        stage.effects +=
            isTyped
            ? stage.keeper.lineWanted(at: stage.moment)
            : stage.keeper.change(to: .open, because: "asked", at: stage.moment)
        #expect(stage.done().first == .unpark)
    }

    @Test("a press wakes")
    func wakeKey() {
        var stage = TurnStage(.wake)
        stage.press()
        #expect(stage.done() == [.tell(.asleep(because: "mode")), .tell(.wakeHeard(because: "key"))])
    }

    @Test("a mode that the line's setup does not fit asks for another line once, and acts properly until it is there")
    func renewal() {
        var stage = TurnStage(.open)
        stage.pass(1_000)
        stage.effects += stage.keeper.change(to: .hold, because: "asked", at: stage.moment)
        #expect(
            stage.done() == [.begin(from: 0), .end(at: at(1_000)), .tell(.mode(.hold, because: "asked")), .renew])
        stage.press()
        stage.pass(500)
        #expect(stage.done() == [.begin(from: at(1_000))])
        stage.effects += stage.keeper.lineOpened(isManual: true, at: stage.moment)
        stage.release()
        #expect(stage.done() == [.end(at: at(1_650))])
        // Back again: the manual line takes no voice outside of marks, so that turns are ours until it has gone.
        stage.effects += stage.keeper.change(to: .open, because: "asked", at: stage.moment)
        stage.pass(1_000)
        #expect(stage.done() == [.tell(.mode(.open, because: "asked")), .renew])
        stage.speak(500)
        stage.effects += stage.keeper.lineOpened(isManual: false, at: stage.moment)
        #expect(
            stage.done() == [
                .begin(from: at(2_500 - 300)), .end(at: at(3_000)), .begin(from: at(3_000)),
            ])
    }

    @Test(
        "muted from the beginning: nothing goes up, and nothing has to end, until it is over",
        arguments: [TurnMode.open, .half, .local, .hold, .toggle, .wake])
    func mutedFromTheBeginning(mode: TurnMode) {
        var stage = TurnStage(mode) { $0.isMuted = true }
        #expect(stage.keeper.isMuted)
        stage.speak(1_000)
        stage.press()
        stage.pass(1_000)
        stage.release()
        #expect(!stage.done().contains { if case .begin = $0 { true } else if case .end = $0 { true } else { false } })
        stage.effects += stage.keeper.muted(false, at: stage.moment)
        stage.press()
        stage.speak(1_000)
        #expect(stage.done().contains { if case .begin = $0 { true } else { false } })
    }

    @Test("muting ends what goes up when the last of it has been captured, and presses mean nothing until it is over")
    func mute() {
        var stage = TurnStage(.hold)
        stage.press()
        stage.pass(1_000)
        stage.effects += stage.keeper.muted(true, at: stage.moment)
        stage.pass(1_000)
        stage.release()
        stage.press()
        stage.pass(1_000)
        stage.release()
        #expect(stage.done() == [.begin(from: 0), .end(at: at(1_200))])
        stage.effects += stage.keeper.muted(false, at: stage.moment)
        stage.press()
        stage.pass(100)
        #expect(stage.done() == [.begin(from: at(2_800))])
    }
}
