import LiveProtocol
package import LiveSession

/// One script, played: a keeper, the engine's glue around it, and a simulated service.
///
/// It judges everything that the keeper does; the first breach of an invariant is kept in `violation`, and nothing is
/// played after it.
package struct ModelRun {
    /// Puts others in place of an effect, so that a test can plant a fault.
    package typealias Tamper = @Sendable (SessionKeeper.Effect, SessionKeeper) -> [SessionKeeper.Effect]

    var keeper: SessionKeeper
    var service: SimulatedService
    var witness = Witness()
    var turns = TurnAssembler()
    var now: Duration = .zero
    /// The connections that are the client's (`Lines`).
    var main: Int?
    var standby: Int?
    private(set) var violation: String?
    let tamper: Tamper?
    private var observedAt: Duration = .zero
    private var progress = ConnectionProgress()
    private var received = 0
    private var played = 0
    private var fraction = 0.0

    init(family: ModelFamily, tamper: ModelRun.Tamper?) {
        var configuration = SessionKeeper.Configuration(family: family)
        configuration.connectionLimit = .seconds(120)
        keeper = SessionKeeper(configuration)
        service = SimulatedService(connectionLimit: .seconds(120))
        self.tamper = tamper
    }

    var hasEnded: Bool { witness.ending }

    mutating func fail(_ what: String) { if violation == nil { violation = "at \(now): \(what)" } }

    mutating func start() { perform(keeper.start(now: now)) }

    // MARK: The engine's glue

    var moment: Moment {
        let played = played
        return Moment(
            now: now, received: received, played: played,
            heardIn: { range in max(0, min(range.upperBound, played) - range.lowerBound) }, timeHeard: { _ in nil })
    }

    mutating func note(_ changes: [TurnChange]) {
        for change in changes {
            keeper.note(change, now: now)
            switch change {
            case .started(let turn, .model): witness.answerBegan(turn: turn)
            case .partial(let line) where line.speaker == .user:
                for index in Witness.questions(in: line.text) { witness.questions[index].turn = line.turn }
            default: break
            }
        }
    }

    private mutating func deliver(_ due: SimulatedService.Due) {
        let number = due.connection
        switch due.act {
        case .answerBegins: service.beginAnswer(on: number, now: now)
        case .opened:
            service.connections[number].phase = .open
            service.connections[number].openedAt = now
            if let role = role(of: number) { perform(keeper.opened(role, now: now)) }
        case .ended(let reason): deliverEnd(of: number, reason)
        case .event(let event):
            guard number == main else { return }
            deliver(event, of: due)
        }
    }

    private func role(of number: Int) -> SessionKeeper.Role? {
        number == main ? .main : number == standby ? .standby : nil
    }

    private mutating func deliver(_ event: LiveEvent, of due: SimulatedService.Due) {
        var event = event
        if event == SimulatedService.nextHandle {
            let name = service.newHandle(of: due.connection, now: now)
            event = .resumption(handle: name, isResumable: true, lastConsumedMessage: nil)
            if service.connections[due.connection].isGreeted {
                witness.newestHandle = name
                witness.mayForget = false
            }
        }
        if case .setupCompleted = event, service.connections[due.connection].phase == .settingUp {
            service.connections[due.connection].phase = .live
            service.connections[due.connection].isGreeted = true
        }
        if case .toolCallsCancelled(let ids) = event {
            service.connections[due.connection].session.calls.removeAll { ids.contains($0) }
            service.connections[due.connection].session.answered.removeAll { ids.contains($0.call) }
        }
        if case .speech(let samples) = event { received += samples }
        if goesOn(event) { service.connections[due.connection].session.answered = [] }
        if case .transcription(let piece) = event, piece.speaker == .user { heard(piece.text) }
        let isQuiet = standby == nil && witness.requestedAt == nil
        let limit = service.connections[due.connection].endsAt ?? .zero
        if case .toolCalled(let calls) = event {
            let (new, effects) = keeper.toolsCalled(calls, now: now)
            witness.runningCalls += new.compactMap(\.id)
            witness.askedAt = nil
            witness.lastContent = now
            perform(effects)
        } else {
            note(turns.handle(event, at: moment))
            see(event)
            let effects = keeper.received(event, now: now)
            if case .goAway(let timeLeft?) = event, timeLeft > .seconds(60), isQuiet, limit - now > .seconds(60),
                effects.contains(where: { $0 == .dialStandby || $0 == .closeLine })
            {
                fail("a warning that leaves \(timeLeft) was acted upon at once (pitfall 1)")
            }
            perform(effects)
        }
        if due.completesAnswer { service.answerCompleted(on: due.connection, now: now) }
    }

    /// The model says or does something, which shows that it has what it was sent.
    private func goesOn(_ event: LiveEvent) -> Bool {
        switch event {
        case .speech, .text, .toolCalled, .generationCompleted: true
        case .transcription(let piece): piece.speaker == .model
        default: false
        }
    }

    /// Words of the user are written down.
    private mutating func heard(_ text: String) {
        for index in Witness.questions(in: text) {
            witness.questions[index].askedAt = now
            witness.questions[index].sentOn = main
        }
        if let main { service.asked(on: main, now: now) }
    }

    private mutating func deliverEnd(of number: Int, _ reason: Disconnection) {
        let connection = service.connections[number]
        service.ended(number)
        guard let role = role(of: number) else { return }
        guard role == .main else {
            standby = nil
            return perform(keeper.ended(.standby, reason, now: now, fraction: jitter()))
        }
        main = nil
        if let end = connection.endsAt, now >= end, keeper.machine.isLive, !connection.isDeaf {
            fail("the service ended a connection that it had said it would end")
        }
        if connection.hasSetup, reason.cause != .closedHere || connection.isAbandoned { witness.mayForget = true }
        let isUnknown = reason.cause != .closedHere || connection.isAbandoned
        let machine = keeper.machine.state
        if connection.isGreeted { witness.lineEnded(now: now) }
        note(turns.connectionEnded(at: moment))
        let effects = keeper.ended(.main, reason, now: now, fraction: jitter())
        checkEnd(of: connection, reason, before: machine, isUnknown: isUnknown, effects)
        perform(effects)
    }

    private mutating func jitter() -> Double {
        fraction = (fraction + 0.37).truncatingRemainder(dividingBy: 1)
        return fraction
    }

    // MARK: Time

    /// Lets everything happen that is due until then, in its order.
    mutating func advance(to target: Duration) {
        var atOnce = 0
        while violation == nil, !hasEnded {
            let timer = nextTimer
            let moments = [timer, service.next].compactMap { $0 }
            guard let next = moments.min(), next <= target else { break }
            if next > now { atOnce = 0 }
            atOnce += 1
            guard atOnce < 200 else { return fail("it goes round without time passing") }
            move(to: max(next, now))
            if let due = service.next, due <= now {
                if let due = service.takeNext() { deliver(due) }
                now += .microseconds(10)
            } else {
                tick()
            }
            check()
        }
        move(to: max(now, target))
    }

    /// Until the keeper's next deadline or `longest`, whichever comes first.
    mutating func advanceToDeadline(longest: Duration) {
        let due = keeper.deadline(now: now).map { max($0, now) } ?? now
        advance(to: min(due, now + longest))
    }

    private var nextTimer: Duration? {
        guard !keeper.machine.isEnding else { return keeper.machine.deadline }
        let watch = keeper.machine.isLive ? observedAt + .seconds(1) : nil
        return [keeper.deadline(now: now), turns.deadline(at: moment), watch].compactMap { $0 }.min()
    }

    private mutating func move(to moment: Duration) {
        let passed = (moment - now).components
        now = moment
        let samples = Int(passed.seconds) * 24_000 + Int(passed.attoseconds / 1_000_000_000_000) * 24 / 1000
        played = min(received, played + samples)
    }

    private mutating func tick() {
        perform(keeper.timePassed(now: now))
        note(turns.timePassed(at: moment))
        observe()
        let isGoing = main.map { service.connections[$0].isAbandoned } ?? false
        if let due = keeper.deadline(now: now), due <= now, !hasEnded, !isGoing {
            fail("the deadline \(due) has passed and nothing was done about it")
        }
        if turns.deadline(at: moment).map({ $0 <= now }) ?? false { now += .milliseconds(1) }
    }

    private mutating func observe() {
        observedAt = now
        guard let main else { return }
        let passes = service.hears(main)
        if passes {
            progress.bytesSent += 100
            progress.bytesReceived += 100
        }
        perform(keeper.observed(progress, isWaiting: !passes && witness.isGateOpen, speech: received, now: now))
    }
}
