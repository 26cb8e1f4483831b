/// Where passages begin and end.
extension TurnKeeper {
    /// How passages come about now.
    func scheme(at moment: Moment) -> Scheme {
        guard hears(at: moment) else { return .none }
        switch mode {
        case .open: return ofOpenLine
        case .half: return isEchoing(at: moment) ? .none : ofOpenLine
        case .local: return .detector
        case .wake: return isAsleep ? .none : .detector
        case .hold, .toggle: return .key
        }
    }

    /// A line that was set up for marks takes no voice outside of them, until it is changed (pitfall 20).
    private var ofOpenLine: Scheme { isLineManual == true ? .detector : .continuous }

    /// The input is read, or its last is still coming.
    func hears(at moment: Moment) -> Bool {
        !hasInputEnded && mutedAt.map { moment.now < $0 + limits.lastCapture } ?? true
    }

    private func isEchoing(at moment: Moment) -> Bool {
        moment.isPlaying || playedAt.map { moment.now < $0 + limits.echo } ?? false
    }

    mutating func keepPassages(at moment: Moment) -> [Effect] {
        let scheme = scheme(at: moment)
        var effects: [Effect] = []
        if passage.map({ $0.scheme != scheme }) ?? (lastEnd > moment.captured && !hears(at: moment)) {
            effects += endPassage(at: moment.captured, now: moment.now)
        }
        if scheme != .key { key = .up }
        switch scheme {
        case .continuous:
            if passage == nil { effects += beginPassage(.continuous, from: moment.captured, at: moment) }
        case .detector: effects += detectTurn(at: moment)
        case .key: effects += takeKey(at: moment)
        case .none: break
        }
        return effects
    }

    mutating func beginPassage(_ scheme: Scheme, from position: Int, onset: Int? = nil, at moment: Moment) -> [Effect] {
        let from = max(0, position, lastEnd)
        passage = Passage(scheme: scheme, onset: onset ?? from)
        return [.begin(from: from)] + (scheme == .continuous ? [] : silence(isTurn: true, at: moment))
    }

    mutating func endPassage(at position: Int, now: Duration) -> [Effect] {
        let isTurn = passage.map { $0.scheme != .continuous } ?? false
        passage = nil
        lastEnd = position
        if isTurn, case .awake = attention {
            attention = .awake(until: now + max(configuration.followUp, limits.answer))
        }
        return [.end(at: position)]
    }

    // MARK: Our detector

    private mutating func detectTurn(at moment: Moment) -> [Effect] {
        if let onset = passage?.onset {
            guard let end = pause(after: onset), end <= moment.captured else { return [] }
            log.forget(before: end)
            return endPassage(at: end, now: moment.now)
        }
        let heard = recently(at: moment)
        guard log.voice(in: heard) >= neededVoice(at: moment).voiceSamples, let onset = log.onset(in: heard) else {
            return []
        }
        var from = onset - limits.preRoll.voiceSamples
        if let wokenAt, onset - wokenAt <= limits.wakePreRoll.voiceSamples {
            from = wokenAt - limits.wakePreRoll.voiceSamples
        }
        wokenAt = nil
        return beginPassage(.detector, from: from, onset: onset, at: moment)
    }

    /// Where the turn that began there is over; nil while somebody speaks.
    private func pause(after onset: Int) -> Int? {
        let window = (configuration.quiet / limits.quietShare).voiceSamples
        return log.quiet(after: onset, window: window, most: window - configuration.quiet.voiceSamples)
    }

    /// Where voice counts that has led to no turn yet.
    private func recently(at moment: Moment) -> Range<Int> {
        let start = wokenAt ?? moment.captured - limits.recently.voiceSamples
        return min(max(start, lastEnd), moment.captured)..<moment.captured
    }

    private func neededVoice(at moment: Moment) -> Duration {
        moment.isPlaying && configuration.bargeIn != .off ? limits.bargeIn : limits.onset
    }

    // MARK: The key

    package mutating func pressed(at moment: Moment) -> [Effect] {
        if mode == .wake, hears(at: moment) {
            wokenAt = nil
            return wake(because: "key", at: moment) + settle(at: moment)
        }
        guard scheme(at: moment) == .key else { return settle(at: moment) }
        switch key {
        case .up:
            key = .down(since: moment.now, at: moment.captured)
            return silence(isTurn: true, at: moment) + settle(at: moment)
        case .down where mode == .toggle, .talking where mode == .toggle: return keyUp(at: moment)
        case .down, .talking: return settle(at: moment)
        }
    }

    /// In `toggle` it means nothing.
    package mutating func released(at moment: Moment) -> [Effect] {
        mode == .hold ? keyUp(at: moment) : settle(at: moment)
    }

    private mutating func keyUp(at moment: Moment) -> [Effect] {
        var effects = settle(at: moment)
        switch key {
        case .up: break
        case .down: if hold != nil { effects += letGoOn(at: moment) }
        case .talking: effects += endPassage(at: moment.captured + limits.tail.voiceSamples, now: moment.now)
        }
        key = .up
        return effects + letRest(at: moment)
    }

    private mutating func takeKey(at moment: Moment) -> [Effect] {
        guard case .down(let since, let position) = key, moment.now >= since + limits.press else { return [] }
        key = .talking
        return beginPassage(.key, from: position - limits.keyPreRoll.voiceSamples, onset: position, at: moment)
    }

    // MARK: Time

    /// When something about passages may have to be done.
    func passageDeadlines(at moment: Moment) -> [Duration] {
        var deadlines: [Duration] = []
        if let mutedAt { deadlines.append(mutedAt + limits.lastCapture) }
        if case .down(let since, _) = key { deadlines.append(since + limits.press) }
        if mode == .half, let playedAt { deadlines.append(playedAt + limits.echo) }
        deadlines.removeAll { $0 <= moment.now }
        guard scheme(at: moment) == .detector else { return deadlines }
        if let passage {
            if let end = pause(after: passage.onset) { deadlines.append(moment.time(of: end)) }
        } else if log.hearsVoice {
            let missing = neededVoice(at: moment).voiceSamples - log.voice(in: recently(at: moment))
            deadlines.append(moment.time(of: moment.captured + missing))
        }
        return deadlines
    }
}
