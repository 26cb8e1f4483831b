package import LiveProtocol

/// Keeps a conversation going over connections that do not last: what the machines decide, put together.
///
/// Pure: told what happened and when, it answers with what must be done, in order. The engine carries that out; a model
/// check walks it at random against a simulated service. Nothing of audio is in here but the gate in front of the voice.
package struct SessionKeeper: Equatable, Sendable {
    package struct Configuration: Equatable, Sendable {
        package var limits = SessionMachine.Limits()
        package var family: ModelFamily
        /// How long a connection lasts; the family's limit unless set.
        package var connectionLimit: Duration
        package var rotation = RotationPlan.Limits()
        /// How long an answer may take to begin.
        package var patience: Duration = .seconds(10)
        /// Tokens of our own record that a fresh session is given at most.
        package var memory = 8_000

        package init(family: ModelFamily) {
            self.family = family
            connectionLimit = family.limits.connection
            memory = min(memory, family.limits.contextTokens / 8)
        }
    }

    /// Which connection something happened on.
    package enum Role: Equatable, Sendable { case main, standby }

    /// What must be done.
    package enum Effect: Equatable, Sendable {
        case dial(attempt: Int)
        case dialStandby
        /// The standby carries the session from here on.
        case takeOver
        case abandonStandby
        case sendSetup(SetupChange)
        case send(LiveCommand)
        /// The voice goes up from here on, after what was sent before.
        case openGate
        /// - Parameter resendsLast: what was in flight may be lost, so the last of it goes up again.
        case closeGate(resendsLast: Bool)
        /// With a close frame, behind what was sent.
        case closeLine
        case abandonLine
        case ping
        case tell(Notice)
        case end(Ending)
    }

    /// How a setup differs from the one that was configured.
    package struct SetupChange: Equatable, Sendable {
        package var handle: String?
        package var preparation = Seeding.Preparation()

        package init(handle: String? = nil, preparation: Seeding.Preparation = Seeding.Preparation()) {
            self.handle = handle
            self.preparation = preparation
        }
    }

    /// What people and programs should know.
    package enum Notice: Equatable, Sendable {
        package enum Way: String, Equatable, Sendable { case handle, reseed }

        case connecting(attempt: Int)
        case live(resumed: Bool)
        case rotating(because: ChangeCause)
        case resumed(because: ChangeCause, gap: Duration, how: Way)
        case stalled(stage: Int)
        case attemptFailed(Verdict.Problem, retryIn: Duration)
        case dropped(Verdict.Problem)
        /// The attempts were given up, and the session is parked until somebody wants it again.
        case outOfReach(Verdict.Problem)
        case standbyFailed(String)
        case slept(Duration)
        /// A fresh session knows this much of the conversation from our record only.
        case memoryThinner(turns: Int)
        case askedAgain([String])
        /// The user was speaking when the line had to be left, so the sentence may have arrived in two halves or in none.
        case speechTorn
        /// They were asked again and again, and the line broke each time.
        case questionsLost([String])
        /// The service answers neither a resumed nor a fresh session.
        case unanswering
    }

    package let configuration: Configuration
    package internal(set) var machine: SessionMachine
    package internal(set) var floor = Floor()
    package internal(set) var questions: Questions
    package internal(set) var tools = ToolExchange()
    var plan: RotationPlan
    var stall: StallWatch
    var hint = VoiceHint()
    var memory: Memory
    var liveness: Liveness?
    /// The service says when an answer is really over, which neither flag of a turn does (gemini-live §5 rule 10).
    var reportsInteraction: Bool
    /// The record that a fresh session was offered was refused, so the next is not offered it.
    var isMemoryRefused = false
    /// When the newest handle was given.
    var handleAt: Duration?
    /// When the connection that carries the session, and the standby, were opened.
    var mainOpenedAt: Duration = .zero
    var standbyOpenedAt: Duration = .zero
    /// The voice waits since then, and why; nil while it goes up, and before it first did.
    var gap: (since: Duration, cause: ChangeCause)? {
        get { gapSince.map { ($0, gapCause) } }
        set { (gapSince, gapCause) = (newValue?.since, newValue?.cause ?? .drop) }
    }
    private var gapSince: Duration?
    private var gapCause = ChangeCause.drop
    /// The user was speaking when the line was left.
    var isSpeechTorn = false
    /// What the fresh session being set up is told of the conversation; nil when it is resumed or the first.
    var seed: [ConversationTurn]?

    package init(_ configuration: Configuration, backoff: Backoff = Backoff()) {
        self.configuration = configuration
        machine = SessionMachine(limits: configuration.limits, backoff: backoff)
        questions = Questions(patience: configuration.patience)
        plan = RotationPlan(connectionLimit: configuration.connectionLimit, limits: configuration.rotation)
        stall = StallWatch(patience: configuration.patience)
        memory = Memory(tokens: configuration.memory)
        reportsInteraction = configuration.family.reportsInteraction
    }

    // MARK: What the user and the tools do

    package mutating func start(now: Duration) -> [Effect] {
        guard case .dial(let attempt) = machine.start(now: now) else { return [] }
        return [.tell(.connecting(attempt: attempt)), .dial(attempt: attempt)]
    }

    /// A typed message, while `questions.hasRoom`: sent now, or when a line is live, and never dropped. It wants a
    /// line, so it ends parking.
    package mutating func typed(_ text: String, turn: Int, now: Duration) -> [Effect] {
        questions.typed(text, turn: turn, now: now)
        return machine.isLive ? sendQuestions(now: now) : unpark(now: now)
    }

    /// Results of calls: sent now, or first of all when a line is live. Those of cancelled calls are not.
    package mutating func toolsAnswered(_ results: [ToolResult], now: Duration) -> [Effect] {
        let wanted = tools.answered(results)
        guard machine.isLive, !wanted.isEmpty else { return [] }
        return sendResults(wanted, now: now)
    }

    /// The user cut the answer here.
    package mutating func answerCut() { questions.answerEnded(awaitsTurnEnd: true) }

    /// Wants the line changed in the next quiet moment.
    package mutating func renew(now: Duration) -> [Effect] {
        plan.request(now: now)
        return rotate(now: now)
    }

    package mutating func stop(_ ending: Ending, now: Duration) -> [Effect] {
        let standby = dropStandby()
        switch machine.stop(ending, now: now) {
        case .close: return standby + [.closeGate(resendsLast: false), .closeLine]
        case .end(let ending): return standby + [.end(ending)]
        case .doNothing: return standby
        }
    }

    /// A change waits for a quiet moment, so that the microphone's level matters right now.
    package func awaitsQuiet(now: Duration) -> Bool { machine.isLive && plan.isOpen(now: now) }

    /// How loud the microphone is, in dBFS; tell it once a second, and four times while `awaitsQuiet`.
    package mutating func listened(_ level: Double, now: Duration) {
        if hint.observe(level, now: now) { floor.userSpeaks(now: now) }
    }

    /// Our voice detector hears somebody, or a turn is under way; tell it as often as `listened`.
    package mutating func userSpeaks(now: Duration) { floor.userSpeaks(now: now) }

    // MARK: What the conversation says

    /// Turns that began, grew and ended.
    package mutating func note(_ change: TurnChange, now: Duration) {
        switch change {
        case .started(let turn, .model): questions.answerBegan(turn: turn)
        case .partial(let line):
            memory.note(line)
            guard line.speaker == .user, questions.spoken(line.text, turn: line.turn, now: now) else { return }
            floor.asked(now: now)
            if configuration.watchesAnswers { stall.asked(now: now) }
        case .final(let line): memory.note(line)
        case .started, .cutShort, .interrupted, .completed: break
        }
    }

    // MARK: Shared

    /// Those that wait, in one message: each of several would interrupt the answer to the one before.
    mutating func sendQuestions(now: Duration) -> [Effect] {
        let due = questions.due
        guard !due.isEmpty else { return [] }
        questions.sent(now: now)
        floor.asked(now: now)
        let takesContent = configuration.family.content == .always
        let (unfinished, whole) = (due.filter { $0.form == .toContinue }, due.filter { $0.form == .toWrite })
        let written = takesContent ? whole : due
        var effects: [Effect] = []
        if takesContent, !unfinished.isEmpty {
            let turn = ConversationTurn(speaker: .user, parts: unfinished.map { .text($0.text) })
            effects.append(.send(.turns([turn], isComplete: false)))
        }
        if !written.isEmpty {
            stall.asked(now: now)
            effects.append(.send(.text(written.map(\.text).joined(separator: "\n"))))
        }
        return effects
    }

    mutating func sendResults(_ results: [ToolResult], now: Duration) -> [Effect] {
        guard !results.isEmpty else { return [] }
        tools.sent(now: now)
        floor.callsOpen(tools.openCount)
        floor.asked(now: now)
        if configuration.watchesAnswers { stall.asked(now: now) }
        return [.send(.toolResults(results))]
    }

    mutating func dropStandby() -> [Effect] {
        guard machine.standby != .none else { return [] }
        machine.standbyEnded()
        return [.abandonStandby]
    }
}

extension SessionKeeper.Configuration {
    /// Whether a model that says nothing is to be missed: one that only writes down or translates may have nothing to say.
    var watchesAnswers: Bool { family.takesText && !family.translates }
}
