package import LiveProtocol

/// What time brings, with or without traffic (invariant 3, pitfall 2).
extension SessionKeeper {
    /// The next moment at which `timePassed` may have something to do.
    package func deadline(now: Duration) -> Duration? {
        guard machine.isLive else { return machine.deadline }
        let moments = [
            liveness?.deadline, stall.deadline, plan.deadline(standby: machine.standby, now: now),
            floor.deadline(now: now),
        ]
        return moments.compactMap { $0 }.min()
    }

    /// Call at `deadline`; calling early or late is harmless.
    package mutating func timePassed(now: Duration) -> [Effect] {
        switch machine.timePassed(now: now) {
        case .dial(let attempt): return [.tell(.connecting(attempt: attempt)), .dial(attempt: attempt)]
        case .abandon: return [.abandonLine]
        case .end(let ending): return [.end(ending)]
        case .doNothing: break
        }
        guard machine.isLive, !machine.isGivenUp else { return [] }
        let effects = checkAnswers(now: now)
        return effects + rotate(now: now)
    }

    /// Looks at what went over the wire. Call about once a second, and at `deadline`.
    ///
    /// - Parameters:
    ///   - isWaiting: voice or a message waits to be sent.
    ///   - speech: samples of speech received so far.
    package mutating func observed(
        _ progress: ConnectionProgress, isWaiting: Bool, speech: Int, now: Duration
    ) -> [Effect] {
        guard machine.isLive, !machine.isGivenUp else { return [] }
        floor.speechReceived(upTo: speech, now: now)
        let reason: String
        switch liveness?.timePassed(progress: progress, isWaiting: isWaiting, now: now) {
        case .ping: return [.ping]
        case .giveUpSilent: reason = "Nothing came from the service for 60 s, not even an answer to a ping"
        case .giveUpStuck: reason = "The connection has taken nothing for 5 s"
        case .doNothing, nil: return []
        }
        guard case .abandon = machine.lineWentSilent(Verdict.Problem(reason: reason)) else { return [] }
        return [.abandonLine]
    }

    /// The machine slept: no connection survives that, whatever it still looks like. A parked session misses none.
    package mutating func slept(_ time: Duration, now: Duration) -> [Effect] {
        guard !machine.isEnding else { return [] }
        let standby = dropStandby()
        machine.woke(now: now)
        let problem = Verdict.Problem(reason: "The machine slept for \(time.components.seconds) s")
        let told: [Effect] = (machine.isParked ? [] : [.tell(.slept(time))]) + standby
        guard case .abandon = machine.lineWentSilent(problem) else { return told + timePassed(now: now) }
        return told + [.abandonLine]
    }

    /// Makes a connection ahead, or goes over to it, when it is time.
    mutating func rotate(now: Duration) -> [Effect] {
        guard machine.isLive, !machine.isGivenUp else { return [] }
        // Without a handle a change costs the session its memory, so it is put off as long as it can be.
        let canResume = machine.handle != nil || configuration.family.history == .none
        switch plan.decide(floorIsFree: canResume && floor.isFree(now: now), standby: machine.standby, now: now) {
        case .warm: return machine.warm() == .dialStandby ? [.dialStandby] : []
        case .coolDown:
            let effects = dropStandby()
            plan.standbyEnded(now: now)
            return effects
        case .change(let cause): return change(because: cause, now: now)
        case .doNothing: return []
        }
    }

    private mutating func change(because cause: ChangeCause, now: Duration) -> [Effect] {
        guard machine.change(now: now) == .close else { return [] }
        plan.changed(now: now)
        gap = (now, cause)
        isSpeechTorn = floor.isUserSpeaking(now: now)
        return [.tell(.rotating(because: cause)), .closeGate(resendsLast: false), .closeLine]
    }

    private mutating func checkAnswers(now: Duration) -> [Effect] {
        let action = stall.timePassed(isBusy: floor.isBusy(now: now), now: now)
        guard action != .doNothing else { return [] }
        let told = Effect.tell(.stalled(stage: stall.stageNumber))
        switch action {
        case .resume: return [told] + change(because: .stall, now: now)
        case .renew:
            machine.forgetHandle()
            return [told] + change(because: .stall, now: now)
        case .tell: return [told, .tell(.unanswering)]
        case .doNothing: return []
        }
    }
}
