import LiveProtocol
import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SessionMachineTests {
    private static let lost = Disconnection(.lost)

    private func live(at now: Duration = .zero) -> SessionMachine {
        var machine = SessionMachine()
        _ = machine.start(now: now)
        _ = machine.connectionOpened(now: now)
        _ = machine.setupCompleted(now: now)
        return machine
    }

    @Test("the gate opens only when the setup is answered (invariant 1, pitfall 19)")
    func opensInOrder() {
        var machine = SessionMachine()
        #expect(machine.start(now: .zero) == .dial(attempt: 1))
        #expect(machine.connectionOpened(now: .seconds(1)) == .sendSetup(handle: nil))
        #expect(!machine.isLive)
        #expect(machine.setupCompleted(now: .seconds(2)) == .openGate(resumed: false))
        #expect(machine.isLive)
        #expect(machine.deadline == nil)
    }

    @Test("a setup that is never answered is given up after 10 s, and says why (pitfall 17a)")
    func setupTimesOut() {
        var machine = SessionMachine()
        _ = machine.start(now: .zero)
        _ = machine.connectionOpened(now: .seconds(1))
        #expect(machine.deadline == .seconds(11))
        #expect(machine.timePassed(now: .seconds(10)) == .doNothing)
        guard case .abandon(let problem) = machine.timePassed(now: .seconds(11)) else {
            Issue.record("not given up")
            return
        }
        #expect(problem.reason.contains("setup was not answered within 10 s"))
        let action = machine.disconnected(Disconnection(.closedHere), now: .seconds(11), fraction: 1)
        #expect(action == .retry(at: .milliseconds(11_250), problem: problem, wasLive: false))
    }

    @Test("attempts end after the fifth, with what the last one met")
    func attemptsAreBounded() {
        var machine = SessionMachine()
        var now = Duration.zero
        _ = machine.start(now: now)
        var dials = 1
        let nobody = Disconnection(.unreachable, detail: "connection refused")
        while true {
            switch machine.disconnected(nobody, now: now, fraction: 0.5) {
            case .retry(let at, _, let wasLive):
                #expect(!wasLive)
                now = at
                #expect(machine.timePassed(now: now) == .dial(attempt: dials + 1))
                dials += 1
            case .end(let ending):
                #expect(dials == 5)
                #expect(ending.kind == .unavailable)
                #expect(ending.reason.contains("connection refused"))
                #expect(ending.reason.contains("5 attempts"))
                #expect(now < .seconds(30))
                return
            case .succeed, .rest, .doNothing:
                Issue.record("nothing done")
                return
            }
        }
    }

    @Test("attempts that each time out end within 30 s, before the fifth")
    func attemptsAreBoundedInTime() {
        var machine = SessionMachine()
        var now = Duration.zero
        _ = machine.start(now: now)
        for _ in 1...10 {
            now += .seconds(10)
            guard case .abandon = machine.timePassed(now: now) else { break }
            guard
                case .retry(let at, _, _) = machine.disconnected(
                    Disconnection(.closedHere), now: now, fraction: 0.5)
            else { break }
            now = at
            _ = machine.timePassed(now: now)
        }
        guard case .ended(let ending) = machine.state else {
            Issue.record("still trying after \(now)")
            return
        }
        #expect(ending.kind == .unavailable)
        #expect(now <= .seconds(31))
    }

    @Test("a daemon's machine tries for ever, and never waits longer than the cap")
    func daemonKeepsTrying() {
        var limits = SessionMachine.Limits()
        limits.giveUp = nil
        var machine = SessionMachine(limits: limits)
        var now = Duration.zero
        _ = machine.start(now: now)
        for attempt in 1...200 {
            guard case .retry(let at, _, _) = machine.disconnected(Self.lost, now: now, fraction: 1) else {
                Issue.record("gave up at attempt \(attempt)")
                return
            }
            #expect(at - now <= machine.backoff.cap)
            now = at
            _ = machine.timePassed(now: now)
        }
    }

    @Test("a line that breaks while live is dialled again at once")
    func liveDropRetriesAtOnce() {
        var machine = live()
        machine.resumptionUpdated(handle: "h1", isResumable: true)
        machine.resumptionUpdated(handle: "", isResumable: false)
        let at = Duration.seconds(60)
        guard case .succeed(.cold(attempt: 1), _?) = machine.disconnected(Self.lost, now: at, fraction: 1) else {
            Issue.record("not dialled")
            return
        }
        #expect(machine.connectionOpened(now: at) == .sendSetup(handle: "h1"))
        #expect(machine.setupCompleted(now: at) == .openGate(resumed: true))
    }

    @Test("a service that accepts and closes at once is not dialled for ever (invariant 8)")
    func acceptsAndCloses() {
        var machine = SessionMachine()
        var now = Duration.zero
        _ = machine.start(now: now)
        for dial in 1...30 {
            _ = machine.connectionOpened(now: now)
            machine.resumptionUpdated(handle: "h", isResumable: true)
            _ = machine.setupCompleted(now: now)
            let closed = Disconnection(.closed(code: 1011, reason: "Internal error encountered."))
            switch machine.disconnected(closed, now: now + .milliseconds(100), fraction: 1) {
            case .retry(let at, _, let wasLive):
                #expect(wasLive)
                #expect(at > now + .milliseconds(100))
                now = at
                #expect(machine.timePassed(now: now) == .dial(attempt: dial + 1))
            case .end(let ending):
                #expect((5...20).contains(dial))
                #expect(now < .seconds(31))
                #expect(ending.kind == .unrecoverable)
                return
            case .succeed, .rest, .doNothing: Issue.record("nothing done")
            }
        }
        Issue.record("still dialling")
    }

    @Test("a session that was live is tried to be brought back for 30 s, and then is unrecoverable")
    func unrecoverable() {
        var machine = live()
        var now = Duration.seconds(60)
        _ = machine.disconnected(Self.lost, now: now, fraction: 1)
        var attempts = 1
        while case .retry(let at, _, _) = machine.disconnected(Self.lost, now: now, fraction: 1) {
            now = at
            _ = machine.timePassed(now: now)
            attempts += 1
        }
        guard case .ended(let ending) = machine.state else {
            Issue.record("not ended")
            return
        }
        #expect(ending.kind == .unrecoverable)
        #expect(attempts > 5)
        #expect((.seconds(80)...(.seconds(90))).contains(now), "\(now)")
    }

    @Test("a handle that the service does not know is dropped, and the next attempt goes without it (pitfall 4)")
    func unknownHandleIsDropped() {
        var machine = live()
        machine.resumptionUpdated(handle: "stale", isResumable: true)
        _ = machine.disconnected(Self.lost, now: .seconds(60), fraction: 0)
        _ = machine.connectionOpened(now: .seconds(60))
        let unknown = Disconnection(.closed(code: 1008, reason: "BidiGenerateContent session not found"))
        guard case .retry(let at, _, _) = machine.disconnected(unknown, now: .seconds(60), fraction: 0) else {
            Issue.record("no retry")
            return
        }
        #expect(at == .seconds(60))
        _ = machine.timePassed(now: at)
        #expect(machine.connectionOpened(now: at) == .sendSetup(handle: nil))
    }

    @Test("a refusal ends it after exactly one attempt (invariant 8, pitfalls 14 and 15)")
    func refusalIsFinal() {
        var machine = SessionMachine()
        _ = machine.start(now: .zero)
        let refused = Disconnection(.upgradeRefused(status: 429, body: "quota"))
        guard case .end(let ending) = machine.disconnected(refused, now: .zero, fraction: 0) else {
            Issue.record("not ended")
            return
        }
        #expect(ending.kind == .refused)
        #expect(ending.code == 429)
        #expect(machine.timePassed(now: .seconds(100)) == .doNothing)
    }

    @Test("stopping waits a moment for the service's close, and no longer")
    func stopIsBounded() {
        var machine = live()
        let asked = Ending(.asked, reason: "the user ended it")
        #expect(machine.stop(asked, now: .seconds(5)) == .close)
        #expect(machine.timePassed(now: .seconds(6)) == .doNothing)
        #expect(machine.timePassed(now: .seconds(7)) == .end(asked))
        #expect(machine.disconnected(Self.lost, now: .seconds(8), fraction: 0) == .doNothing)
    }

    @Test("stopping between attempts ends at once")
    func stopWhileWaiting() {
        var machine = SessionMachine()
        _ = machine.start(now: .zero)
        _ = machine.disconnected(Self.lost, now: .zero, fraction: 1)
        let asked = Ending(.asked, reason: "the user ended it")
        #expect(machine.stop(asked, now: .zero) == .end(asked))
    }

    @Test("the first wait is a quarter of a second at most, and jitter keeps at least half of it")
    func backoffBounds() {
        let backoff = Backoff()
        #expect(backoff.delay(afterAttempt: 1, fraction: 0) == .milliseconds(125))
        #expect(backoff.delay(afterAttempt: 1, fraction: 1) == .milliseconds(250))
        #expect(backoff.delay(afterAttempt: 3, fraction: 1) == .seconds(1))
        #expect(backoff.delay(afterAttempt: 60, fraction: 1) == .seconds(5))
    }
}

@Suite(.timeLimit(.minutes(5)))
struct VerdictTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var cause: Disconnection.Cause
        var expected: String
        var testDescription: String { "\(cause)" }
    }

    private static let cases: [Case] = [
        Case(cause: .upgradeRefused(status: 401, body: ""), expected: "refused"),
        Case(cause: .upgradeRefused(status: 403, body: ""), expected: "refused"),
        Case(cause: .upgradeRefused(status: 429, body: ""), expected: "refused"),
        Case(cause: .upgradeRefused(status: 404, body: ""), expected: "unavailable"),
        Case(cause: .upgradeRefused(status: 503, body: ""), expected: "retry"),
        Case(cause: .closed(code: 1007, reason: "Request contains an invalid argument."), expected: "unavailable"),
        Case(cause: .closed(code: 1007, reason: "API key not valid. Please pass a valid key."), expected: "refused"),
        Case(cause: .closed(code: 1007, reason: "User location is not supported"), expected: "refused"),
        Case(
            cause: .closed(code: 1008, reason: "models/x is not found for API version v1beta"), expected: "unavailable"),
        Case(cause: .closed(code: 1008, reason: "BidiGenerateContent session not found"), expected: "dropHandle"),
        Case(cause: .closed(code: 1011, reason: "You exceeded your current quota"), expected: "refused"),
        Case(cause: .closed(code: 1011, reason: "Internal error encountered."), expected: "retry"),
        Case(
            cause: .closed(code: 1011, reason: "Deadline expired before operation could complete."), expected: "retry"),
        Case(cause: .closed(code: 1000, reason: ""), expected: "retry"),
        Case(cause: .lost, expected: "retry"),
        Case(cause: .unreachable, expected: "retry"),
        Case(cause: .unresolved, expected: "retry"),
        Case(cause: .tls, expected: "unavailable"),
        Case(cause: .proxyRefused(status: 407), expected: "refused"),
        Case(cause: .protocolError(code: 1009), expected: "retry"),
        Case(cause: .noCredential(.passing), expected: "retry"),
        Case(cause: .noCredential(.refused), expected: "refused"),
        Case(cause: .noCredential(.misconfigured), expected: "misconfigured"),
    ]

    @Test("each way to end is judged as the retry policy says (gemini-live §11, pitfalls 14 and 15)", arguments: cases)
    func judged(_ given: Case) {
        let verdict = Verdict(of: Disconnection(given.cause))
        let said =
            switch verdict {
            case .retry: "retry"
            case .retryWithoutHandle: "dropHandle"
            case .final(let ending): "\(ending.kind)"
            }
        #expect(said == given.expected)
    }

    @Test("the service's own words and the code reach the user (pitfall 13)")
    func keepsTheWords() {
        let reason = "API key expired. Please renew the API key."
        guard case .final(let ending) = Verdict(of: Disconnection(.closed(code: 1007, reason: reason))) else {
            Issue.record("not final")
            return
        }
        #expect(ending.reason.contains(reason))
        #expect(ending.code == 1007)
        #expect(ending.remedy?.contains("vivavoce keys set") == true)
    }
}

@Suite(.timeLimit(.minutes(5)))
struct LivenessTests {
    @Test("a ping goes every 20 s, muted or not (invariant 3)")
    func pings() {
        var liveness = Liveness(now: .zero)
        var progress = ConnectionProgress()
        var pings = 0
        for second in 1...100 {
            progress.bytesReceived += 1
            if liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(second)) == .ping { pings += 1 }
        }
        #expect(pings == 5)
    }

    @Test("pongs that are 40 s late end nothing; 60 s of silence do (pitfalls 11 and 12)")
    func silenceEnds() {
        var liveness = Liveness(now: .zero)
        var progress = ConnectionProgress()
        for second in 1...59 {
            #expect(liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(second)) != .giveUpSilent)
        }
        progress.pongsReceived = 1
        #expect(liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(59)) != .giveUpSilent)
        #expect(liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(118)) != .giveUpSilent)
        #expect(liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(119)) == .giveUpSilent)
    }

    @Test("what waits to be sent and does not go for 5 s ends the line; any progress is given more time (pitfall 12)")
    func stuckSendingEnds() {
        var liveness = Liveness(now: .zero)
        var progress = ConnectionProgress()
        progress.bytesReceived = 1
        #expect(liveness.timePassed(progress: progress, isWaiting: true, now: .seconds(1)) == .doNothing)
        #expect(liveness.timePassed(progress: progress, isWaiting: true, now: .seconds(5)) == .doNothing)
        progress.bytesSent = 400
        #expect(liveness.timePassed(progress: progress, isWaiting: true, now: .seconds(6)) == .doNothing)
        #expect(liveness.timePassed(progress: progress, isWaiting: true, now: .seconds(7)) == .doNothing)
        #expect(liveness.deadline == .seconds(12))
        #expect(liveness.timePassed(progress: progress, isWaiting: true, now: .seconds(12)) == .giveUpStuck)
    }

    @Test("a line with nothing to send is never stuck")
    func idleIsNotStuck() {
        var liveness = Liveness(now: .zero)
        var progress = ConnectionProgress()
        for second in 1...50 {
            progress.pongsReceived += 1
            let action = liveness.timePassed(progress: progress, isWaiting: false, now: .seconds(second))
            #expect(action != .giveUpStuck)
        }
    }
}
