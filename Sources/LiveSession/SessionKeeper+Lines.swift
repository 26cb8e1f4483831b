package import LiveProtocol

/// What happens on the session's lines.
extension SessionKeeper {
    /// The upgrade succeeded.
    package mutating func opened(_ role: Role, now: Duration) -> [Effect] {
        switch role {
        case .standby:
            machine.standbyOpened()
            plan.standbyOpened(now: now)
            standbyOpenedAt = now
            return rotate(now: now)
        case .main:
            mainOpenedAt = now
            guard case .sendSetup(let handle) = machine.connectionOpened(now: now) else { return [] }
            return [setUp(handle: handle)]
        }
    }

    /// The connection is over. - Parameter fraction: randomness for the jitter, 0 … 1.
    package mutating func ended(
        _ role: Role, _ reason: Disconnection, now: Duration, fraction: Double
    ) -> [Effect] {
        guard role == .main else {
            machine.standbyEnded()
            plan.standbyEnded(now: now)
            return [.tell(.standbyFailed(reason.description))]
        }
        let (wasLive, wasChanging, wasParking) = (machine.isLive, isChanging, isParking)
        if case .settingUp = machine.state, machine.isSeeded, case .closed(code: 1007...1008, _) = reason.cause {
            isMemoryRefused = true
        }
        var effects: [Effect] = []
        // Only the peer's answer to our close says that it has read everything.
        let isAnswered = reason.cause == .closedHere && machine.givenUp == nil
        if wasLive || (wasChanging && !isAnswered) { effects.append(.closeGate(resendsLast: true)) }
        if wasLive || wasChanging { noteGap(now: now) }
        if wasLive || wasChanging || wasParking { effects += lineIsGone(now: now) }
        switch machine.disconnected(reason, now: now, fraction: fraction) {
        case .retry(let at, let problem, let wasLive):
            effects.append(.tell(wasLive ? .dropped(problem) : .attemptFailed(problem, retryIn: at - now)))
            if wasLive { effects.append(.tell(.rotating(because: .drop))) }
            return effects + dropStandby() + timePassed(now: now)
        case .succeed(let successor, let problem):
            if let problem { effects += [.tell(.dropped(problem)), .tell(.rotating(because: .drop))] }
            return effects + succeed(with: successor, now: now)
        case .rest(let problem): return effects + rest(because: problem)
        case .end(let ending): return effects + dropStandby() + [.end(ending)]
        case .doNothing: return effects
        }
    }

    /// An event of the line that carries the session.
    package mutating func received(_ event: LiveEvent, now: Duration) -> [Effect] {
        if case .setupCompleted = event { return wentLive(now: now) }
        machine.serviceSpoke()
        floor.handle(event, now: now)
        switch event {
        case .resumption(let handle, let isResumable, _):
            guard machine.resumptionUpdated(handle: handle, isResumable: isResumable) else { break }
            handleAt = now
            tools.handleGiven()
        case .goAway(let timeLeft): plan.goAway(timeLeft: timeLeft, now: now)
        case .transcription(let piece) where piece.speaker == .user: break  // `note` has its turn
        case .speech, .text, .transcription, .blob, .code, .codeResult: modelSpoke()
        case .generationCompleted:
            modelSpoke()
            if !reportsInteraction { answerCompleted { $0.answerEnded(awaitsTurnEnd: true) } }
        case .interrupted:
            var isStillDue = false
            answerCompleted { isStillDue = $0.interrupted() }
            if isStillDue { stall.asked(now: now) }
        case .turnCompleted: answerCompleted { $0.turnCompleted() }
        case .interactionStatus(.idle):
            reportsInteraction = true
            answerCompleted { $0.answerEnded(awaitsTurnEnd: false) }
        case .interactionStatus(.inProgress):
            reportsInteraction = true
            stall.asked(now: now)
        case .toolCallsCancelled(let ids):
            tools.cancelled(ids)
            floor.callsOpen(tools.openCount)
        default: break
        }
        return rotate(now: now)
    }

    /// - Returns: the calls that are to be executed, which a repeated one is not (pitfall 24), and what to do meanwhile.
    package mutating func toolsCalled(_ calls: [ToolCall], now: Duration) -> (new: [ToolCall], effects: [Effect]) {
        machine.serviceSpoke()
        floor.handle(.toolCalled(calls), now: now)
        stall.answered()
        let calling = tools.called(calls, now: now)
        if !calling.new.isEmpty { tools.modelWentOn() }
        floor.callsOpen(tools.openCount)
        return (calling.new, machine.isLive ? sendResults(calling.results, now: now) : [])
    }

    // MARK: Steps of it

    private var isChanging: Bool {
        if case .changing = machine.state { true } else { false }
    }

    private var isParking: Bool {
        if case .parking = machine.state { true } else { false }
    }

    private mutating func modelSpoke() {
        stall.answered()
        tools.modelWentOn()
    }

    private mutating func answerCompleted(_ note: (inout Questions) -> Void) {
        guard !floor.isInteracting else { return }
        stall.turnEnded()
        note(&questions)
        machine.answerCompleted()
    }

    private mutating func noteGap(now: Duration) {
        guard gap == nil else { return }
        gap = (now, .drop)
        isSpeechTorn = floor.isUserSpeaking(now: now)
    }

    private mutating func lineIsGone(now: Duration) -> [Effect] {
        let lost = questions.lineEnded(keepsSpoken: gap?.cause == .stall, now: now)
        stall.lineEnded()
        floor.lineEnded()
        plan.lineEnded()
        liveness = nil
        return lost.isEmpty ? [] : [.tell(.questionsLost(lost.map(\.text)))]
    }

    private mutating func succeed(with successor: SessionMachine.Successor, now: Duration) -> [Effect] {
        switch successor {
        case .warm(let handle):
            mainOpenedAt = standbyOpenedAt
            return [.takeOver, setUp(handle: handle)]
        case .dialling: return [.takeOver]
        case .cold(let attempt): return [.tell(.connecting(attempt: attempt)), .dial(attempt: attempt)]
        }
    }

    private mutating func setUp(handle: String?) -> Effect {
        guard handle == nil, machine.wasEverLive else {
            seed = nil
            machine.isSeeded = false
            return .sendSetup(SetupChange(handle: handle))
        }
        let keepsNone = configuration.family.history == .none || isMemoryRefused
        let history = keepsNone ? [] : memory.history(before: questions.due.first?.turn)
        seed = history
        let preparation = Seeding.preparation(history, for: configuration.family)
        machine.isSeeded = preparation != Seeding.Preparation()
        return .sendSetup(SetupChange(handle: nil, preparation: preparation))
    }

    private mutating func wentLive(now: Duration) -> [Effect] {
        guard case .openGate(let resumed) = machine.setupCompleted(now: now) else { return [] }
        liveness = Liveness(now: now)
        plan.wentLive(openedAt: mainOpenedAt)
        var effects: [Effect] = []
        if let seed, let turns = Seeding.turns(seed, for: configuration.family) { effects.append(.send(turns)) }
        effects += sendResults(tools.resumed(knownUntil: resumed ? handleAt : nil), now: now)
        floor.callsOpen(tools.openCount)
        let again = questions.due.filter { $0.repeats > 0 && $0.form == .toWrite }
        effects += sendQuestions(now: now)
        effects += [.openGate, .tell(.live(resumed: resumed))]
        if let gap {
            effects.append(
                .tell(.resumed(because: gap.cause, gap: now - gap.since, how: resumed ? .handle : .reseed)))
        }
        if let seed, !seed.isEmpty { effects.append(.tell(.memoryThinner(turns: seed.count))) }
        if !again.isEmpty { effects.append(.tell(.askedAgain(again.map(\.text)))) }
        if isSpeechTorn { effects.append(.tell(.speechTorn)) }
        gap = nil
        seed = nil
        isSpeechTorn = false
        return effects
    }
}
