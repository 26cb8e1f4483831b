import LiveProtocol
import LiveSession

/// Steps of a script, and what holds after each.
extension ModelRun {
    mutating func apply(_ step: Step) {
        guard violation == nil, !hasEnded else { return }
        advance(to: now + .milliseconds(1))
        guard violation == nil, !hasEnded else { return }
        switch step {
        case .wait(let milliseconds): advance(to: now + .milliseconds(milliseconds))
        case .waitForDeadline: advanceToDeadline(longest: .seconds(60))
        case .sleep(let seconds): perform(keeper.slept(.seconds(seconds), now: now))
        case .type, .speak, .cutAnswer, .answerCalls, .answerStaleCall, .renew, .park, .unpark, .mayRest, .stop:
            user(step)
        case .door, .style, .call, .cancelCalls, .offerHandle, .expireHandles, .poison, .goAway, .oddity: serve(step)
        case .end(let cut): if let main { service.cut(main, cut, now: now) }
        case .outage(let seconds):
            service.door = .unreachable
            for line in [standby, main].compactMap({ $0 }) { service.cut(line, .lost, now: now) }
            advance(to: now + .seconds(seconds))
            service.door = .open
        case .endStandby: if let standby { service.cut(standby, .lost, now: now) }
        case .goDeaf: service.goDeaf(now: now)
        case .answerCloses(let answers): service.answersCloses = answers
        }
        check()
    }

    private mutating func user(_ step: Step) {
        switch step {
        case .type: type()
        case .speak:
            guard let main, witness.isGateOpen, service.hears(main) else { return }
            let index = witness.questions.count
            witness.questions.append(Witness.Question(isTyped: false, turn: .max, askedAt: now))
            service.hear(" q\(index).", on: main, now: now)
        case .cutAnswer: cutAnswer()
        case .answerCalls: answerCalls()
        case .answerStaleCall:
            let stale = witness.cancelledCalls.last ?? "unknown"
            perform(keeper.toolsAnswered([ToolResult(id: stale, name: "f", response: .null)], now: now))
        case .renew:
            witness.requestedAt = witness.requestedAt ?? now
            perform(keeper.renew(now: now))
        case .park: park()
        case .unpark:
            witness.parkedAt = nil
            perform(keeper.unpark(now: now))
        case .mayRest(let mayRest):
            witness.mayRest = mayRest
            keeper.restsWhenLost = mayRest
        case .stop:
            witness.stoppedAt = now
            perform(keeper.stop(Ending(.asked, reason: "hung up"), now: now))
        default: break
        }
    }

    private mutating func serve(_ step: Step) {
        switch step {
        case .door(let door): service.door = door
        case .style(let style):
            service.style = style
            if style == .unfinished { witness.isUncertain = true }
        case .call(let isBlocking): service.call(isBlocking: isBlocking, now: now)
        case .cancelCalls: service.cancelCalls(now: now)
        case .offerHandle(let isResumable):
            if let live = service.live, service.hears(live) {
                service.offerHandle(on: live, at: now, isResumable: isResumable)
            }
        case .expireHandles: service.expireHandles()
        case .poison: service.poison()
        case .goAway(let milliseconds):
            if let live = service.live, service.hears(live) {
                service.goAway(milliseconds.map { .milliseconds($0) }, now: now)
            }
        case .oddity(let oddity):
            if oddity != .setupCompleted, oddity != .unknownCancellation { witness.isUncertain = true }
            service.say(oddity, now: now)
        default: break
        }
    }

    private mutating func park() {
        guard !keeper.machine.isEnding else { return }
        witness.parkedAt = witness.parkedAt ?? now
        witness.isRotating = false  // what was changed is left
        perform(keeper.park(now: now))
    }

    private mutating func type() {
        witness.parkedAt = nil
        let index = witness.questions.count
        let changes = turns.typed("q\(index).", at: moment)
        guard case .started(let turn, _) = changes.first(where: \.isStart) else { return }
        witness.questions.append(Witness.Question(isTyped: true, turn: turn, askedAt: now))
        note(changes)
        perform(keeper.typed("q\(index).", turn: turn, now: now))
    }

    private mutating func cutAnswer() {
        guard turns.isAnswering else { return }
        note(turns.interruptedHere(at: moment))
        keeper.answerCut()
        witness.answerEnded(awaitsTurnEnd: true)
        if let main, keeper.machine.isLive { service.interrupt(on: main, now: now) }
    }

    /// Every tool at work is done.
    mutating func answerCalls() {
        let calls = witness.runningCalls
        guard !calls.isEmpty else { return }
        witness.runningCalls = []
        witness.answeredCalls += calls
        perform(keeper.toolsAnswered(calls.map { ToolResult(id: $0, name: "f", response: .null) }, now: now))
    }

    /// What an event means for what is due.
    mutating func see(_ event: LiveEvent) {
        switch event {
        case .transcription(let piece) where piece.speaker == .user: witness.askedAt = now
        case .speech, .text, .transcription:
            witness.askedAt = nil
            witness.lastContent = now
        case .generationCompleted where witness.reportsInteraction: witness.askedAt = nil
        case .generationCompleted, .turnCompleted, .interrupted:
            witness.askedAt = nil
            guard !witness.isThinking else { break }
            if event == .interrupted {
                if witness.interrupted() { witness.askedAt = now }
            } else {
                see(end: event)
            }
        case .interactionStatus(let status):
            witness.reportsInteraction = true
            witness.isThinking = status == .inProgress
            if status == .idle { witness.answerEnded(awaitsTurnEnd: false) }
        case .toolCallsCancelled(let ids):
            witness.cancelledCalls += ids
            witness.runningCalls.removeAll { ids.contains($0) }
        default: break
        }
    }

    private mutating func see(end: LiveEvent) {
        guard end == .turnCompleted(reason: nil) else { return witness.answerEnded(awaitsTurnEnd: true) }
        if witness.covered == nil, !witness.awaitsTurnEnd { witness.answeredSilently(on: main) }
        witness.answerEnded(awaitsTurnEnd: false)
    }

    // MARK: What holds at any time

    mutating func check() {
        guard violation == nil, !hasEnded else { return }
        if let breach = service.breach { return fail(breach) }
        let machine = keeper.machine
        if witness.isGateOpen != machine.isLive { return fail("the gate does not follow the session") }
        let isAtRest = machine.state == .idle || machine.state == .parked
        if !isAtRest, keeper.deadline(now: now) == nil { return fail("it waits without a deadline") }
        checkParking()
        if let stopped = witness.stoppedAt, now - stopped > .seconds(3) { return fail("it does not stop") }
        guard machine.isLive, let main else { return }
        for (index, question) in witness.questions.enumerated() where !question.isDone && question.sentOn != main {
            if question.isTyped || question.mustAsk { return fail("question \(index) is lost with its line") }
        }
        for id in service.connections[main].session.calls where witness.answeredCalls.contains(id) {
            if service.hears(main), !witness.cancelledCalls.contains(id) {
                return fail("the result of \(id) is withheld")
            }
        }
    }

    private mutating func checkParking() {
        guard let parkedAt = witness.parkedAt, !keeper.machine.isEnding else {
            if keeper.isParked { fail("it is parked, but a connection is wanted") }
            return
        }
        if !keeper.isParked { return fail("it is not parked") }
        if now - parkedAt > .seconds(5), main != nil { fail("a connection is left open while nobody wants one") }
        if standby != nil { fail("a standby is kept while nobody wants a connection") }
    }

    /// What the end of a connection must lead to.
    mutating func checkEnd(
        of connection: SimulatedService.Connection, _ reason: Disconnection, before: SessionMachine.State,
        isUnknown: Bool, _ effects: [SessionKeeper.Effect]
    ) {
        let wasLive = before == .live
        var (wasChanging, wasParking) = (false, false)
        if case .changing = before { wasChanging = true }
        if case .parking = before { wasParking = true }
        if wasParking, effects.contains(where: \.resendsLast) { fail("voice from before the parking is sent again") }
        if (wasLive || wasChanging) && isUnknown && !effects.contains(.closeGate(resendsLast: true)) {
            fail("what was in flight is not sent again after \(reason)")
        }
        let isFinal: Bool
        switch reason.cause {
        case .upgradeRefused(429, _): isFinal = !wasChanging && !wasParking
        case .closed(1007, _): isFinal = !wasChanging && !wasParking && witness.newestHandle == nil && !witness.isSeeded
        default: isFinal = false
        }
        let hasEnd = effects.contains { if case .end = $0 { true } else { false } }
        if isFinal, !hasEnd { fail("\(reason) is final, but was not taken so (invariant 8)") }
    }

    /// The faults are over: within two minutes the conversation goes on, with every question answered, or has ended.
    mutating func settle() {
        service.door = .open
        service.style = .complete
        service.answersCloses = true
        apply(.unpark)
        let start = now
        while violation == nil, !hasEnded, now < start + .seconds(150) {
            answerCalls()
            if keeper.isParked { apply(.unpark) }
            if keeper.machine.isLive, openQuestion == nil, now > start + .seconds(1) { return }
            advance(to: now + .seconds(2))
        }
        guard violation == nil, !hasEnded else { return }
        guard keeper.machine.isLive else { return fail("not live two minutes after the last fault") }
        if let open = openQuestion, !witness.isUncertain, !witness.isUnanswering {
            fail("question \(open) is still not answered two minutes after the last fault")
        }
    }

    private var openQuestion: Int? { witness.questions.firstIndex { $0.isTyped && !$0.isDone } }
}

extension SessionKeeper.Effect {
    fileprivate var resendsLast: Bool { self == .closeGate(resendsLast: true) }
}
