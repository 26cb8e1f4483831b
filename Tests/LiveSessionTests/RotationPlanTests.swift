import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RotationPlanTests {
    /// A plan for a connection of ten minutes that was opened at zero.
    private func plan(limit: Duration = .seconds(600)) -> RotationPlan {
        var plan = RotationPlan(connectionLimit: limit)
        plan.wentLive(openedAt: .zero)
        return plan
    }

    @Test("a warning that leaves 300 s does nothing at once, and something in the last minute (pitfall 1)")
    func earlyWarning() {
        var plan = plan()
        plan.goAway(timeLeft: .seconds(300), now: .seconds(1))
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(1)) == .doNothing)
        #expect(plan.deadline(standby: .none, now: .seconds(1)) == .seconds(241))
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(240)) == .doNothing)
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(241)) == .warm)
    }

    @Test("a change waits for a free floor, and is made 10 s before the end in any case (pitfall 1)")
    func waitsForTheFloor() {
        var plan = plan()
        plan.goAway(timeLeft: .seconds(50), now: .seconds(100))
        plan.standbyOpened(now: .seconds(101))
        #expect(plan.decide(floorIsFree: false, standby: .open, now: .seconds(102)) == .doNothing)
        #expect(plan.decide(floorIsFree: true, standby: .open, now: .seconds(102)) == .change(.goAway))
        #expect(plan.decide(floorIsFree: false, standby: .dialling, now: .seconds(139)) == .doNothing)
        #expect(plan.decide(floorIsFree: false, standby: .dialling, now: .seconds(140)) == .change(.goAway))
    }

    @Test("without a warning, and without a message, the connection is left before its limit (pitfalls 1 and 2)")
    func ownTimer() {
        let plan = plan()
        #expect(plan.deadline(standby: .none, now: .zero) == .seconds(540))
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(539)) == .doNothing)
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(540)) == .warm)
        #expect(plan.decide(floorIsFree: false, standby: .none, now: .seconds(590)) == .change(.timer))
    }

    @Test("a short limit is left by the same shares of it", arguments: [6, 10, 60])
    func scaledLimit(seconds: Int) {
        let plan = plan(limit: .seconds(seconds))
        let opens = Duration.seconds(seconds) - .seconds(seconds) / 10
        #expect(plan.decide(floorIsFree: true, standby: .none, now: opens - .milliseconds(1)) == .doNothing)
        #expect(plan.decide(floorIsFree: true, standby: .none, now: opens) == .warm)
        let latest = Duration.seconds(seconds) - .seconds(seconds) / 40
        #expect(plan.decide(floorIsFree: false, standby: .none, now: latest) == .change(.timer))
    }

    @Test("a warning of no time, or that leaves none, is acted upon within it", arguments: [nil, Duration.zero])
    func shortWarning(timeLeft: Duration?) {
        var plan = plan()
        plan.goAway(timeLeft: timeLeft, now: .seconds(100))
        let end = Duration.seconds(100) + (timeLeft ?? .seconds(5))
        #expect(plan.decide(floorIsFree: false, standby: .none, now: end) == .change(.goAway))
        if timeLeft == nil { #expect(plan.decide(floorIsFree: false, standby: .none, now: .seconds(103)) == .warm) }
    }

    @Test("a later warning does not put off an earlier end")
    func earlierEndStands() {
        var plan = plan()
        plan.goAway(timeLeft: .seconds(20), now: .seconds(100))
        plan.goAway(timeLeft: .seconds(300), now: .seconds(101))
        #expect(plan.decide(floorIsFree: false, standby: .none, now: .seconds(115)) == .change(.goAway))
    }

    @Test("a request is done in the next quiet moment, and cuts nothing")
    func request() {
        var plan = plan()
        plan.request(now: .seconds(100))
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(100)) == .warm)
        #expect(plan.decide(floorIsFree: true, standby: .open, now: .seconds(101)) == .change(.request))
        plan.standbyOpened(now: .seconds(400))
        #expect(plan.decide(floorIsFree: false, standby: .open, now: .seconds(400)) == .doNothing)
    }

    @Test("warnings that are repeated never put the last safe moment off")
    func repeatedWarnings() {
        var plan = plan()
        for second in 0...40 {
            let left = Duration.seconds(50 - second) - .milliseconds(second)
            plan.goAway(timeLeft: left, now: .seconds(100 + second))
        }
        #expect(plan.decide(floorIsFree: false, standby: .open, now: .seconds(140)) == .change(.goAway))
    }

    @Test("a service that says goodbye to every connection is followed 30 times at once, and then twice a second")
    func storm() {
        var plan = plan()
        var now = Duration.seconds(100)
        var changes: [Duration] = []
        while now < .seconds(110) {
            plan.wentLive(openedAt: now)
            plan.goAway(timeLeft: .zero, now: now)
            if case .change = plan.decide(floorIsFree: true, standby: .none, now: now) {
                plan.changed(now: now)
                changes.append(now)
            }
            now += .milliseconds(2)
        }
        #expect((45...55).contains(changes.count))
    }

    @Test("a standby that has waited for 30 s is replaced, and one that fails is tried again after a growing wait")
    func standbyAges() {
        var plan = plan()
        plan.standbyOpened(now: .seconds(540))
        #expect(plan.deadline(standby: .open, now: .seconds(541)) == .seconds(570))
        #expect(plan.decide(floorIsFree: false, standby: .open, now: .seconds(570)) == .coolDown)
        plan.standbyEnded(now: .seconds(570))
        #expect(plan.decide(floorIsFree: false, standby: .none, now: .seconds(570)) == .doNothing)
        #expect(plan.decide(floorIsFree: false, standby: .none, now: .milliseconds(570_500)) == .warm)
        plan.standbyEnded(now: .seconds(571))
        #expect(plan.deadline(standby: .none, now: .seconds(571)) == .seconds(572))
    }

    @Test("without a line nothing is planned")
    func noLine() {
        var plan = plan()
        plan.lineEnded()
        plan.goAway(timeLeft: .seconds(1), now: .seconds(5))
        #expect(plan.deadline(standby: .none, now: .seconds(5)) == nil)
        #expect(plan.decide(floorIsFree: true, standby: .none, now: .seconds(1000)) == .doNothing)
    }
}
