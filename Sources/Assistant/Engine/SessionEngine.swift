import AudioCore
package import Events
package import LiveProtocol
package import LiveSession
import Synchronization

/// Holds a conversation: asks the machines what to do, and does it.
///
/// Everything that happens, from the socket, the devices, the user and the clock, comes through one mailbox and is
/// handled in its order, each in one synchronous step: a machine changes, then its answer is carried out. Speech is not
/// among it: the engine opens and closes the gate in front of the voice, and reads the playback clock.
package actor SessionEngine {
    package struct Configuration: Sendable {
        package var endpoint: Endpoint
        package var setup: SessionSetup
        package var keeping: SessionKeeper.Configuration
        package var turns = TurnKeeper.Configuration()
        /// Why it begins in the mode that `turns` has: `settings` or `asked`.
        package var modeReason = "settings"
        package var until: EndWatch.Condition

        package init(endpoint: Endpoint, setup: SessionSetup, until: EndWatch.Condition) {
            self.endpoint = endpoint
            self.setup = setup
            self.until = until
            keeping = SessionKeeper.Configuration(family: ModelCatalogue.family(of: setup.model))
        }
    }

    /// Takes an image or another part of an answer, by its MIME type. Any thread; must not wait.
    package typealias PartKeeper = @Sendable (_ mimeType: String, _ bytes: [UInt8]) -> Void

    /// What the engine is built from; a test puts its own in place of each.
    package struct Parts: Sendable {
        package var dialect: any Dialect
        package var transport: any Transport
        package var voice: Voice
        package var speech: SpeechSink
        package var ports: any AudioPorts
        package var announcer: Announcer
        /// Nil where parts of an answer that are neither speech nor text are not kept.
        package var keep: PartKeeper?
        package var time: EngineTime
        /// 0 … 1, for jitter.
        package var random: @Sendable () -> Double

        package init(
            dialect: any Dialect, transport: any Transport, voice: Voice, speech: SpeechSink, ports: any AudioPorts,
            announcer: Announcer, keep: PartKeeper? = nil, time: EngineTime,
            random: @escaping @Sendable () -> Double
        ) {
            self.dialect = dialect
            self.transport = transport
            self.voice = voice
            self.speech = speech
            self.ports = ports
            self.announcer = announcer
            self.keep = keep
            self.time = time
            self.random = random
        }
    }

    enum Input: Sendable {
        case line(dial: Int, LineEvent)
        case command(ConversationCommand)
        case voiceChanged
        case wakeWord(because: String, backBy: Duration)
        case inputEnded
        case inputLost
        case inputReturned
        case outputAway(Bool)
        case stop(Ending)
        case alarm(Duration)
    }

    let configuration: Configuration
    let parts: Parts
    // Bounded at its sources: a line gives itself up at `Line.mostUntaken`, there are a few alarms, and the rest is what
    // people do. So the end of a line always finds room.
    private let mailbox = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .unbounded)

    private nonisolated let stepsTaken = Atomic<Int>(0)

    var keeper: SessionKeeper
    var lines: Lines
    var turns = TurnAssembler()
    var turnKeeper: TurnKeeper
    var watch: EndWatch
    var reporter: Reporter
    private var alarms = Alarms()
    private var sleep = SleepWatch()
    /// Whether the line that was set up last leaves it to us when a turn begins and ends.
    var isLineManual = false
    /// The same of the line that has just gone live, until the turn keeper has been told.
    var openedLineIsManual: Bool?
    /// There is no loudspeaker for now.
    var isOutputAway = false
    var wasLive = false
    var isGateOpen = false
    /// Voice that had been dropped when the line went.
    var droppedBeforeGap = 0
    private var nextHousekeeping = Duration.seconds(1)
    private var nextListening = Duration.milliseconds(250)
    private var nextLevels = Duration.zero
    var ending: Ending?

    package init(configuration: Configuration, parts: Parts) {
        self.configuration = configuration
        self.parts = parts
        keeper = SessionKeeper(configuration.keeping)
        turnKeeper = TurnKeeper(configuration.turns)
        watch = EndWatch(configuration.until)
        reporter = Reporter(
            parts.announcer, began: parts.announcer.wallClock() - Int64(parts.time.now().milliseconds),
            expecting: configuration.setup.inputTranscription?.languages ?? [], keeping: parts.keep)
        lines = Lines(to: configuration.endpoint, through: parts.transport) {
            [parts, feed = mailbox.continuation] dial in
            Line(dialect: parts.dialect, voice: parts.voice, speech: parts.speech) { feed.yield(.line(dial: dial, $0)) }
        }
    }

    // MARK: From outside

    /// Any thread; does not wait.
    package nonisolated func perform(_ command: ConversationCommand) { post(.command(command)) }

    /// The input is over: a file or a pipe has been read to its end.
    package nonisolated func inputEnded() { post(.inputEnded) }

    /// The microphone is gone for now: the service is told that no more voice comes (pitfall 34).
    package nonisolated func inputLost() { post(.inputLost) }

    /// It is back.
    package nonisolated func inputReturned() { post(.inputReturned) }

    /// The loudspeaker is gone for now, or is back.
    package nonisolated func outputAway(_ isAway: Bool) { post(.outputAway(isAway)) }

    /// The conversation cannot go on, or is wanted to end, for this reason.
    package nonisolated func stop(_ ending: Ending) { post(.stop(ending)) }

    /// Publishes an event of this conversation. Any thread but a real-time one.
    package nonisolated func tell(_ body: Event.Body) { parts.announcer.tell(body) }

    /// Runs until the session has ended for good. Cancelling ends it without a close frame.
    package func run() async -> Ending {
        await withDiscardingTaskGroup { group in
            beginTurns()
            perform(keeper.start(now: now))
            for await input in mailbox.stream {
                handle(input)
                if ending != nil { break }
                guard let due = alarms.arm(for: nextDeadline) else { continue }
                group.addTask { [time = parts.time, feed = mailbox.continuation] in
                    await time.sleep(due)
                    feed.yield(.alarm(due))
                }
            }
            group.cancelAll()
        }
        let outcome = ending ?? Ending(.asked, reason: "cancelled")
        lines.abandonAll()
        parts.voice.close()
        // A session was wanted: what waits for one is lost.
        if wasLive, outcome.kind != .asked { parts.voice.abandon() }
        reportCounts()
        tell(turns.finish(at: moment))
        return outcome
    }

    /// What has been handled by now; housekeeping makes it one a second at least. Any thread.
    package nonisolated var steps: Int { stepsTaken.load(ordering: .relaxed) }

    nonisolated func post(_ input: Input) { mailbox.continuation.yield(input) }

    // MARK: One step

    var now: Duration { parts.time.now() }

    var moment: Moment { moment(received: parts.speech.position) }

    func moment(received: Int) -> Moment {
        let clock = parts.ports.clock
        let boot = timeOfBoot
        return Moment(
            now: now, received: received, played: clock.heardPosition, heardIn: { clock.heardSamples(in: $0) },
            timeHeard: { position in clock.timeHeard(position).map { $0 + boot } })
    }

    /// What the devices' clock and ours are apart; the machine's sleep moves it.
    var timeOfBoot: Duration { now - parts.ports.now }

    private var nextDeadline: Duration? {
        guard !keeper.machine.isEnding else { return keeper.machine.deadline }
        var deadlines = [
            keeper.deadline(now: now), turns.deadline(at: moment), watch.deadline,
            turnKeeper.deadline(at: turnMoment), nextHousekeeping,
        ]
        if keeper.awaitsQuiet(now: now) { deadlines.append(nextListening) }
        if parts.announcer.wantsLevels { deadlines.append(nextLevels) }
        return deadlines.compactMap { $0 }.min()
    }

    private func handle(_ input: Input) {
        stepsTaken.add(1, ordering: .relaxed)
        switch input {
        case .line(let dial, let event):
            guard let role = lines.role(of: dial, taking: event) else { return }
            handle(event, on: role)
        case .command(let command): handle(command)
        case .voiceChanged: break  // as it is looked at in every step
        case .wakeWord(let because, let backBy):
            keepTurns()
            perform(turnKeeper.wakeWordHeard(because: because, backBy: backBy, at: turnMoment))
        case .inputEnded:
            endVoiceStream()
            watch.inputEnded(now: now)
        case .inputLost: endVoiceStream()
        case .inputReturned: beginVoiceStream()
        case .outputAway(let isAway): isOutputAway = isAway
        case .stop(let ending): perform(keeper.stop(ending, now: now))
        case .alarm(let due):
            alarms.rang(due)
            timePassed()
        }
        keepTurns()
        if watch.isDue(now: now) {
            perform(keeper.stop(Ending(.asked, reason: "the conversation is over"), now: now))
        }
    }

    // MARK: Time

    private func timePassed() {
        if let slept = sleep.observe(asleep: parts.time.asleep()) { perform(keeper.slept(slept, now: now)) }
        if now >= nextListening { listen() }
        perform(keeper.timePassed(now: now))
        tell(turns.timePassed(at: moment))
        observeLine()
        if now >= nextHousekeeping {
            nextHousekeeping = now + .seconds(1)
            reporter.keepTime(now: now)
            parts.voice.trimWaiting()
            reportCounts()
        }
        if now >= nextLevels, parts.announcer.wantsLevels {
            nextLevels = now + .milliseconds(100)
            let levels = parts.ports.levels
            reporter.tell(.audioLevel(input: turnKeeper.isMuted ? nil : levels.input, output: levels.output))
        }
    }

    func listen() {
        nextListening = now + .milliseconds(250)
        if turnKeeper.isUserSpeaking {
            keeper.userSpeaks(now: now)
        } else if !turnKeeper.isMuted, !parts.ports.voiceActivity.isKnown {
            keeper.listened(parts.ports.levels.input, now: now)
        }
    }

    private func observeLine() {
        guard let progress = lines.connection?.progress else { return }
        let isWaiting = progress.bytesWaiting > 0 || parts.voice.isWaiting
        let speech = parts.speech.position
        perform(keeper.observed(progress, isWaiting: isWaiting, speech: speech, now: now))
    }

    /// What the threads that cannot speak have counted.
    func reportCounts() {
        reporter.counted(parts.ports.counts, droppedVoice: parts.voice.samplesDropped, isLive: isGateOpen)
        reporter.refused(parts.speech.refused)
    }
}
