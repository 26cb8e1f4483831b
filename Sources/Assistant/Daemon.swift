package import Events
import LiveSession

/// A conversation that can be held and steered: the real one, or what a test puts in its place.
package struct Partner: Sendable {
    /// Holds it to its end.
    package let run: @Sendable () async -> Outcome
    /// Any thread; does not wait.
    package let perform: @Sendable (ConversationCommand) -> Void
    /// What it has counted by now; nil while it does not run. Any thread; does not wait.
    package let pulse: @Sendable () -> Pulse?
    /// Its name, as its events have it; nil while it does not run. Any thread; does not wait.
    package let session: @Sendable () -> String?

    package init(
        run: @escaping @Sendable () async -> Outcome, perform: @escaping @Sendable (ConversationCommand) -> Void,
        pulse: @escaping @Sendable () -> Pulse? = { nil }, session: @escaping @Sendable () -> String? = { nil }
    ) {
        self.run = run
        self.perform = perform
        self.pulse = pulse
        self.session = session
    }
}

/// The assistant without a terminal: holds one conversation after the other for as long as it is wanted.
///
/// A service or a device that cannot be had now is tried again for ever, with growing pauses. What no trying mends, such
/// as a refused key, ends it with that exit code, and so does a conversation that ended because its time was up. What is
/// asked of it beside (`StandingWishes`) holds for every conversation that follows.
package actor Daemon {
    /// The code of the warning that a conversation is begun again, and why.
    package static let trying = "daemon.trying"
    /// Between two tries.
    private static let pauses: [Duration] = [.seconds(1), .seconds(2), .seconds(5), .seconds(15), .seconds(60)]
    /// A conversation that lasted so long was no failed try.
    private static let lasting = Duration.seconds(60)

    private let bus: EventBus
    private let time: EngineTime
    private let wallClock: @Sendable () -> Int64
    private let refusal: @Sendable () async -> Problem?
    let log: LogThreshold
    let read: @Sendable () throws(AssistantError) -> Plan
    /// What the conversations that follow are made by.
    var plan: Plan
    private(set) var partner: Partner?
    var standing = StandingWishes()
    private var isWanted = true
    /// How often `isWanted` was set from outside.
    private var wishes = 0
    /// Why no conversation is wanted, where it may not begin; nil where it was hung up.
    private var refused: Problem?
    /// The conversation under way ends because it was asked to, whatever is asked for next.
    private var isHungUp = false
    private var isOver = false
    private var tries = 0
    private var pause: Task<Void, Never>?
    private(set) var announceReload: ReloadAnnouncer = { _ in }

    /// Told when the settings begin to be read again, and when that is over.
    package typealias ReloadAnnouncer = @Sendable (_ isUnderWay: Bool) async -> Void

    /// Settings as they were read and checked, and the conversations that they make.
    package struct Plan: Sendable {
        let settings: SettingsSnapshot
        let hold: @Sendable () -> Void
        let makePartner: @Sendable (StandingWishes) -> Partner

        /// - Parameters:
        ///   - hold: called when these settings hold from here on, for what is no conversation's affair. Does not wait.
        ///   - makePartner: gets what holds for the conversation in place of the settings, from its first moment on.
        package init(
            settings: SettingsSnapshot, hold: @escaping @Sendable () -> Void = {},
            makePartner: @escaping @Sendable (StandingWishes) -> Partner
        ) {
            self.settings = settings
            self.hold = hold
            self.makePartner = makePartner
        }
    }

    /// - Parameters:
    ///   - read: reads the settings and checks them.
    ///   - refusal: why no conversation may begin now; nil where one may. It tells of that itself.
    ///   - log: follows `log.level`.
    /// - Throws: what is wrong with the settings.
    package init(
        bus: EventBus, time: EngineTime = .ofMachine(), wallClock: @escaping @Sendable () -> Int64,
        log: LogThreshold, unless refusal: @escaping @Sendable () async -> Problem? = { nil },
        reading read: @escaping @Sendable () throws(AssistantError) -> Plan
    ) throws(AssistantError) {
        self.bus = bus
        self.time = time
        self.wallClock = wallClock
        self.refusal = refusal
        self.log = log
        self.read = read
        plan = try read()
        plan.hold()
    }

    /// From here on, this is told of each reload.
    package func announceReloads(by announcer: @escaping ReloadAnnouncer) { announceReload = announcer }

    /// Runs until it is shut down or cannot go on.
    package func run() async -> Outcome {
        while !isOver {
            guard isWanted else {
                await rest(for: nil)
                continue
            }
            let wish = wishes
            if let problem = await refusal() {
                guard wish == wishes else { continue }
                isWanted = false  // until it is asked for again, when it may be allowed
                refused = problem
                continue
            }
            guard isWanted, !isOver else { continue }  // or it was hung up meanwhile
            let partner = plan.makePartner(standing)
            self.partner = partner
            isHungUp = false
            tellStanding()
            let began = time.now()
            let outcome = await partner.run()
            self.partner = nil
            guard !isHungUp, !isOver else { continue }
            guard outcome.exit.mayPass else { return outcome }
            tries = time.now() - began > Self.lasting ? 0 : tries
            let delay = Self.pauses[min(tries, Self.pauses.count - 1)]
            tries += 1
            tell(
                Problem(
                    code: Self.trying, message: "\(outcome.reason) Trying again in \(delay.components.seconds) s.",
                    remedy: nil))
            await rest(for: delay)
        }
        return Outcome(exit: .success, reason: "asked to end")
    }

    /// What it is at.
    package var activity: Activity {
        guard partner == nil, !isWanted else { return .conversing(partner?.pulse()) }
        return .waiting(because: refused?.message ?? "no conversation is under way")
    }

    /// - Returns: whether it was taken: by the conversation under way, or for those that follow.
    package func obey(_ command: ConversationCommand) -> Bool {
        let stays = standing.note(command)
        if stays, !isHeard { tellStanding() }
        partner?.perform(command)
        return partner != nil || stays
    }

    /// A conversation is under way that tells by itself what it obeyed.
    var isHeard: Bool { partner != nil && !isHungUp }

    /// At each beginning, and where no conversation is to tell of a change: nobody needs to remember the one before.
    func tellStanding() {
        let mode = standing.mode ?? plan.settings.settings.turns.mode
        tell(.turnsMode(mode: mode.rawValue, because: standing.mode == nil ? "settings" : "asked"))
        tell(.audioMuted(standing.isMuted))
    }

    /// Begins a conversation where none is under way, now rather than after the pause.
    ///
    /// - Returns: why none may begin; nil where one does, or is under way, or where it was hung up meanwhile.
    package func begin() async -> Problem? {
        let wish = wishes
        if partner == nil || isHungUp, let problem = await refusal() { return problem }
        guard wish == wishes else { return nil }  // what was asked last, holds
        isWanted = true
        wishes += 1
        tries = 0
        pause?.cancel()
        return nil
    }

    /// Ends the conversation; the next one begins when it is asked for.
    ///
    /// - Parameters:
    ///   - farewell: said aloud before the devices close, where somebody else than the user ends it.
    ///   - session: the conversation that is meant, by its name; nil for whichever is under way. Another one goes on.
    package func hangUp(saying farewell: String? = nil, of session: String? = nil) {
        if let session, session != partner?.session() { return }
        isWanted = false
        wishes += 1
        refused = nil
        isHungUp = true
        partner?.perform(farewell.map(ConversationCommand.hangUpSaying) ?? .hangUp)
        pause?.cancel()
    }

    /// Ends the conversation and the daemon.
    package func shutdown() {
        isOver = true
        partner?.perform(.hangUp)
        pause?.cancel()
    }

    /// - Parameter longest: nil until something is asked of it.
    private func rest(for longest: Duration?) async {
        let pause = Task { [time] in
            if let longest { return await time.sleep(time.now() + longest) }
            while !Task.isCancelled { await time.sleep(time.now() + .seconds(3_600)) }
        }
        self.pause = pause
        await pause.value
        self.pause = nil
    }

    private func tell(_ problem: Problem) { tell(.warning(problem)) }

    func tell(_ body: Event.Body) { bus.publish(Event(at: wallClock(), session: nil, body)) }
}

extension ExitCode {
    /// What is wrong may be right in a minute.
    fileprivate var mayPass: Bool { self == .unavailable || self == .temporaryFailure }
}
