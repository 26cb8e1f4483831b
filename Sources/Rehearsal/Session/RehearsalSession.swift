/// One connection's side of the Live protocol, with no socket, clock, ear or voice in it: say what happened and when,
/// do what it answers.
///
/// The numbers in comments are the ordering rules of the protocol notes in docs/rehearsal.md.
package struct RehearsalSession {
    /// What the model is to answer.
    enum Prompt: Equatable, Sendable {
        case words(String)
        /// Somebody spoke and nothing was understood.
        case unclear
        case results([Result])

        struct Result: Equatable, Sendable {
            let name: String
            let response: JSON
        }
    }

    enum Action: Equatable, Sendable {
        case send(JSON)
        case close(Refusal)
        /// Sound of the utterance that is under way, 16 kHz; ears may start to work on it.
        case hear([Int16], utterance: Int)
        /// The utterance is over: tell `heard` what it was.
        case understand(utterance: Int)
        /// Think of an answer, then call `call`, `say` and `finishSaying` with its number.
        case answer(Prompt, answer: Int)
        /// A session of that name begins on this connection.
        case begin(session: String)
        /// Look for what is kept under this handle, then call `resume`.
        case find(handle: String)
        /// Keep this under the handle.
        case keep(Recollection, handle: String)
        /// None of the session's handles is good any more.
        case forget(session: String)
        case note(String)
    }

    enum Phase: Equatable {
        case awaitingSetup
        case resuming(SetupRequest)
        /// Setup accepted, its answer held back until the delay is over.
        case settingUp(until: Duration)
        /// The setup names something the model does not know; the real service then stays silent for ever.
        case mute
        case awaitingHistory
        case open
        case closed
    }

    /// What a session can be told to take in without a word; each is a fault that clients of the real service met.
    enum Swallowed: String, Sendable {
        /// Neither accepted nor refused (pitfall 17a).
        case setup
        /// As if the microphone were dead.
        case audio
        /// What is said is transcribed, and nothing is answered.
        case answers
    }

    /// A call whose result is awaited.
    struct OpenCall: Equatable {
        let call: FunctionCall
        let isBlocking: Bool
        var results: [JSON] = []
    }

    let options: Options
    let version: String
    let handlePrefix: String
    var random: SeededRandom
    var phase = Phase.awaitingSetup
    var rules: ModelRules?
    var setup: SetupRequest?
    var conversation = Conversation()

    var gate = VoiceGate(SetupRequest.Detection())
    var converter: (rate: Int, converter: RateConverter)?
    /// The newest sound, so that an utterance is heard from a little before its detected start.
    var recent: [Int16] = []
    var utterance = 0
    var isUserSpeaking = false
    var utterancesAtWork = 0
    var wordsInWaiting = ""
    var prompts: [Prompt] = []

    var answerCount = 0
    var delivery: AnswerDelivery?
    var turnCompleteDue: Duration?
    var calls: [OpenCall] = []
    var callCount = 0
    var lateTranscript: (text: String, waitsForTurnEnd: Bool)?

    var handleCount = 0
    var handleDue: Duration?
    var deadlines: Deadlines
    /// The session's, over all its connections; its first connection's, until it resumes one.
    var name: String
    /// When the session began; before this connection did, if it was resumed.
    var began: Duration?
    var handles: Options.Handles
    var isPoisoned = false
    var swallowed: Set<Swallowed> = []

    /// Sound kept from before the start of an utterance: 300 ms.
    static let preroll = VoiceGate.rate * 3 / 10

    /// - Parameters:
    ///   - version: the API version in the connection's path.
    ///   - connection: a name of this connection, unlike any other's; the handles start with it.
    init(options: Options, version: String, connection: String, now: Duration) {
        self.options = options
        self.version = version
        handlePrefix = connection
        random = SeededRandom(seed: options.seed)
        name = connection
        handles = options.handles
        deadlines = Deadlines(
            connectionEnd: options.connectionLimit.map { now + $0 }, goAwayBefore: options.goAwayBefore)
    }

    /// The model of the setup that waits for its conversation, or was accepted.
    var requestedModel: String? {
        if case .resuming(let request) = phase { request.model } else { setup?.model }
    }

    func isAnswering(_ answer: Int) -> Bool { delivery?.id == answer }

    /// When `tick` wants to be called next; nil for not before something else happens.
    var nextDeadline: Duration? {
        var due = [delivery?.nextDue, turnCompleteDue, handleDue, deadlines.end]
        if isSetUp { due.append(deadlines.goAwayDue) }
        if case .settingUp(let until) = phase { due.append(until) }
        return phase == .closed ? nil : due.compactMap(\.self).min()
    }

    /// Whether `setupComplete` was sent, before which nothing else may be (rule 1).
    var isSetUp: Bool { phase == .open || phase == .awaitingHistory }

    // MARK: What comes from the client

    /// - Parameter now: time since any fixed moment, from one monotonic clock; so everywhere below.
    mutating func received(_ message: ClientMessage, now: Duration) -> [Action] {
        switch phase {
        case .awaitingSetup:
            guard case .setup(let request) = message else { return close(.invalid("The first message must be setup.")) }
            return begin(request, now: now)
        case .closed, .mute: return []
        case .resuming, .settingUp:
            if case .setup = message { return close(.invalid("Setup was already sent.")) }
            return [.note("lost, because it came before setupComplete: \(message.kind)")]
        case .awaitingHistory:
            guard case .clientContent(let content) = message else {
                return [.note("waits for history: \(message.kind)")]
            }
            remember(content)
            if content.isTurnComplete { phase = .open }
            return []
        case .open: return receivedWhileOpen(message, now: now)
        }
    }

    /// The client's message was not in order.
    mutating func refused(_ refusal: Refusal) -> [Action] {
        phase == .closed || phase == .mute ? [] : close(refusal)
    }

    mutating func receivedWhileOpen(_ message: ClientMessage, now: Duration) -> [Action] {
        let isManual = setup?.detection.isDisabled ?? false
        switch message {
        case .setup: return close(.invalid("Setup was already sent."))
        case .audio(let pcm): return swallowed.contains(.audio) ? [] : hear(pcm, isManual: isManual, now: now)
        case .video:
            conversation.addFrame()
            limitSession()
            return []
        case .text(let text):
            conversation.add(role: "user", text: text)
            return interrupt(now: now) + ask(.words(text), now: now)
        case .clientContent(let content):
            remember(content)
            let actions = interrupt(now: now)
            guard content.isTurnComplete else { return actions }
            let question = content.turns.last { $0.role == "user" && !$0.text.isEmpty }?.text
            return actions + ask(.words(question ?? conversation.lastQuestion ?? ""), now: now)
        case .activityStart:
            guard isManual else { return close(Self.explicitActivity) }
            guard !isUserSpeaking else { return [.note("activityStart twice")] }
            return startUtterance(preroll: [], now: now)
        case .activityEnd:
            guard isManual else { return close(Self.explicitActivity) }
            guard isUserSpeaking else { return [.note("activityEnd without activityStart")] }
            return endUtterance()
        case .audioStreamEnd:
            guard !isManual else { return close(.invalid("audio_stream_end needs automatic activity detection.")) }
            recent = []
            converter = nil
            guard let edge = gate.flush() else { return [] }
            return handle(edge, now: now)
        case .toolResponse(let responses): return received(responses, now: now)
        case .contextUpdate: return [.note("contextUpdate has no effect")]
        }
    }

    static let explicitActivity = Refusal.invalid(
        "Explicit activity control is not supported when automatic activity detection is enabled.")

    // MARK: Time

    /// Does what has become due.
    mutating func tick(now: Duration) -> [Action] {
        guard phase != .closed else { return [] }
        var actions: [Action] = []
        if case .settingUp(let until) = phase, until <= now { actions += completeSetup(now: now) }
        if isSetUp, let due = deadlines.goAwayDue, due <= now {
            actions.append(.send(ServerMessage.goAway(timeLeft: deadlines.announce(now: now))))
        }
        if let end = deadlines.end, end <= now {
            if deadlines.sessionEnd == end { actions.append(.forget(session: name)) }
            return actions + close(.deadlineExpired)
        }
        actions += deliver(now: now)
        if let due = handleDue, due <= now { actions += issueHandle(now: now) }
        if delivery == nil, !prompts.isEmpty, phase == .open { actions += ask(prompts.removeFirst(), now: now) }
        return actions
    }

    // MARK: Small parts

    mutating func remember(_ content: ClientMessage.ClientContent) {
        for turn in content.turns {
            conversation.add(role: turn.role, text: turn.text)
            for _ in 0..<turn.mediaCount { conversation.addFrame() }
        }
    }

    mutating func close(_ refusal: Refusal) -> [Action] {
        phase = .closed
        return [.close(refusal)]
    }
}

extension String {
    var trimmingSpaces: String {
        var text = Substring(self)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
