/// The life of a session with no socket and no clock in it: say what happened and when, do what it answers.
///
/// A session outlives its connections: one carries it at a time, and a standby may be made ready beside that one, which
/// is told nothing before the other has closed (pitfall 6). Times are durations since the conversation began, read once
/// per event from one monotonic clock. Every event is taken in every state; what comes late is answered with nothing.
package struct SessionMachine: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case idle
        /// The connection is being made.
        case dialling(attempt: Int, until: Duration)
        /// The setup was sent; nothing else may be before `setupCompleted` (invariant 1).
        case settingUp(attempt: Int, until: Duration)
        case live
        /// A planned change: the old connection is closing, and the session goes on on the next one when it has.
        case changing(until: Duration)
        /// The attempt failed or the line broke; the next one is due.
        case waiting(attempt: Int, until: Duration)
        /// The connection is closing because nobody wants one for now. - Parameter wakes: somebody does again.
        case parking(until: Duration, wakes: Bool)
        /// There is no connection, and none is wanted.
        case parked
        /// We asked for the close and give the service a moment for its own.
        case closing(Ending, until: Duration)
        case ended(Ending)
    }

    /// The connection that is made ahead of a change, upgraded and silent.
    package enum Standby: Equatable, Sendable { case none, dialling, open }

    package struct Limits: Equatable, Sendable {
        /// For name, TCP, TLS and upgrade together.
        package var dial: Duration = .seconds(10)
        /// From sent setup to `setupComplete`; the service's usual answer takes about 0.3 s (gemini-live §2).
        package var setup: Duration = .seconds(10)
        /// For the close of a connection, which the transport itself bounds at a second.
        package var close: Duration = .seconds(2)
        /// A session that ends sooner, with nothing said, was not really live, nor is the second that does so with no
        /// answer: its end counts as a failed attempt, so that a service which accepts and closes is not dialled for
        /// ever without a pause.
        package var settled: Duration = .seconds(2)
        /// The same for a connection that broke without a close, which is rarely the service's fault.
        package var settledOnBadNetwork: Duration = .milliseconds(250)
        /// A connection that lasted so long shows that the session is sound, whatever ended it.
        package var sound: Duration = .seconds(60)
        /// When to stop trying; nil tries for ever.
        package var giveUp: GiveUp? = GiveUp()

        package struct GiveUp: Equatable, Sendable {
            /// For a session that was never live.
            package var attempts = 5
            /// For every session: how long after the first of its attempts the last may begin. One that was live is
            /// tried again for all of this time, however many attempts that takes.
            package var within: Duration = .seconds(30)

            package init() {}
        }

        package init() {}
    }

    package enum DialAction: Equatable, Sendable { case dial(attempt: Int), doNothing }
    package enum OpenedAction: Equatable, Sendable { case sendSetup(handle: String?), doNothing }
    package enum SetUpAction: Equatable, Sendable { case openGate(resumed: Bool), doNothing }
    package enum WarmAction: Equatable, Sendable { case dialStandby, doNothing }
    package enum ChangeAction: Equatable, Sendable { case close, doNothing }
    package enum EndAction: Equatable, Sendable {
        case retry(at: Duration, problem: Verdict.Problem, wasLive: Bool)
        /// The session goes on at once. - Parameter problem: why the old connection ended, unless that was planned.
        case succeed(Successor, problem: Verdict.Problem?)
        /// No connection can be had for now, and none is tried for any more: the session is parked.
        case rest(Verdict.Problem)
        case end(Ending)
        case doNothing
    }
    /// What carries the session next.
    package enum Successor: Equatable, Sendable {
        /// The standby: send it the setup.
        case warm(handle: String?)
        /// The standby, once it opens.
        case dialling
        /// A connection that is still to be dialled.
        case cold(attempt: Int)
    }
    package enum StopAction: Equatable, Sendable { case close, end(Ending), doNothing }
    package enum TimeAction: Equatable, Sendable {
        case dial(attempt: Int)
        /// Give the connection up; its end comes as `disconnected` with this reason to be put in its place.
        case abandon(Verdict.Problem)
        case end(Ending)
        case doNothing
    }

    package internal(set) var state = State.idle
    package internal(set) var standby = Standby.none
    package let limits: Limits
    package let backoff: Backoff
    /// The newest handle that was resumable (gemini-live §8); what the next setup asks for.
    package internal(set) var handle: String?
    /// It was live at least once, so that failing now loses a conversation.
    package private(set) var wasEverLive = false
    /// Somebody can have it dialled again, so that a session which cannot be brought back is parked and not ended.
    package var restsWhenLost = false
    /// Since when attempts have been failing.
    var firstAttemptAt: Duration = .zero
    /// Why we gave the connection up, to be told instead of "closed here".
    var givenUp: Verdict.Problem?
    var isResuming = false
    var liveAttempt = 0
    var liveSince: Duration = .zero
    /// The service said something on this connection after it took the setup.
    var hasSpoken = false
    /// The line before this one ended soon after it was set up, and no answer has come to its end since.
    var wasShort = false
    /// What this line still says of handles is not wanted: the session is to be begun anew, or was left before it was
    /// live on this line.
    var ignoresHandles = false
    /// The setup under way holds our own record of the conversation; without it, it would be another setup.
    package var isSeeded = false
    /// Ends that were the service's doing, since it last showed that the session is sound.
    var faults = 0

    package init(limits: Limits = Limits(), backoff: Backoff = Backoff()) {
        self.limits = limits
        self.backoff = backoff
    }

    package var isLive: Bool { state == .live }

    /// The connection is being given up; only its end is awaited.
    package var isGivenUp: Bool { givenUp != nil }

    /// The end is decided; only the close is awaited.
    package var isEnding: Bool {
        switch state {
        case .closing, .ended: true
        case .idle, .dialling, .settingUp, .live, .changing, .waiting, .parking, .parked: false
        }
    }

    /// The next moment at which `timePassed` has something to do; nil while only events can change anything.
    package var deadline: Duration? {
        switch state {
        case .dialling(_, let until), .settingUp(_, let until), .waiting(_, let until), .closing(_, let until),
            .changing(let until), .parking(let until, _):
            until
        case .idle, .live, .parked, .ended: nil
        }
    }

    package mutating func start(now: Duration) -> DialAction {
        switch state {
        case .idle:
            firstAttemptAt = now
            state = .dialling(attempt: 1, until: now + limits.dial)
            return .dial(attempt: 1)
        case .dialling, .settingUp, .live, .changing, .waiting, .parking, .parked, .closing, .ended: return .doNothing
        }
    }

    package mutating func connectionOpened(now: Duration) -> OpenedAction {
        switch state {
        case .dialling(let attempt, _):
            state = .settingUp(attempt: attempt, until: now + limits.setup)
            isResuming = handle != nil
            ignoresHandles = false
            return .sendSetup(handle: handle)
        case .idle, .settingUp, .live, .changing, .waiting, .parking, .parked, .closing, .ended: return .doNothing
        }
    }

    package mutating func setupCompleted(now: Duration) -> SetUpAction {
        switch state {
        case .settingUp(let attempt, _):
            state = .live
            wasEverLive = true
            liveAttempt = attempt
            liveSince = now
            hasSpoken = false
            return .openGate(resumed: isResuming)
        case .idle, .dialling, .live, .changing, .waiting, .parking, .parked, .closing, .ended: return .doNothing
        }
    }

    // MARK: What the service shows

    /// The service offers a handle, or takes back that the session can be resumed just now.
    ///
    /// - Returns: whether this is the handle to resume by from here on.
    @discardableResult
    package mutating func resumptionUpdated(handle newHandle: String?, isResumable: Bool) -> Bool {
        guard isResumable, !ignoresHandles, let newHandle, !newHandle.isEmpty else { return false }
        handle = newHandle
        return true
    }

    /// Something came after the setup was taken, so this session works in one direction at least.
    package mutating func serviceSpoke() { hasSpoken = true }

    /// An answer came to its end, so it works in both.
    package mutating func answerCompleted() {
        faults = 0
        wasShort = false
    }

    /// The next session is a fresh one: resuming this one does not help.
    package mutating func forgetHandle() {
        handle = nil
        ignoresHandles = true
    }

    // MARK: A planned change

    /// Wants a connection made ahead.
    package mutating func warm() -> WarmAction {
        guard state == .live, standby == .none else { return .doNothing }
        standby = .dialling
        return .dialStandby
    }

    package mutating func standbyOpened() { if standby == .dialling { standby = .open } }

    package mutating func standbyEnded() { standby = .none }

    /// Leaves this connection for the next one. The old one is closed first (pitfall 6): its end, as `disconnected`,
    /// says what carries the session then.
    package mutating func change(now: Duration) -> ChangeAction {
        switch state {
        case .live:
            state = .changing(until: now + limits.close)
            return .close
        case .idle, .dialling, .settingUp, .changing, .waiting, .parking, .parked, .closing, .ended: return .doNothing
        }
    }

    // MARK: The end that is wanted

    /// The user or the end condition wants the session over.
    package mutating func stop(_ ending: Ending, now: Duration) -> StopAction {
        switch state {
        case .idle, .waiting, .parked:
            state = .ended(ending)
            return .end(ending)
        case .dialling, .settingUp, .live, .changing, .parking:
            state = .closing(ending, until: now + limits.close)
            return .close
        case .closing, .ended: return .doNothing
        }
    }
}
