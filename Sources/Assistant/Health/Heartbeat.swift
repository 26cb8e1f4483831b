package import Events
import Glibc

/// Tells the service manager how the assistant is: ready when it can hear and speak, or waits because it was told to; alive
/// only while it can.
package actor Heartbeat {
    package typealias Teller = @Sendable ([ServiceManager.Notice]) -> CInt?

    /// How often it is looked at how things are; a shorter watchdog asks for more.
    private static let longestRound = Duration.seconds(1)

    private let tell: Teller
    /// Between two signs of life: a third of the watchdog's patience; nil without one.
    private let beat: Duration?
    private let bus: EventBus
    private let time: EngineTime
    private let wallClock: @Sendable () -> Int64
    private let activity: @Sendable () async -> Activity

    private var health = Health()
    private var isReady = false
    private var isStopping = false
    /// Readings of the settings that are under way.
    private var reloads = 0
    private var hasToldReload = false
    private var toldWords: String?
    private var lastBeat: Duration?
    private var hasToldSickness = false
    private var hasToldFailure = false

    /// - Parameters:
    ///   - patience: the watchdog's; nil without one.
    ///   - bus: whose events give the words, and where a sickness is told as a warning.
    ///   - time: the machine's sleep is no time in which something could have moved.
    ///   - activity: what the assistant is at.
    ///   - tell: as `ServiceManager.tell`.
    package init(
        patience: Duration?, bus: EventBus, time: EngineTime = EngineTime(SuspendingClock(), asleep: { .zero }),
        wallClock: @escaping @Sendable () -> Int64, of activity: @escaping @Sendable () async -> Activity,
        tell: @escaping Teller
    ) {
        self.tell = tell
        beat = patience.map { $0 / 3 }
        self.bus = bus
        self.time = time
        self.wallClock = wallClock
        self.activity = activity
    }

    /// Tells until the task is cancelled.
    package func run() async {
        let events = bus.subscribe(capacity: 256, overflow: .dropsOldest)
        await withDiscardingTaskGroup { group in
            group.addTask { for await event in events { await self.note(event.body) } }
            let round = min(Self.longestRound, beat ?? Self.longestRound)
            while !Task.isCancelled {
                await look()
                await time.sleep(time.now() + round)
            }
        }
    }

    /// The assistant has been told to end.
    package func stopping() {
        guard !isStopping else { return }
        isStopping = true
        send([.stopping, .status("saying goodbye")])
    }

    /// Settings begin to be read again, or that is over. Says so for as long as any reading lasts (sd_notify(3)).
    package func reloading(isUnderWay: Bool) {
        reloads += isUnderWay ? 1 : -1
        let isNews = reloads == (isUnderWay ? 1 : 0)
        // Who is not ready would say that it is.
        guard isNews, isReady, !isStopping, isUnderWay || hasToldReload else { return }
        hasToldReload = isUnderWay
        send([isUnderWay ? .reloading(microseconds: Self.monotonicMicroseconds) : .ready])
    }

    // MARK: A round

    func note(_ body: Event.Body) { health.note(body) }

    private func look() async {
        // Asked outside of any lock: an assistant that does not answer gets no sign of life sent for it.
        let activity = await activity()
        guard !isStopping else { return }
        let now = time.now()
        health.observe(activity, now: now)
        report(health.condition(now: now), health.words(now: now), now: now)
    }

    private func report(_ condition: Health.Condition, _ words: String, now: Duration) {
        var notices: [ServiceManager.Notice] = []
        let becomesReady = !isReady && condition == .well
        if becomesReady { notices.append(.ready) }
        if words != toldWords { notices.append(.status(words)) }
        let beats = condition == .well && beat.map { beat in lastBeat.map { now - $0 >= beat } ?? true } ?? false
        if beats { notices.append(.watchdog) }
        complain(of: condition, words)
        guard !notices.isEmpty, send(notices) else { return }  // what could not be told is told next time
        isReady = isReady || becomesReady
        toldWords = words
        if beats { lastBeat = now }
    }

    /// Once for each time that it falls ill.
    private func complain(of condition: Health.Condition, _ words: String) {
        defer { hasToldSickness = condition == .sick }
        guard condition == .sick, !hasToldSickness else { return }
        let consequence = beat == nil ? "" : "; the service manager is not told that all is well until it is"
        warn(Problem(code: "health.sick", message: words + consequence))
    }

    @discardableResult
    private func send(_ notices: [ServiceManager.Notice]) -> Bool {
        guard let code = tell(notices) else {
            hasToldFailure = false
            return true
        }
        defer { hasToldFailure = true }
        guard !hasToldFailure else { return false }
        warn(
            Problem(
                code: "health.untold",
                message: "The service manager at NOTIFY_SOCKET cannot be told how things are: "
                    + String(cString: strerror(code)),
                remedy: "It is tried again; unset NOTIFY_SOCKET to run without a service manager"))
        return false
    }

    private func warn(_ problem: Problem) { bus.publish(Event(at: wallClock(), session: nil, .warning(problem))) }

    private static var monotonicMicroseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
