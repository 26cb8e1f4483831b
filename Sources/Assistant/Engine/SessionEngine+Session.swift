import AudioCore
import Events
import LiveProtocol
import LiveSession

/// What the lines and the user say, and what is done about it.
extension SessionEngine {
    // MARK: What must be done

    func perform(_ effects: [SessionKeeper.Effect]) {
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: SessionKeeper.Effect) {
        switch effect {
        case .dial: lines.dial()
        case .dialStandby: lines.dialStandby()
        case .takeOver: lines.takeOver()
        case .abandonStandby: lines.abandonStandby()
        case .sendSetup(let change): sendSetup(change)
        case .send(let command): send(command)
        case .openGate: openGate()
        case .closeGate(let resendsLast): closeGate(resendsLast: resendsLast)
        case .closeLine: lines.connection?.close(code: 1000, reason: "")
        case .abandonLine: lines.connection?.abandon()
        case .ping: lines.connection?.ping()
        case .tell(let notice): tell(notice)
        case .end(let ending): self.ending = ending
        }
    }

    private func sendSetup(_ change: SessionKeeper.SetupChange) {
        var setup = configuration.setup
        setup.resumption?.handle = change.handle
        if change.preparation.awaitsHistory { setup.awaitsHistory = true }
        if let more = change.preparation.instruction {
            setup.systemInstruction = setup.systemInstruction.map { "\($0)\n\n\(more)" } ?? more
        }
        leaveTurnsToUs(&setup)
        let encoded = parts.dialect.encode(setup)
        reporter.leftOut(encoded.warnings)
        lines.connection?.send(encoded.message)
    }

    /// What a connection that has just ended does not take is not lost: the keeper has it, and asks again.
    private func send(_ command: LiveCommand) {
        guard let message = parts.dialect.encode(command) else { return reporter.notTaken(command) }
        lines.connection?.send(message)
    }

    private func openGate() {
        if !wasLive { parts.ports.sessionWentLive() }
        wasLive = true
        guard let connection = lines.connection else { return }
        parts.voice.open(on: connection, marks: voiceMarks)
        openedLineIsManual = isLineManual
        reportCounts()  // what was dropped until now, was for want of a connection
        isGateOpen = true
        watch.wentLive(now: now)
    }

    private func closeGate(resendsLast: Bool) {
        watch.lineEnded()
        if isGateOpen {
            reportCounts()
            droppedBeforeGap = parts.voice.samplesDropped
        }
        isGateOpen = false
        turnKeeper.lineClosed()
        parts.voice.close(resendsLast: resendsLast)
    }

    private func tell(_ notice: SessionKeeper.Notice) {
        let lost = parts.voice.samplesDropped - droppedBeforeGap
        reporter.tell(notice, model: configuration.setup.model, lostVoice: lost)
        guard case .outOfReach = notice else { return }
        perform(turnKeeper.lineGivenUp(at: turnMoment))
        watch.parked(now: now)
    }

    // MARK: The lines

    func handle(_ event: LineEvent, on role: SessionKeeper.Role) {
        switch event {
        case .opened: perform(keeper.opened(role, now: now))
        case .received(let events, let received):
            guard role == .main else { return }  // nobody may speak to a session that was not set up
            for event in events { handle(event, received: received) }
        case .undecodable(let failure): reporter.undecodable(failure, now: now)
        case .ended(let reason):
            lines.ended(role)
            if role == .main { tell(turns.connectionEnded(at: moment)) }
            perform(keeper.ended(role, reason, now: now, fraction: parts.random()))
        }
    }

    private func handle(_ event: LiveEvent, received: Int) {
        let at = moment(received: received)
        switch event {
        case .toolCalled(let calls):
            let (new, effects) = keeper.toolsCalled(calls, now: now)
            perform(effects)
            if !new.isEmpty { answer(new) }
        default:
            if case .goAway = event { listen() }
            tell(turns.handle(event, at: at))
            reporter.report(event, now: now)
            perform(keeper.received(event, now: now))
            noteForTurns(event)
        }
    }

    /// No tool is offered in the setup, so whatever is called does not exist; saying so keeps the model talking.
    private func answer(_ calls: [ToolCall]) {
        let results = calls.map { call in
            ToolResult(
                id: call.id, name: call.name,
                response: .object([JSONValue.Member("error", .string("there is no tool of this name"))]))
        }
        reporter.toolsCalled(calls, answered: results)
        perform(keeper.toolsAnswered(results, now: now))
    }

    // MARK: The turns

    func tell(_ changes: [TurnChange]) {
        for change in changes {
            keeper.note(change, now: now)
            reporter.tell(change)
            switch change {
            case .started(_, .model): watch.answerBegan(now: now)
            case .completed(_, .model, let reason, _):
                watch.answerEnded(isCut: ["interrupted", "connectionLost"].contains(reason), now: now)
            case .started, .partial, .cutShort, .final, .interrupted, .completed: watch.somethingSaid(now: now)
            }
        }
    }

    // MARK: What the user wants

    func handle(_ command: ConversationCommand) {
        switch command {
        case .mute, .unmute: setMuted(command == .mute)
        case .interrupt: interrupt()
        case .say(let text): say(text)
        case .renew: perform(keeper.renew(now: now))
        case .press: perform(turnKeeper.pressed(at: turnMoment))
        case .release: perform(turnKeeper.released(at: turnMoment))
        case .mode(let mode): perform(turnKeeper.change(to: mode, because: "asked", at: turnMoment))
        case .wakeTimes(let followUp, let idle): turnKeeper.change(followUp: followUp, idle: idle)
        case .device, .volume, .cues: break
        case .hangUp, .hangUpSaying: perform(keeper.stop(Ending(.asked, reason: "hung up"), now: now))
        }
    }

    private func say(_ text: String) {
        guard configuration.keeping.family.takesText else { return reporter.notTaken(.text(text)) }
        guard keeper.questions.hasRoom else { return reporter.tooManyQuestions() }
        let changes = turns.typed(text, at: moment)
        guard case .started(let turn, _) = changes.first(where: \.isStart) else { return }
        tell(changes)
        perform(turnKeeper.lineWanted(at: turnMoment))
        perform(keeper.typed(text, turn: turn, now: now))
    }

    private func interrupt() {
        guard turns.isAnswering else { return }
        let moreComes = parts.speech.dropWaiting()
        tell(turns.interruptedHere(at: moment))
        keeper.answerCut()
        if moreComes, keeper.machine.isLive, let message = parts.dialect.encode(.stopGenerating) {
            lines.connection?.send(message)
        }
    }
}
