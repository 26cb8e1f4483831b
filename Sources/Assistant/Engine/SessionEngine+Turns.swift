import AudioCore
import Events
import LiveProtocol
import LiveSession

/// When the user is heard: what the turn keeper decides, and what it is told.
extension SessionEngine {
    // MARK: From outside

    /// The capture thread has something to tell of the voice. Any thread; does not wait.
    package nonisolated func voiceChanged() { post(.voiceChanged) }

    /// The wake word was heard. Any thread; does not wait.
    ///
    /// - Parameters:
    ///   - because: which detector heard what, for people.
    ///   - backBy: how long ago it ended; the voice from 1.5 s before that on is heard.
    package nonisolated func wakeWordHeard(because: String, backBy: Duration) {
        post(.wakeWord(because: because, backBy: backBy))
    }

    // MARK: What must be done

    func perform(_ effects: [TurnKeeper.Effect]) {
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: TurnKeeper.Effect) {
        switch effect {
        case .begin(let position): parts.voice.begin(from: position)
        case .end(let position): parts.voice.end(at: position)
        case .hold: parts.speech.hold()
        case .letGoOn: parts.speech.letGoOn()
        case .drop: dropAnswer()
        case .renew: perform(keeper.renew(now: now))
        case .park:
            perform(keeper.park(now: now))
            watch.parked(now: now)
        case .unpark:
            watch.lineEnded()
            perform(keeper.unpark(now: now))
        case .rest(let devices): parts.ports.rest(devices)
        case .tell(let notice): tell(notice)
        }
    }

    /// The user speaks over the answer, which the service knows or will know by itself.
    private func dropAnswer() {
        _ = parts.speech.dropWaiting()
        parts.speech.letGoOn()
        tell(turns.interruptedHere(at: moment))
        keeper.answerCut()
    }

    func tell(_ notice: TurnKeeper.Notice) {
        keeper.restsWhenLost = turnKeeper.canBeWoken
        parts.ports.awaitWakeWord(turnKeeper.isAsleep)
        switch notice {
        case .mode(let mode, let because): reporter.tell(.turnsMode(mode: mode.rawValue, because: because))
        case .wakeHeard(let because): reporter.tell(.wakeHeard(because: because))
        case .asleep(let because): reporter.tell(.wakeAsleep(because: because))
        }
    }

    // MARK: What it is told

    var turnMoment: TurnKeeper.Moment {
        // First, so that every edge before it can be taken after it.
        let captured = parts.voice.captured
        // What was cut is never heard, and while there is no loudspeaker nothing plays, although it waits.
        let passed = max(parts.ports.clock.heardPosition, parts.speech.cutPosition)
        let unplayed = isOutputAway ? 0 : parts.speech.position - passed
        return TurnKeeper.Moment(
            now: now, captured: captured, unplayed: max(0, unplayed),
            isAnswering: turns.isAnswering || keeper.floor.isBusy(now: now))
    }

    func beginTurns() {
        if turnKeeper.isMuted { parts.ports.setMuted(true) }
        perform(turnKeeper.start(at: turnMoment))
        if turnKeeper.mode != .open { tell(.mode(turnKeeper.mode, because: configuration.modeReason)) }
    }

    /// Tells what has happened since: at the end of each step.
    func keepTurns() {
        let moment = turnMoment
        if let isManual = openedLineIsManual.take() { perform(turnKeeper.lineOpened(isManual: isManual, at: moment)) }
        let boot = timeOfBoot
        while let edge = parts.ports.voiceActivity.next() {
            turns.voiceChanged(isVoice: edge.isVoice, at: edge.time + boot)
            perform(turnKeeper.note(edge.isVoice ? .began(edge.position) : .ended(edge.position), at: moment))
        }
        perform(turnKeeper.settle(at: moment))
    }

    func noteForTurns(_ event: LiveEvent) {
        switch event {
        case .interrupted: perform(turnKeeper.interrupted(at: turnMoment))
        case .transcription(let piece) where piece.speaker == .user: turnKeeper.userWords()
        case .speech, .generationCompleted, .turnCompleted: parts.voice.endArrived()
        default: break
        }
    }

    func setMuted(_ wanted: Bool) {
        guard wanted != turnKeeper.isMuted else { return }
        parts.ports.setMuted(wanted)
        perform(turnKeeper.muted(wanted, at: turnMoment))
        reporter.tell(.audioMuted(wanted))
    }

    /// No more voice comes; the service is told behind the last of it (pitfall 34).
    func endVoiceStream() {
        keepTurns()
        perform(turnKeeper.inputEnded(true, at: turnMoment))
    }

    /// Voice comes again.
    func beginVoiceStream() { perform(turnKeeper.inputEnded(false, at: turnMoment)) }

    // MARK: The lines

    /// Leaves it to us, in the modes that need that, when a turn begins and ends.
    func leaveTurnsToUs(_ setup: inout SessionSetup) {
        isLineManual = turnKeeper.needsManualLine
        guard isLineManual else { return }
        setup.realtimeInput.isDetectionDisabled = true
        // What the service's own detection would go by.
        setup.realtimeInput.silence = nil
        setup.realtimeInput.startSensitivity = nil
        setup.realtimeInput.endSensitivity = nil
        setup.realtimeInput.prefixPadding = nil
    }

    /// What the line that is set up wants said around the voice.
    var voiceMarks: Voice.Marks {
        func message(_ command: LiveCommand) -> [UInt8] { parts.dialect.encode(command) ?? [] }
        guard isLineManual else { return Voice.Marks(end: message(.audioStreamEnd)) }
        return Voice.Marks(start: message(.activityStart), end: message(.activityEnd))
    }
}
