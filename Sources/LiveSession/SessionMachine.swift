package import LiveProtocol

/// The life of a session with no socket and no clock in it: say what happened and when, do what it answers.
///
/// Times are durations since the conversation began, read once per event from one monotonic clock. Every event is
/// taken in every state; what comes late, from a connection that is no longer ours, is answered with nothing.
package struct SessionMachine: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case idle
        /// The connection is being made.
        case dialling(attempt: Int, until: Duration)
        /// The setup was sent; nothing else may be before `setupCompleted` (invariant 1).
        case settingUp(attempt: Int, until: Duration)
        case live
        /// The attempt failed or the line broke; the next one is due.
        case waiting(attempt: Int, until: Duration)
        /// We asked for the close and give the service a moment for its own.
        case closing(Ending, until: Duration)
        case ended(Ending)
    }

    package struct Limits: Equatable, Sendable {
        /// For name, TCP, TLS and upgrade together.
        package var dial: Duration = .seconds(10)
        /// From sent setup to `setupComplete`; the service's usual answer takes about 0.3 s (gemini-live §2).
        package var setup: Duration = .seconds(10)
        package var close: Duration = .seconds(2)
        /// A session that ends sooner was not really live: its end counts as a failed attempt, so that a service which
        /// accepts and closes is not dialled for ever.
        package var settled: Duration = .seconds(10)
        /// When to stop trying; nil tries for ever.
        package var giveUp: GiveUp? = GiveUp()

        package struct GiveUp: Equatable, Sendable {
            package var attempts = 5
            package var within: Duration = .seconds(30)

            package init() {}
        }

        package init() {}
    }

    package enum DialAction: Equatable, Sendable { case dial(attempt: Int), doNothing }
    package enum OpenedAction: Equatable, Sendable { case sendSetup(handle: String?), doNothing }
    package enum SetUpAction: Equatable, Sendable { case openGate(resumed: Bool), doNothing }
    package enum EndAction: Equatable, Sendable {
        case retry(at: Duration, problem: Verdict.Problem, wasLive: Bool)
        case end(Ending)
        case doNothing
    }
    package enum StopAction: Equatable, Sendable { case close, end(Ending), doNothing }
    package enum TimeAction: Equatable, Sendable {
        case dial(attempt: Int)
        /// Give the connection up; its end comes as `disconnected` with this reason to be put in its place.
        case abandon(Verdict.Problem)
        case end(Ending)
        case doNothing
    }

    package private(set) var state = State.idle
    package let limits: Limits
    package let backoff: Backoff
    /// The newest handle that was resumable (gemini-live §8); what the next setup asks for.
    package private(set) var handle: String?
    /// It was live at least once, so that failing now loses a conversation.
    package private(set) var wasEverLive = false
    private var firstAttemptAt: Duration = .zero
    /// Why we gave the connection up, to be told instead of "closed here".
    private var givenUp: Verdict.Problem?
    private var isResuming = false
    private var liveAttempt = 0
    private var liveSince: Duration = .zero

    package init(limits: Limits = Limits(), backoff: Backoff = Backoff()) {
        self.limits = limits
        self.backoff = backoff
    }

    package var isLive: Bool { state == .live }

    /// The end is decided; only the close is awaited.
    package var isEnding: Bool {
        switch state {
        case .closing, .ended: true
        case .idle, .dialling, .settingUp, .live, .waiting: false
        }
    }

    /// The next moment at which `timePassed` has something to do; nil while only events can change anything.
    package var deadline: Duration? {
        switch state {
        case .dialling(_, let until), .settingUp(_, let until), .waiting(_, let until), .closing(_, let until): until
        case .idle, .live, .ended: nil
        }
    }

    package mutating func start(now: Duration) -> DialAction {
        switch state {
        case .idle:
            firstAttemptAt = now
            state = .dialling(attempt: 1, until: now + limits.dial)
            return .dial(attempt: 1)
        case .dialling, .settingUp, .live, .waiting, .closing, .ended: return .doNothing
        }
    }

    package mutating func connectionOpened(now: Duration) -> OpenedAction {
        switch state {
        case .dialling(let attempt, _):
            state = .settingUp(attempt: attempt, until: now + limits.setup)
            isResuming = handle != nil
            return .sendSetup(handle: handle)
        case .idle, .settingUp, .live, .waiting, .closing, .ended: return .doNothing
        }
    }

    package mutating func setupCompleted(now: Duration) -> SetUpAction {
        switch state {
        case .settingUp(let attempt, _):
            state = .live
            wasEverLive = true
            liveAttempt = attempt
            liveSince = now
            return .openGate(resumed: isResuming)
        case .idle, .dialling, .live, .waiting, .closing, .ended: return .doNothing
        }
    }

    /// The service offers a handle, or takes back that the session can be resumed just now.
    package mutating func resumptionUpdated(handle newHandle: String?, isResumable: Bool) {
        if isResumable, let newHandle, !newHandle.isEmpty { handle = newHandle }
    }

    /// - Parameter fraction: the caller's randomness for the jitter, 0 … 1.
    package mutating func disconnected(_ reason: Disconnection, now: Duration, fraction: Double) -> EndAction {
        switch state {
        case .closing(let ending, _):
            state = .ended(ending)
            return .end(ending)
        case .idle, .waiting, .ended: return .doNothing
        case .dialling(let attempt, _), .settingUp(let attempt, _):
            return ended(attempt: attempt, wasLive: false, judge(reason), now: now, fraction: fraction)
        case .live:
            guard now - liveSince >= limits.settled else {
                if isResuming { handle = nil }  // after one failed resume, a fresh session (gemini-live §11)
                return ended(attempt: liveAttempt, wasLive: true, judge(reason), now: now, fraction: fraction)
            }
            firstAttemptAt = now
            return ended(attempt: 0, wasLive: true, judge(reason), now: now, fraction: fraction)
        }
    }

    /// The user or the end condition wants the session over.
    package mutating func stop(_ ending: Ending, now: Duration) -> StopAction {
        switch state {
        case .idle, .waiting:
            state = .ended(ending)
            return .end(ending)
        case .dialling, .settingUp, .live:
            state = .closing(ending, until: now + limits.close)
            return .close
        case .closing, .ended: return .doNothing
        }
    }

    /// The connection shows no sign of life; give it up.
    package mutating func lineWentSilent(_ problem: Verdict.Problem) -> TimeAction {
        switch state {
        case .live:
            givenUp = problem
            return .abandon(problem)
        case .idle, .dialling, .settingUp, .waiting, .closing, .ended: return .doNothing
        }
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
            return giveUp(
                "the setup was not answered within \(limits.setup.components.seconds) s; "
                    + "a member that the model does not know can cause this")
        case .waiting(let attempt, _):
            state = .dialling(attempt: attempt, until: now + limits.dial)
            return .dial(attempt: attempt)
        case .closing(let ending, _):
            state = .ended(ending)
            return .end(ending)
        case .idle, .live, .ended: return .doNothing
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

    private mutating func ended(
        attempt: Int, wasLive: Bool, _ verdict: Verdict, now: Duration, fraction: Double
    ) -> EndAction {
        switch verdict {
        case .final(let ending):
            state = .ended(ending)
            return .end(ending)
        case .retryWithoutHandle(let problem):
            handle = nil
            return retry(attempt: attempt, wasLive: wasLive, problem, now: now, fraction: fraction)
        case .retry(let problem):
            return retry(attempt: attempt, wasLive: wasLive, problem, now: now, fraction: fraction)
        }
    }

    /// - Parameter attempt: the attempt that failed; 0 when the session had settled: its first retry is immediate.
    private mutating func retry(
        attempt: Int, wasLive: Bool, _ problem: Verdict.Problem, now: Duration, fraction: Double
    ) -> EndAction {
        let until = attempt == 0 ? now : now + backoff.delay(afterAttempt: attempt, fraction: fraction)
        if let bound = limits.giveUp, attempt >= bound.attempts || until - firstAttemptAt > bound.within {
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
