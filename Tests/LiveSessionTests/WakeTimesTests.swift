import LiveSession
import Testing

@Suite("Times of waking and sleeping that change", .timeLimit(.minutes(5)))
struct WakeTimesTests {
    @Test("the connection is parked by the new time, which may have passed already")
    func idle() {
        var stage = TurnStage(.wake) { $0.idle = .seconds(300) }
        stage.pass(20_000)
        stage.keeper.change(followUp: .seconds(8), idle: .seconds(30))
        stage.pass(9_999)
        #expect(stage.done() == [.tell(.asleep(because: "mode"))])
        stage.pass(1)
        #expect(stage.done() == [.park])
    }

    @Test("a sentence that was over before a late detector's line is heard, where that says when the word ended")
    func lateDetector() {
        for backBy in [Duration.zero, .seconds(4)] {
            var stage = TurnStage(.wake)
            stage.pass(5_000)
            stage.speak(1_500)
            stage.pass(2_500)
            _ = stage.done()
            stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: backBy, at: stage.moment)
            stage.pass(1_000)
            let told = stage.done()
            #expect(told.first == .tell(.wakeHeard(because: "word")))
            // The word ended 5 s after the beginning, the sentence 1.5 s later.
            #expect(told.dropFirst().first == (backBy == .zero ? nil : .begin(from: 3_500 * 16)))
            #expect(told.count == (backBy == .zero ? 1 : 3))
        }
    }

    @Test("whoever is being heard keeps the time that was promised; the next turn has the new one")
    func followUp() {
        var stage = TurnStage(.wake)
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        stage.keeper.change(followUp: .seconds(2), idle: .seconds(30))
        stage.pass(7_999)
        #expect(!stage.keeper.isAsleep)
        stage.pass(1)
        #expect(stage.keeper.isAsleep)
        stage.effects += stage.keeper.wakeWordHeard(because: "word", backBy: .zero, at: stage.moment)
        stage.pass(1_999)
        #expect(!stage.keeper.isAsleep)
        stage.pass(1)
        #expect(stage.keeper.isAsleep)
    }
}
