package import LiveProtocol

/// How connections end, and what follows.
extension SessionMachine {
    /// - Parameter fraction: the caller's randomness for the jitter, 0 … 1.
    package mutating func disconnected(_ reason: Disconnection, now: Duration, fraction: Double) -> EndAction {
        switch state {
        case .idle, .waiting, .parked, .ended: return .doNothing
        case .closing(let ending, _):
            state = .ended(ending)
            return .end(ending)
        case .parking(_, let wakes): return hasParked(wakes: wakes, now: now)
        case .changing:
            givenUp = nil
            return .succeed(succeed(now: now), problem: nil)
        case .dialling(let attempt, _):
            return attemptFailed(attempt, judge(reason), now: now, fraction: fraction)
        case .settingUp(let attempt, _):
            if isResuming { noteFault(reason, lived: .zero) }
            let verdict = judge(reason)
            let isSpecial = isResuming || isSeeded
            return attemptFailed(
                attempt, isSpecial ? Verdict.ofResuming(verdict, reason) : verdict, now: now, fraction: fraction)
        case .live:
            let lived = now - liveSince
            noteFault(reason, lived: lived)
            let verdict = judge(reason)
            let isSettled = lived >= (reason.isNetworks ? limits.settledOnBadNetwork : limits.settled)
            guard isSettled || (hasSpoken && !wasShort) else {
                return attemptFailed(liveAttempt, verdict, wasLive: true, now: now, fraction: fraction)
            }
            wasShort = !isSettled
            return liveLineEnded(verdict, reason, now: now)
        }
    }

    /// The connection shows no sign of life, or the machine slept: give it up.
    package mutating func lineWentSilent(_ problem: Verdict.Problem) -> TimeAction {
        switch state {
        case .dialling, .settingUp, .live, .changing, .parking:
            givenUp = problem
            return .abandon(problem)
        case .idle, .waiting, .parked, .closing, .ended: return .doNothing
        }
    }

    /// Time passed that no clock of ours counted, so attempts are counted anew and the next one is due now.
    package mutating func woke(now: Duration) {
        firstAttemptAt = now
        if case .waiting = state { state = .waiting(attempt: 1, until: now) }
    }

    /// Call at `deadline`; calling early or late is harmless.
    package mutating func timePassed(now: Duration) -> TimeAction {
        guard let deadline, now >= deadline else { return .doNothing }
        switch state {
        case .dialling(let attempt, _):
            state = .dialling(attempt: attempt, until: now + limits.close)
            return giveUp("no connection within \(limits.dial.components.seconds) s")
        case .settingUp(let attempt, _):
            state = .settingUp(attempt: attempt, until: now + limits.close)
            if isResuming { countFault() }
            return giveUp(
                "the setup was not answered within \(limits.setup.components.seconds) s; "
                    + "a member that the model does not know can cause this")
        case .changing:
            state = .changing(until: now + limits.close)
            return giveUp("it did not close")
        case .parking(_, let wakes):
            state = .parking(until: now + limits.close, wakes: wakes)
            return giveUp("it did not close")
        case .waiting(let attempt, _):
            state = .dialling(attempt: attempt, until: now + limits.dial)
            return .dial(attempt: attempt)
        case .closing(let ending, _):
            state = .ended(ending)
            return .end(ending)
        case .idle, .live, .parked, .ended: return .doNothing
        }
    }

    private mutating func giveUp(_ reason: String) -> TimeAction {
        let problem = Verdict.Problem(reason: reason)
        givenUp = problem
        return .abandon(problem)
    }

    private mutating func judge(_ reason: Disconnection) -> Verdict {
        defer { givenUp = nil }
        if let givenUp, reason.cause == .closedHere { return .retry(givenUp) }
        return Verdict(of: reason)
    }

    /// After one resume that the service ended, too, a fresh session (gemini-live §11, pitfalls 5 and 17).
    private mutating func noteFault(_ reason: Disconnection, lived: Duration) {
        if lived >= limits.sound { faults = 0 }
        if reason.isServicesDoing { countFault() }
    }

    private mutating func countFault() {
        faults += 1
        if faults >= 2 { handle = nil }
    }

    /// A line that worked is gone: the session goes on at once.
    private mutating func liveLineEnded(_ verdict: Verdict, _ reason: Disconnection, now: Duration) -> EndAction {
        switch faults <= 1 ? verdict.ofLiveSession(reason) : verdict {
        case .final(let ending): return end(ending)
        case .retryWithoutHandle(let problem):
            handle = nil
            return .succeed(succeed(now: now), problem: problem)
        case .retry(let problem): return .succeed(succeed(now: now), problem: problem)
        }
    }

    /// A conversation that was live and cannot go on is lost, whatever the reason.
    private mutating func end(_ ending: Ending) -> EndAction {
        var ending = ending
        if wasEverLive, ending.kind == .unavailable { ending.kind = .unrecoverable }
        state = .ended(ending)
        return .end(ending)
    }

    /// What the session goes on with: the standby, as far as it is, or a connection to be dialled.
    private mutating func succeed(now: Duration) -> Successor {
        firstAttemptAt = now
        let standby = standby
        self.standby = .none
        isResuming = handle != nil
        ignoresHandles = false
        switch standby {
        case .open:
            state = .settingUp(attempt: 1, until: now + limits.setup)
            return .warm(handle: handle)
        case .dialling:
            state = .dialling(attempt: 1, until: now + limits.dial)
            return .dialling
        case .none:
            state = .dialling(attempt: 1, until: now + limits.dial)
            return .cold(attempt: 1)
        }
    }

    private mutating func attemptFailed(
        _ attempt: Int, _ verdict: Verdict, wasLive: Bool = false, now: Duration, fraction: Double
    ) -> EndAction {
        switch wasEverLive ? verdict.ofConversation : verdict {
        case .final(let ending): return end(ending)
        case .retryWithoutHandle(let problem):
            // Another setup than the one that was refused, so there is nothing to wait for.
            let pause = handle == nil ? backoff.delay(afterAttempt: attempt, fraction: fraction) : .zero
            handle = nil
            return retry(attempt, after: pause, problem, wasLive: wasLive, now: now)
        case .retry(let problem):
            let pause = backoff.delay(afterAttempt: attempt, fraction: fraction)
            return retry(attempt, after: pause, problem, wasLive: wasLive, now: now)
        }
    }

    private mutating func retry(
        _ attempt: Int, after pause: Duration, _ problem: Verdict.Problem, wasLive: Bool, now: Duration
    ) -> EndAction {
        let until = now + pause
        if let bound = limits.giveUp,
            until - firstAttemptAt > bound.within || (!wasEverLive && attempt >= bound.attempts)
        {
            if wasEverLive, restsWhenLost {
                state = .parked
                return .rest(problem)
            }
            let tried = attempt == 1 ? "1 attempt" : "\(attempt) attempts"
            let ending = Ending(
                wasEverLive ? .unrecoverable : .unavailable, reason: "\(problem.reason) (after \(tried))",
                code: problem.code, remedy: "Check the network and --endpoint, then start again.")
            state = .ended(ending)
            return .end(ending)
        }
        state = .waiting(attempt: attempt + 1, until: until)
        return .retry(at: until, problem: problem, wasLive: wasLive)
    }
}

extension Verdict {
    /// A conversation that was live is not given up for what may pass: a portal before the network, a proxy that answers
    /// for the service. Only keys, quotas and setups that are refused are as final as before.
    fileprivate var ofConversation: Verdict {
        guard case .final(let ending) = self, ending.kind == .unavailable, ending.mayPass else { return self }
        return .retry(Problem(reason: ending.reason, code: ending.code))
    }

    /// 1008 was seen at random in sessions that had worked (gemini-live §11): a fresh one is worth one try.
    fileprivate func ofLiveSession(_ reason: Disconnection) -> Verdict {
        guard case .final(let ending) = self, ending.kind == .unavailable, case .closed(code: 1008, _) = reason.cause
        else { return self }
        return .retryWithoutHandle(Problem(reason: ending.reason, code: ending.code))
    }

    /// A setup with a handle or a record that was refused for what it holds: without that it is another setup.
    fileprivate static func ofResuming(_ verdict: Verdict, _ reason: Disconnection) -> Verdict {
        guard case .final(let ending) = verdict, ending.kind == .unavailable,
            case .closed(code: 1007...1008, _) = reason.cause
        else { return verdict }
        return .retryWithoutHandle(Problem(reason: ending.reason, code: ending.code))
    }
}

extension Disconnection {
    /// The network's doing, as far as can be told: nobody closed.
    fileprivate var isNetworks: Bool { cause == .lost }

    /// The service closed for a fault of its own; a network's failure, or its connection limit, is no sign of one.
    fileprivate var isServicesDoing: Bool {
        guard case .closed(let code, let reason) = cause, code != 1000, code != 1001 else { return false }
        return !reason.lowercased().contains("deadline expired")
    }
}
