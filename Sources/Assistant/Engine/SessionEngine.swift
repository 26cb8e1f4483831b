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
        package var limits = SessionMachine.Limits()
        package var until: EndWatch.Condition

        package init(endpoint: Endpoint, setup: SessionSetup, until: EndWatch.Condition) {
            self.endpoint = endpoint
            self.setup = setup
            self.until = until
        }
    }

    /// What the engine is built from; a test puts its own in place of each.
    package struct Parts: Sendable {
        package var dialect: any Dialect
        package var transport: any Transport
        package var voice: Voice
        package var speech: SpeechSink
        package var ports: any AudioPorts
        package var bus: EventBus
        package var time: EngineTime
        /// Wall clock, as `Event.at`.
        package var wallClock: @Sendable () -> Int64
        /// 0 … 1, for jitter.
        package var random: @Sendable () -> Double

        package init(
            dialect: any Dialect, transport: any Transport, voice: Voice, speech: SpeechSink, ports: any AudioPorts,
            bus: EventBus, time: EngineTime, wallClock: @escaping @Sendable () -> Int64,
            random: @escaping @Sendable () -> Double
        ) {
            self.dialect = dialect
            self.transport = transport
            self.voice = voice
            self.speech = speech
            self.ports = ports
            self.bus = bus
            self.time = time
            self.wallClock = wallClock
            self.random = random
        }
    }

    private enum Input: Sendable {
        case line(dial: Int, LineEvent)
        case command(ConversationCommand)
        case inputEnded
        case stop(Ending)
        case alarm(Duration)
    }

    private let configuration: Configuration
    private let parts: Parts
    private nonisolated let announcer: Announcer
    // Bounded at its sources: a line gives itself up at `Line.mostUntaken`, there are a few alarms, and the rest is what
    // people do. So the end of a line always finds room.
    private let mailbox = AsyncStream.makeStream(of: Input.self, bufferingPolicy: .unbounded)

    private var machine: SessionMachine
    private var turns = TurnAssembler()
    private var watch: EndWatch
    private var liveness: Liveness?
    private var reporter: Reporter
    private var alarms = Alarms()
    private var connection: (any Connection)?
    private var line: Line?
    private var dials = 0
    /// Messages for the service while no session is live; never dropped.
    private var unsent: [[UInt8]] = []
    private var isMuted = false
    /// When to say that the voice stream has ended, some periods after muting, when the last of it has been captured.
    private var streamEndDue: Duration?
    private var droppedAt: Duration?
    private var lostSamples = 0
    private var nextHousekeeping = Duration.seconds(1)
    private var nextLevels = Duration.zero
    private var ending: Ending?

    package init(configuration: Configuration, parts: Parts) {
        self.configuration = configuration
        self.parts = parts
        machine = SessionMachine(limits: configuration.limits)
        watch = EndWatch(configuration.until)
        announcer = Announcer(bus: parts.bus, wallClock: parts.wallClock)
        reporter = Reporter(announcer)
    }

    // MARK: From outside

    /// Any thread; does not wait.
    package nonisolated func perform(_ command: ConversationCommand) { post(.command(command)) }

    /// The input is over: a file or a pipe has been read to its end.
    package nonisolated func inputEnded() { post(.inputEnded) }

    /// The conversation cannot go on, or is wanted to end, for this reason.
    package nonisolated func stop(_ ending: Ending) { post(.stop(ending)) }

    /// Publishes an event of this conversation. Any thread but a real-time one.
    package nonisolated func tell(_ body: Event.Body) { announcer.tell(body) }

    /// Runs until the session has ended for good. Cancelling ends it without a close frame.
    package func run() async -> Ending {
        await withDiscardingTaskGroup { group in
            if case .dial(let attempt) = machine.start(now: now) { dial(attempt) }
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
        connection?.abandon()
        parts.voice.close()
        tell(turns.finish(at: moment))
        return outcome
    }

    private nonisolated func post(_ input: Input) { mailbox.continuation.yield(input) }

    // MARK: One step

    private var now: Duration { parts.time.now() }

    private var moment: Moment { moment(received: parts.speech.position) }

    private func moment(received: Int) -> Moment {
        let clock = parts.ports.clock
        return Moment(now: now, received: received, played: clock.heardPosition) { clock.heardSamples(in: $0) }
    }

    private var nextDeadline: Duration? {
        guard !machine.isEnding else { return machine.deadline }
        var deadlines = [
            machine.deadline, turns.deadline(at: moment), watch.deadline, liveness?.deadline, streamEndDue,
            nextHousekeeping,
        ]
        if parts.bus.wantsLevels { deadlines.append(nextLevels) }
        return deadlines.compactMap { $0 }.min()
    }

    private func handle(_ input: Input) {
        switch input {
        case .line(let dial, let event):
            guard dial == dials else { return }
            line?.eventHandled()
            handle(event)
        case .command(let command): handle(command)
        case .inputEnded:
            endVoiceStream()
            watch.inputEnded(now: now)
        case .stop(let ending): stop(because: ending)
        case .alarm(let due):
            alarms.rang(due)
            timePassed()
        }
        if watch.isDue(now: now) { stop(because: Ending(.asked, reason: "the conversation is over")) }
    }

    // MARK: The line

    private func dial(_ attempt: Int) {
        dials += 1
        reporter.tell(.sessionConnecting(attempt: attempt))
        let line = Line(dialect: parts.dialect, voice: parts.voice, speech: parts.speech) {
            [feed = mailbox.continuation, dial = dials] event in
            feed.yield(.line(dial: dial, event))
        }
        self.line = line
        connection = parts.transport.open(configuration.endpoint, handler: line)
    }

    private func handle(_ event: LineEvent) {
        switch event {
        case .opened:
            if case .sendSetup(let handle) = machine.connectionOpened(now: now) { sendSetup(handle: handle) }
        case .received(let events, let received):
            for event in events { handle(event, received: received) }
        case .undecodable(let failure): reporter.undecodable(failure, now: now)
        case .ended(let reason): lineEnded(reason)
        }
    }

    private func sendSetup(handle: String?) {
        var setup = configuration.setup
        if let handle { setup.resumption?.handle = handle }
        let encoded = parts.dialect.encode(setup)
        reporter.leftOut(encoded.warnings)
        connection?.send(encoded.message)
    }

    private func openGate(resumed: Bool) {
        liveness = Liveness(now: now)
        reporter.tell(.sessionLive(model: configuration.setup.model, resumed: resumed))
        if let droppedAt {
            let lost = lostSamples * 1000 / SampleRate.voice.hertz
            reporter.tell(
                .sessionResumed(
                    because: .drop, gapMilliseconds: (now - droppedAt).milliseconds, lostMilliseconds: lost,
                    how: resumed ? "handle" : "fresh"))
        } else {
            parts.ports.sessionWentLive()
        }
        droppedAt = nil
        lostSamples = 0
        guard let connection else { return }
        unsent = unsent.filter { !connection.send($0) }
        parts.voice.open(on: connection)
        watch.wentLive(now: now)
    }

    private func lineEnded(_ reason: Disconnection) {
        connection = nil
        liveness = nil
        watch.lineEnded()
        parts.voice.close()
        tell(turns.connectionEnded(at: moment))
        switch machine.disconnected(reason, now: now, fraction: parts.random()) {
        case .retry(let at, let problem, let wasLive):
            if wasLive { droppedAt = now }
            reporter.retrying(problem, in: at - now, wasLive: wasLive)
        case .end(let ending): self.ending = ending
        case .doNothing: break
        }
    }

    // MARK: What the service says

    private func handle(_ event: LiveEvent, received: Int) {
        let at = moment(received: received)
        switch event {
        case .setupCompleted:
            guard case .openGate(let resumed) = machine.setupCompleted(now: now) else { return }
            openGate(resumed: resumed)
        case .resumption(let handle, let isResumable, _):
            machine.resumptionUpdated(handle: handle, isResumable: isResumable)
        case .toolCalled(let calls): answer(calls)
        default:
            reporter.report(event, now: now)
            tell(turns.handle(event, at: at))
        }
    }

    /// No tool is offered in the setup, so whatever is called does not exist; saying so keeps the model talking.
    private func answer(_ calls: [ToolCall]) {
        let results = calls.map { call in
            ToolResult(
                id: call.id, name: call.name,
                response: .object([JSONValue.Member("error", .string("there is no tool of this name"))]))
        }
        reporter.toolsCalled(calls, answered: results)
        if let message = parts.dialect.encode(.toolResults(results)) { sendWhenLive(message) }
    }

    private func sendWhenLive(_ message: [UInt8]) {
        guard machine.isLive, let connection, connection.send(message) else { return unsent.append(message) }
    }

    // MARK: What the user wants

    private func handle(_ command: ConversationCommand) {
        switch command {
        case .mute, .unmute:
            let wanted = command == .mute
            guard wanted != isMuted else { return }
            isMuted = wanted
            parts.ports.setMuted(wanted)
            streamEndDue = wanted ? now + .milliseconds(200) : nil
        case .interrupt: interrupt()
        case .say(let text):
            guard let message = parts.dialect.encode(.text(text)) else { return }
            tell(turns.typed(text, at: moment))
            watch.somethingSaid(now: now)
            sendWhenLive(message)
        case .hangUp: stop(because: Ending(.asked, reason: "hung up"))
        }
    }

    private func interrupt() {
        guard turns.isAnswering else { return }
        let moreComes = parts.speech.dropWaiting()
        tell(turns.interruptedHere(at: moment))
        if moreComes, machine.isLive, let message = parts.dialect.encode(.stopGenerating) { connection?.send(message) }
    }

    /// Tells the service that no more voice comes, behind the last of it (pitfall 34).
    private func endVoiceStream() {
        streamEndDue = nil
        guard let message = parts.dialect.encode(.audioStreamEnd) else { return }
        parts.voice.mark(message)
    }

    private func stop(because ending: Ending) {
        switch machine.stop(ending, now: now) {
        case .close:
            parts.voice.close()
            connection?.close(code: 1000, reason: "")
        case .end(let ending): self.ending = ending
        case .doNothing: break
        }
    }

    // MARK: Time

    private func timePassed() {
        switch machine.timePassed(now: now) {
        case .dial(let attempt): dial(attempt)
        case .abandon: connection?.abandon()
        case .end(let ending): self.ending = ending
        case .doNothing: break
        }
        tell(turns.timePassed(at: moment))
        if let due = streamEndDue, now >= due { endVoiceStream() }
        checkLiveness()
        if now >= nextHousekeeping { keepHouse() }
        if now >= nextLevels, parts.bus.wantsLevels {
            nextLevels = now + .milliseconds(100)
            let levels = parts.ports.levels
            reporter.tell(.audioLevel(input: isMuted ? nil : levels.input, output: levels.output))
        }
    }

    private func checkLiveness() {
        guard let connection, let deadline = liveness?.deadline, now >= deadline else { return }
        switch liveness?.timePassed(progress: connection.progress, now: now) {
        case .ping: connection.ping()
        case .giveUp:
            let silent = Verdict.Problem(reason: "Nothing came from the service for 60 s, not even an answer to a ping")
            if case .abandon = machine.lineWentSilent(silent) { connection.abandon() }
        case .doNothing, nil: break
        }
    }

    /// Once a second: bounds what waits, and reports what the threads that cannot speak have counted.
    private func keepHouse() {
        nextHousekeeping = now + .seconds(1)
        parts.voice.trimWaiting()
        let dropped = parts.voice.takeDropped()
        lostSamples += dropped
        reporter.counted(parts.ports.counts, droppedVoice: dropped, isLive: machine.isLive)
        reporter.refused(parts.speech.refused)
    }

    private func tell(_ changes: [TurnChange]) {
        for change in changes {
            reporter.tell(change)
            switch change {
            case .started(_, .model): watch.answerBegan(now: now)
            case .completed(_, .model, let reason, _):
                watch.answerEnded(isCut: ["interrupted", "connectionLost"].contains(reason), now: now)
            case .started, .partial, .final, .interrupted, .completed: watch.somethingSaid(now: now)
            }
        }
    }
}
