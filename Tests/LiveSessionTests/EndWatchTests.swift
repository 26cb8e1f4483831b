import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EndWatchTests {
    @Test("at the end of the input the answer under way is awaited, then it is over")
    func endOfInputDuringAnswer() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.answerBegan(now: .seconds(1))
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .seconds(100)))
        watch.answerEnded(isCut: false, now: .seconds(100))
        #expect(watch.isDue(now: .seconds(100)))
    }

    @Test("with no answer it is over 8 s after the end of the input")
    func endOfInputUnanswered() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .milliseconds(9_999)))
        #expect(watch.isDue(now: .seconds(10)))
    }

    @Test("an answer that is cut has another one to come")
    func cutAnswer() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.answerBegan(now: .seconds(1))
        watch.inputEnded(now: .seconds(2))
        watch.answerEnded(isCut: true, now: .seconds(3))
        #expect(!watch.isDue(now: .seconds(10)))
        watch.answerBegan(now: .seconds(4))
        watch.answerEnded(isCut: false, now: .seconds(6))
        #expect(watch.isDue(now: .seconds(6)))
    }

    @Test("while no connection is live nobody's patience runs")
    func endOfInputWhileReconnecting() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.lineEnded()
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .seconds(60)))
        watch.wentLive(now: .seconds(60))
        #expect(!watch.isDue(now: .seconds(67)))
        #expect(watch.isDue(now: .seconds(68)))
    }

    @Test("asleep without a connection: an input that is over is over, and idle time goes on")
    func parked() {
        var input = EndWatch(.endOfInput)
        input.wentLive(now: .zero)
        input.lineEnded()
        input.parked(now: .seconds(1))
        #expect(input.deadline == nil)
        input.inputEnded(now: .seconds(2))
        #expect(input.deadline == .seconds(10))
        input.lineEnded()
        #expect(input.deadline == nil, "it was woken, and what was said waits")
        input.parked(now: .seconds(20))
        #expect(input.deadline == .seconds(28))
        var idle = EndWatch(.idle(.seconds(60)))
        idle.wentLive(now: .zero)
        idle.lineEnded()
        idle.parked(now: .seconds(10))
        #expect(idle.deadline == .seconds(60))
    }

    @Test("`for` counts from the first time it is live; `idle` from the last word")
    func elapsedAndIdle() {
        var elapsed = EndWatch(.elapsed(.seconds(5)))
        #expect(elapsed.deadline == nil)
        elapsed.wentLive(now: .seconds(3))
        elapsed.wentLive(now: .seconds(7))
        #expect(elapsed.deadline == .seconds(8))
        var idle = EndWatch(.idle(.seconds(5)))
        idle.wentLive(now: .zero)
        idle.somethingSaid(now: .seconds(4))
        #expect(idle.deadline == .seconds(9))
        idle.answerBegan(now: .seconds(5))
        #expect(idle.deadline == nil)
    }
}
