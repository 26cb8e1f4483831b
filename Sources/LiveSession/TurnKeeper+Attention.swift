/// Sleeping and waking, silencing the answer, and what time brings.
extension TurnKeeper {
    // MARK: Modes

    mutating func leaveMode(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        if passage != nil { effects += endPassage(at: moment.captured, now: moment.now) }
        if case .asleep(_, isParked: true) = attention { effects.append(.unpark) }
        attention = nil
        wokenAt = nil
        key = .up
        log.forget(before: moment.captured)
        return effects
    }

    mutating func enterMode(at moment: Moment) -> [Effect] {
        guard mode == .wake else { return [] }
        attention = .asleep(since: moment.now, isParked: false)
        return [.tell(.asleep(because: "mode"))]
    }

    // MARK: Sleeping and waking

    mutating func wake(because: String, at moment: Moment) -> [Effect] {
        let before = attention
        attention = .awake(until: moment.now + configuration.followUp)
        guard case .asleep(_, let isParked) = before else { return [] }
        return (isParked ? [.unpark] : []) + [.tell(.wakeHeard(because: because))]
    }

    /// Other times from here on: `followUp` counts from the end of the next turn on.
    package mutating func change(followUp: Duration, idle: Duration) {
        configuration.followUp = followUp
        configuration.idle = idle
    }

    /// Something wakes the assistant that needs no line: a session that cannot be brought back may rest.
    package var canBeWoken: Bool { mode == .wake }

    /// No line can be had, and none is tried for any more: the next wake word wants one again.
    package mutating func lineGivenUp(at moment: Moment) -> [Effect] {
        guard let before = attention else { return settle(at: moment) }
        attention = .asleep(since: moment.now, isParked: true)
        wokenAt = nil
        var effects: [Effect] = []
        if case .awake = before { effects.append(.tell(.asleep(because: "noConnection"))) }
        return effects + settle(at: moment)
    }

    mutating func attend(at moment: Moment) -> [Effect] {
        let wasBusy = isBusy
        isBusy = passage != nil || moment.isPlaying || moment.isAnswering
        switch attention {
        case .awake(let until):
            if isBusy || wasBusy {
                attention = .awake(until: max(until, moment.now + configuration.followUp))
            } else if moment.now >= until {
                attention = .asleep(since: moment.now, isParked: false)
                wokenAt = nil
                return [.tell(.asleep(because: "quiet"))] + attend(at: moment)
            }
        case .asleep(let before, isParked: false):
            let since = isBusy || wasBusy ? moment.now : before
            let isIdle = !isBusy && isLineManual != nil && moment.now >= since + configuration.idle
            attention = .asleep(since: since, isParked: isIdle)
            return isIdle ? [.park] : []
        case .asleep, nil: break
        }
        return []
    }

    // MARK: Silencing the answer

    mutating func followPlayback(at moment: Moment) {
        guard moment.isPlaying != isPlaying else { return }
        isPlaying = moment.isPlaying
        playedAt = isPlaying ? nil : moment.now
        if isPlaying { judgedUntil = moment.captured }  // what was said before the answer does not stop it
    }

    /// Silences the answer, as far as that is ours to do and it plays.
    mutating func silence(isTurn: Bool, at moment: Moment) -> [Effect] {
        guard maySilence, moment.isPlaying else { return [] }
        guard hold == nil else {
            if isTurn { hold?.isTurn = true }
            return []
        }
        hold = Hold(since: moment.now, position: moment.captured, isTurn: isTurn)
        return [.hold]
    }

    private var maySilence: Bool { configuration.bargeIn == .local && configuration.canHold }

    mutating func letGoOn(at moment: Moment) -> [Effect] {
        hold = nil
        judgedUntil = moment.captured
        return [.letGoOn]
    }

    /// Whether somebody spoke over the answer, and whether it was for the answer to stop.
    mutating func judge(at moment: Moment) -> [Effect] {
        guard let hold else {
            let isOver = isListening(at: moment) && voiceOverAnswer(at: moment) >= limits.hush.voiceSamples
            return isOver ? silence(isTurn: false, at: moment) : []
        }
        guard moment.isPlaying, !isCough(hold, at: moment) else { return letGoOn(at: moment) }
        guard moment.now >= hold.since + limits.hold else { return [] }
        guard hold.isTurn || hold.heardWords || voice(in: limits.recently, at: moment) > 0 else {
            return letGoOn(at: moment)  // a pause between two words is shorter
        }
        self.hold = nil
        judgedUntil = moment.captured
        return [.drop]
    }

    /// What is said may be for the answer to stop: nobody needs to press a key first.
    private func isListening(at moment: Moment) -> Bool {
        switch scheme(at: moment) {
        case .continuous, .detector: true
        case .key, .none: false
        }
    }

    /// What stopped the answer was too short for words, and is over.
    private func isCough(_ hold: Hold, at moment: Moment) -> Bool {
        guard !hold.isTurn, !hold.heardWords, calmFrom(hold) <= moment.captured else { return false }
        let from = hold.position - limits.recently.voiceSamples
        return voice(in: limits.calm, at: moment) == 0
            && log.voice(in: min(from, moment.captured)..<moment.captured) < limits.bargeIn.voiceSamples
    }

    /// The first position at which it can be known that it was a cough.
    private func calmFrom(_ hold: Hold) -> Int {
        max(hold.position, log.lastEnd ?? hold.position) + limits.calm.voiceSamples
    }

    private func voice(in duration: Duration, at moment: Moment) -> Int {
        log.voice(in: max(0, moment.captured - duration.voiceSamples)..<max(0, moment.captured))
    }

    private func voiceOverAnswer(at moment: Moment) -> Int {
        guard moment.isPlaying else { return 0 }
        let from = max(judgedUntil, moment.captured - limits.recently.voiceSamples)
        return log.voice(in: min(from, moment.captured)..<moment.captured)
    }

    // MARK: Time

    /// The next moment at which `settle` may have something to do without anything happening.
    package func deadline(at moment: Moment) -> Duration? {
        var deadlines = passageDeadlines(at: moment)
        if let restDeadline { deadlines.append(restDeadline) }
        if let hold {
            deadlines.append(hold.since + limits.hold)
            let calm = calmFrom(hold)
            if !log.hearsVoice, calm > moment.captured { deadlines.append(moment.time(of: calm)) }
        } else if isListening(at: moment), log.hearsVoice, moment.isPlaying, maySilence {
            let missing = limits.hush.voiceSamples - voiceOverAnswer(at: moment)
            deadlines.append(moment.time(of: moment.captured + missing))
        }
        switch attention {
        case .awake(let until): deadlines.append(until)
        case .asleep(let since, isParked: false) where isLineManual != nil && !isBusy:
            deadlines.append(since + configuration.idle)
        case .asleep, nil: break
        }
        if moment.isPlaying, mode == .half || attention != nil || hold != nil {
            deadlines.append(moment.now + .milliseconds(moment.unplayed / 24 + 1))
        }
        return deadlines.min()
    }
}

extension TurnKeeper.Moment {
    /// When this position will have been captured; if it has been, a little later, for another look.
    func time(of position: Int) -> Duration {
        now + (position > captured ? Duration(voiceSamples: position - captured) : .milliseconds(10))
    }
}
