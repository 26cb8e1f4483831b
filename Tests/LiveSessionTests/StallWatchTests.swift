import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StallWatchTests {
    @Test("a quiet session never looks stalled (pitfall 5)")
    func idle() {
        var watch = StallWatch()
        #expect(watch.deadline == nil)
        #expect(watch.timePassed(isBusy: false, now: .seconds(100_000)) == .doNothing)
    }

    @Test("no answer: resume; none again after being asked again: a fresh session; then say so (pitfall 5)")
    func stages() {
        var watch = StallWatch()
        watch.asked(now: .zero)
        #expect(watch.deadline == .seconds(10))
        #expect(watch.timePassed(isBusy: false, now: .seconds(9)) == .doNothing)
        #expect(watch.timePassed(isBusy: false, now: .seconds(10)) == .resume)
        watch.lineEnded()
        watch.asked(now: .seconds(11))
        #expect(watch.timePassed(isBusy: false, now: .seconds(21)) == .renew)
        watch.lineEnded()
        watch.asked(now: .seconds(22))
        #expect(watch.timePassed(isBusy: false, now: .seconds(32)) == .tell)
        #expect(watch.stageNumber == 3)
        watch.asked(now: .seconds(33))
        #expect(watch.timePassed(isBusy: false, now: .seconds(43)) == .doNothing)
    }

    @Test("after a resume nothing is missed before something was understood again (pitfall 5)")
    func resumedAndIdle() {
        var watch = StallWatch()
        watch.asked(now: .zero)
        #expect(watch.timePassed(isBusy: false, now: .seconds(10)) == .resume)
        watch.lineEnded()
        #expect(watch.deadline == nil)
        #expect(watch.timePassed(isBusy: false, now: .seconds(1000)) == .doNothing)
    }

    @Test("any answer restores the trust, also one with nothing said (gemini-live §5 rule 14)")
    func answered() {
        var watch = StallWatch()
        watch.asked(now: .zero)
        #expect(watch.timePassed(isBusy: false, now: .seconds(10)) == .resume)
        watch.asked(now: .seconds(11))
        watch.turnEnded()
        #expect(watch.stageNumber == 0)
        watch.asked(now: .seconds(30))
        #expect(watch.timePassed(isBusy: false, now: .seconds(40)) == .resume)
    }

    @Test("a tool or a service at work is given all the time it wants (pitfall 25)")
    func busy() {
        var watch = StallWatch()
        watch.asked(now: .zero)
        for second in stride(from: 10, through: 200, by: 10) {
            #expect(watch.timePassed(isBusy: true, now: .seconds(second)) == .doNothing)
        }
        #expect(watch.timePassed(isBusy: false, now: .seconds(209)) == .doNothing)
        #expect(watch.timePassed(isBusy: false, now: .seconds(210)) == .resume)
    }
}
