import LiveProtocol
import LiveSession

/// What the keeper wants done, judged and carried out.
extension ModelRun {
    mutating func perform(_ effects: [SessionKeeper.Effect]) {
        guard !effects.isEmpty, violation == nil else { return }
        guard !hasEnded else { return fail("after the end: \(effects)") }
        guard effects.count < 100 else { return fail("\(effects.count) effects at once") }
        var sent: [SessionKeeper.Effect] = []
        for effect in effects {
            for effect in tamper?(effect, keeper) ?? [effect] where violation == nil {
                checkOrder(of: effect, after: sent)
                perform(effect)
                sent.append(effect)
            }
        }
        if let breach = service.breach { fail(breach) }
    }

    private mutating func perform(_ effect: SessionKeeper.Effect) {
        switch effect {
        case .dial:
            guard witness.parkedAt == nil else { return fail("dialled while nobody wants a connection") }
            guard main == nil else { return fail("dialled beside a connection that has not ended") }
            witness.dials.append(now)
            if isTooOften(witness.dials) { return fail("more than 25 attempts within 10 s (invariant 8)") }
            main = service.dial(now: now)
        case .dialStandby:
            guard standby == nil, main != nil else { return fail("a standby beside nothing, or a second one") }
            witness.standbyDials.append(now)
            if isTooOften(witness.standbyDials) { return fail("more than 25 standbys within 10 s") }
            standby = service.dial(now: now)
        case .takeOver:
            guard standby != nil else { return fail("nothing to take over") }
            main = standby
            standby = nil
        case .abandonStandby:
            guard let gone = standby else { return fail("no standby to abandon") }
            service.abandon(gone, now: now)
            standby = nil
        case .sendSetup(let change): setUp(change)
        case .send(let command): send(command)
        case .openGate:
            guard !witness.isGateOpen, keeper.machine.isLive else { return fail("the gate was opened out of turn") }
            witness.isGateOpen = true
        case .closeGate: witness.isGateOpen = false
        case .closeLine:
            guard let main else { return fail("no connection to close") }
            service.close(main, now: now)
        case .abandonLine:
            guard let main else { return fail("no connection to give up") }
            service.abandon(main, now: now)
        case .ping: if main == nil { fail("a ping without a connection") }
        case .tell(let notice): tell(notice)
        case .end(let ending):
            if witness.wasLive, witness.mayRest, ending.reason.contains("(after ") {
                return fail("ended, though somebody could have woken it")
            }
            witness.ending = true
        }
    }

    private func isTooOften(_ moments: [Duration]) -> Bool {
        moments.suffix(26).count { $0 > now - .seconds(10) } > 25
    }

    private mutating func checkOrder(of effect: SessionKeeper.Effect, after sent: [SessionKeeper.Effect]) {
        guard case .send(let command) = effect else { return }
        if sent.contains(.openGate) { fail("something was sent behind the opening of the gate") }
        switch command {
        case .turns where keeper.configuration.family.content != .always:
            // A family that takes turns at the beginning only closes a session that gets them later.
            if !witness.isFresh { fail("turns were sent in mid-session") }
        case .toolResults:
            for case .send(.text) in sent { fail("a question was sent before a tool's result (pitfall 3)") }
        default: break
        }
    }

    private mutating func setUp(_ change: SessionKeeper.SetupChange) {
        guard let main else { return fail("a setup without a connection") }
        if let handle = change.handle, handle != witness.newestHandle {
            return fail("resumed by \(handle), but the newest handle is \(witness.newestHandle ?? "none") (pitfall 4)")
        }
        witness.isFresh = change.handle == nil
        witness.isSeeded = change.preparation != Seeding.Preparation()
        if change.handle == nil {
            if witness.newestHandle != nil, !witness.mayForget { return fail("a good handle was not used") }
            witness.newestHandle = nil
        }
        service.setUp(main, handle: change.handle, now: now)
    }

    private mutating func send(_ command: LiveCommand) {
        guard let main, service.connections[main].phase == .live else {
            return fail("\(command) was sent where no setup was answered (invariant 1)")
        }
        switch command {
        case .text(let text): asked(Witness.questions(in: text), on: main, isText: true)
        case .turns(let turns, _):
            for case .text(let text) in turns.flatMap(\.parts) {
                asked(Witness.questions(in: text), on: main, isText: false)
            }
        case .toolResults(let results):
            witness.askedAt = now
            if service.hears(main) { service.receive(results, on: main, now: now) }
        default: break
        }
    }

    private mutating func asked(_ questions: [Int], on main: Int, isText: Bool) {
        for index in questions {
            let question = witness.questions[index]
            if question.isDone, !question.mayBeAskedAgain, isText, !witness.isUncertain {
                return fail("question \(index) was asked again after its answer")
            }
            witness.questions[index].sentOn = main
            witness.questions[index].mustAsk = false
            if isText { witness.questions[index].isWritten = true }
        }
        guard isText else { return }
        witness.askedAt = now
        service.asked(on: main, now: now)
    }

    /// The keeper parked the session by itself.
    private mutating func rest() {
        guard witness.wasLive, witness.mayRest else { return fail("parked, though nobody may wake it") }
        witness.parkedAt = now
        witness.isRotating = false  // what was changed is given up
    }

    private mutating func tell(_ notice: SessionKeeper.Notice) {
        if witness.parkedAt != nil, notice.tellsOfTrouble { return fail("\(notice) was told of a line that was left") }
        switch notice {
        case .rotating(let cause):
            if witness.isRotating { fail("a second change was told within the first") }
            witness.isRotating = true
            checkMoment(of: cause)
        case .resumed(_, let gap, _):
            if !witness.isRotating { fail("resumed, but nothing was told to be changed") }
            if gap < .zero { fail("a gap of \(gap)") }
            witness.isRotating = false
        case .live: witness.wasLive = true
        case .outOfReach: rest()
        case .stalled(let stage):
            if !(witness.askedAt.map({ now - $0 >= .seconds(10) }) ?? false) {
                fail("a stall was seen where no answer was due (pitfall 5)")
            }
            witness.askedAt = nil
            if stage >= 2 { witness.mayForget = true }
        case .unanswering: witness.isUnanswering = true
        case .questionsLost(let texts):
            for index in Witness.questions(in: texts.joined(separator: " ")) { witness.questions[index].isDone = true }
        case .attemptFailed(_, let pause): if pause < .zero { fail("a wait of \(pause)") }
        default: break
        }
    }

    /// A planned change waits for the end of an answer, as long as it can.
    private mutating func checkMoment(of cause: ChangeCause) {
        guard cause != .drop, cause != .stall, let main else { return }
        let isAnswering = witness.covered != nil && now - witness.lastContent < .seconds(15)
        guard isAnswering || witness.isThinking else { return }
        let left = (service.connections[main].endsAt ?? .zero) - now
        let isRequestDue = witness.requestedAt.map { now - $0 >= .seconds(50) } ?? false
        if left > .seconds(10), !isRequestDue { fail("changed with \(left) left while an answer was generated") }
    }
}

extension SessionKeeper.Notice {
    /// It is about a line, which a session that wants none does not miss.
    fileprivate var tellsOfTrouble: Bool {
        switch self {
        case .questionsLost: false
        default: true
        }
    }
}
