/// One connection's side of the Live protocol, with no socket, clock, ear or voice in it: say what happened and when,
/// do what it answers.
///
/// The numbers in comments are the ordering rules of the protocol notes in docs/rehearsal.md.
package struct RehearsalSession {
    package struct Options: Equatable, Sendable {
        /// How much faster than playback speech is sent.
        package enum Burst: Equatable, Sendable {
            case factor(Double)
            /// Everything at once, as soon as it is spoken.
            case unbounded
        }

        package var burst = Burst.factor(4)
        package var chunkMilliseconds = 40...200
        package var seed: UInt64 = 1
        /// A connection's whole life; nil for ever.
        package var connectionLimit: Duration?
        /// How long before the limit a `goAway` says so; nil for no warning.
        package var goAwayBefore: Duration?
        package var setupDelay = Duration.zero
        /// Whether transcripts of the user may come after the answer has begun, or after its end (rule 8).
        package var hasLateTranscripts = true

        package init() {}
    }

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
        /// Look for the conversation kept under this handle, then call `resume`.
        case find(handle: String)
        /// Keep the conversation under this handle.
        case keep(Conversation, handle: String)
        case note(String)
    }

    private enum Phase: Equatable {
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

    /// A call whose result is awaited.
    private struct OpenCall: Equatable {
        let call: FunctionCall
        let isBlocking: Bool
        var results: [JSON] = []
    }

    let options: Options
    private let version: String
    private let handlePrefix: String
    private var random: SeededRandom
    private var phase = Phase.awaitingSetup
    private var rules: ModelRules?
    private(set) var setup: SetupRequest?
    private(set) var conversation = Conversation()

    private var gate = VoiceGate(SetupRequest.Detection())
    private var converter: (rate: Int, converter: RateConverter)?
    /// The newest sound, so that an utterance is heard from a little before its detected start.
    private var recent: [Int16] = []
    private var utterance = 0
    private var isUserSpeaking = false
    private var utterancesAtWork = 0
    private var wordsInWaiting = ""
    private var prompts: [Prompt] = []

    private var answerCount = 0
    private var delivery: AnswerDelivery?
    private var turnCompleteDue: Duration?
    private var calls: [OpenCall] = []
    private var callCount = 0
    private var lateTranscript: (text: String, waitsForTurnEnd: Bool)?

    private var handleCount = 0
    private var handleDue: Duration?
    private var goAwayDue: Duration?
    private var limitDue: Duration?

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
        limitDue = options.connectionLimit.map { now + $0 }
        if let limit = limitDue, let before = options.goAwayBefore { goAwayDue = max(now, limit - before) }
    }

    /// The model of the setup that waits for its conversation, or was accepted.
    var requestedModel: String? {
        if case .resuming(let request) = phase { request.model } else { setup?.model }
    }

    func isAnswering(_ answer: Int) -> Bool { delivery?.id == answer }

    /// When `tick` wants to be called next; nil for not before something else happens.
    var nextDeadline: Duration? {
        var due = [delivery?.nextDue, turnCompleteDue, handleDue, goAwayDue, limitDue]
        if case .settingUp(let until) = phase { due.append(until) }
        return phase == .closed ? nil : due.compactMap(\.self).min()
    }

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

    private mutating func receivedWhileOpen(_ message: ClientMessage, now: Duration) -> [Action] {
        let isManual = setup?.detection.isDisabled ?? false
        switch message {
        case .setup: return close(.invalid("Setup was already sent."))
        case .audio(let pcm): return hear(pcm, isManual: isManual, now: now)
        case .video:
            conversation.addFrame()
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

    private static let explicitActivity = Refusal.invalid(
        "Explicit activity control is not supported when automatic activity detection is enabled.")

    // MARK: Setup

    private mutating func begin(_ request: SetupRequest, now: Duration) -> [Action] {
        do throws(Refusal) {
            rules = try request.check(version: version)
        } catch {
            return close(error)
        }
        guard rules != nil else {
            phase = .mute
            return [.note("the setup names an option that \(request.model) does not know: it is never answered")]
        }
        guard let handle = request.handle, !handle.isEmpty else { return accept(request, now: now) }
        phase = .resuming(request)
        return [.find(handle: handle)]
    }

    /// The answer to `.find`: the conversation under the handle, or nil when there is none (any more).
    mutating func resume(_ kept: Conversation?, now: Duration) -> [Action] {
        guard case .resuming(let request) = phase else { return [] }
        guard let kept else { return close(.sessionNotFound) }
        conversation = kept
        return accept(request, now: now)
    }

    private mutating func accept(_ request: SetupRequest, now: Duration) -> [Action] {
        setup = request
        gate = VoiceGate(request.detection)
        if let instruction = request.systemInstruction { conversation.add(role: "system", text: instruction) }
        phase = .settingUp(until: now + options.setupDelay)
        return tick(now: now)
    }

    private mutating func completeSetup(now: Duration) -> [Action] {
        phase = setup?.waitsForHistory == true && conversation.turns.isEmpty ? .awaitingHistory : .open
        if setup?.asksForHandles == true { handleDue = now + .milliseconds(100) }
        return [.send(ServerMessage.setupComplete)]
    }

    // MARK: Ears

    private mutating func hear(_ pcm: ClientMessage.PCM, isManual: Bool, now: Duration) -> [Action] {
        if isManual && !isUserSpeaking {
            guard utterance > 0 else { return close(.invalidArgument) }  // push-to-talk sound before its mark
            return [.note("audio outside of activity")]
        }
        if converter?.rate != pcm.rate { converter = (pcm.rate, RateConverter(from: pcm.rate, to: VoiceGate.rate)) }
        let samples = converter?.converter.convert(pcm.samples) ?? []
        conversation.addSound(samples: samples.count)
        if isManual { return [.hear(samples, utterance: utterance)] }
        let wasSpeaking = isUserSpeaking
        let edges = gate.hear(samples)
        // A block is heard whole by every utterance it touches; a few silent samples more do no harm.
        var actions: [Action] = wasSpeaking ? [.hear(samples, utterance: utterance)] : []
        recent += samples
        for edge in edges { actions += handle(edge, now: now) }
        if recent.count > Self.preroll + VoiceGate.rate { recent.removeFirst(recent.count - Self.preroll) }
        return actions
    }

    private mutating func handle(_ edge: VoiceGate.Edge, now: Duration) -> [Action] {
        switch edge {
        case .started(let offset):
            let wanted = gate.position - offset + Self.preroll
            return signal(isStart: true, offset: offset) + startUtterance(preroll: recent.suffix(wanted), now: now)
        case .ended(let offset):
            return signal(isStart: false, offset: offset) + endUtterance()
        }
    }

    private func signal(isStart: Bool, offset: Int) -> [Action] {
        guard setup?.signalsActivity == true else { return [] }
        let time = Duration.milliseconds(offset / (VoiceGate.rate / 1_000))
        return [.send(ServerMessage.voiceActivity(isStart: isStart, offset: time))]
    }

    private mutating func startUtterance(preroll: some Sequence<Int16>, now: Duration) -> [Action] {
        utterance += 1
        isUserSpeaking = true
        let actions = setup?.neverInterrupts == true ? [] : interrupt(now: now)
        return actions + [.hear(Array(preroll), utterance: utterance)]
    }

    private mutating func endUtterance() -> [Action] {
        isUserSpeaking = false
        utterancesAtWork += 1
        return [.understand(utterance: utterance)]
    }

    /// What the ears made of an utterance.
    mutating func heard(_ hearing: Hearing, now: Duration) -> [Action] {
        guard phase == .open else { return [] }
        utterancesAtWork = max(0, utterancesAtWork - 1)
        var actions: [Action] = []
        if case .words(let text) = hearing {
            conversation.add(role: "user", text: text)
            actions = transcribe(text)
            wordsInWaiting += wordsInWaiting.isEmpty ? text : " \(text)"
        }
        if rules?.onlyTranscribes == true {
            wordsInWaiting = ""
            return actions + [.send(turnComplete(of: nil))]
        }
        // Somebody who goes on speaking after a pause has not finished the sentence.
        if isUserSpeaking || utterancesAtWork > 0 { return actions }
        let words = wordsInWaiting
        wordsInWaiting = ""
        if !words.isEmpty { return actions + ask(.words(words), now: now) }
        return hearing == .unclear ? ask(.unclear, now: now) : []
    }

    /// Sends the user's words as fragments, none of them marked as finished; the last may have to wait (rule 8).
    private mutating func transcribe(_ text: String) -> [Action] {
        guard setup?.transcribesInput == true else { return [] }
        var actions = flushTranscript()
        let words = text.split(separator: " ")
        let split = words.count > 1 ? Int.random(in: 1..<words.count, using: &random) : 1
        let head = words[..<split].joined(separator: " ")
        let tail = words[split...].joined(separator: " ")
        actions.append(.send(ServerMessage.inputTranscription(tail.isEmpty ? head : head + " ")))
        guard !tail.isEmpty else { return actions }
        let chance = Int.random(in: 0..<8, using: &random)
        if options.hasLateTranscripts, chance < 4 {
            lateTranscript = (tail, waitsForTurnEnd: chance == 0)
        } else {
            actions.append(.send(ServerMessage.inputTranscription(tail)))
        }
        return actions
    }

    private mutating func flushTranscript() -> [Action] {
        guard let late = lateTranscript else { return [] }
        lateTranscript = nil
        return [.send(ServerMessage.inputTranscription(late.text))]
    }

    // MARK: Answers

    private mutating func ask(_ prompt: Prompt, now: Duration) -> [Action] {
        guard delivery == nil else {
            prompts.append(prompt)
            return []
        }
        answerCount += 1
        delivery = AnswerDelivery(
            id: answerCount, burst: options.burst, chunkMilliseconds: options.chunkMilliseconds,
            combinesMembers: rules?.combinesMembers ?? false)
        handleDue = nil
        var actions: [Action] = []
        // While something is being generated there is nothing to resume from (rule 13).
        if setup?.asksForHandles == true { actions.append(.send(ServerMessage.resumption(handle: nil))) }
        return actions + [.answer(prompt, answer: answerCount)]
    }

    /// A sentence of the answer is ready. Of an answer that was interrupted meanwhile, nothing is sent.
    mutating func say(_ sentence: AnswerDelivery.Sentence, answer: Int, now: Duration) -> [Action] {
        guard delivery?.id == answer else { return [] }
        delivery?.add(sentence, now: now, random: &random)
        return tick(now: now)
    }

    /// The answer has no more sentences.
    mutating func finishSaying(answer: Int, now: Duration) -> [Action] {
        guard delivery?.id == answer else { return [] }
        delivery?.complete()
        return tick(now: now)
    }

    /// The answer calls functions first. A blocking call holds the rest of the answer back (rule 9).
    /// - Returns: false with the actions when the answer goes on at once.
    mutating func call(
        _ requests: [(name: String, arguments: JSON)], answer: Int, now: Duration
    ) -> (actions: [Action], isWaiting: Bool) {
        guard delivery?.id == answer, !requests.isEmpty else { return ([], false) }
        let made = requests.map { request -> OpenCall in
            callCount += 1
            let declared = setup?.functions.first { $0.name == request.name }?.isBlocking
            let isBlocking = declared ?? (rules?.tools == .blocking)
            let call = FunctionCall(
                id: "function-call-\(handlePrefix)-\(callCount)", name: request.name, arguments: request.arguments)
            return OpenCall(call: call, isBlocking: isBlocking)
        }
        calls += made
        return ([.send(ServerMessage.toolCall(made.map(\.call)))], made.contains(where: \.isBlocking))
    }

    private mutating func received(_ responses: [ClientMessage.FunctionResponse], now: Duration) -> [Action] {
        var actions: [Action] = []
        var spoken: [Prompt.Result] = []
        var isUrgent = false
        for response in responses {
            guard let index = calls.firstIndex(where: { $0.call.id == response.id }) else {
                // What the real service does with these is not documented.
                actions.append(.note("a response to no open call: \(response.id ?? "no id")"))
                continue
            }
            calls[index].results.append(response.response)
            guard !response.willContinue else { continue }
            let call = calls.remove(at: index)
            let isEmptyEnd = response.response.members?.isEmpty == true && call.results.count > 1
            let result = isEmptyEnd ? call.results[call.results.count - 2] : response.response
            conversation.add(
                role: "function", text: "\(call.call.name) \(String(decoding: JSONWriter.write(result), as: UTF8.self))"
            )
            if !call.isBlocking && response.scheduling == .silent { continue }
            spoken.append(Prompt.Result(name: call.call.name, response: result))
            if !call.isBlocking && response.scheduling == .interrupt && !isUserSpeaking { isUrgent = true }
        }
        guard !spoken.isEmpty else { return actions }
        let isHeldBack = delivery.map { !$0.isComplete && $0.isEmpty } ?? false
        if isHeldBack, let delivery, !calls.contains(where: \.isBlocking) {
            return actions + [.answer(.results(spoken), answer: delivery.id)]
        }
        if isUrgent { actions += interrupt(now: now) }
        return actions + ask(.results(spoken), now: now)
    }

    /// Stops the answer under way, if any: `interrupted`, then `turnComplete`, never `generationComplete` (rule 4).
    private mutating func interrupt(now: Duration) -> [Action] {
        guard let interrupted = delivery else { return [] }
        var actions: [Action] = []
        let cancelled = calls.filter(\.isBlocking).map(\.call.id)
        calls.removeAll(where: \.isBlocking)
        // 3.8 cancels pending calls without saying so (rule 7).
        if !cancelled.isEmpty, rules?.tools == .blocking {
            actions.append(.send(ServerMessage.toolCallCancellation(cancelled)))
        }
        actions.append(.send(ServerMessage.interrupted))
        return actions + endTurn(interrupted, now: now)
    }

    private mutating func endTurn(_ ended: AnswerDelivery, now: Duration) -> [Action] {
        // The memory is of what was sent, whether or not it was heard (rule 6).
        conversation.add(role: "model", text: ended.sentText.trimmingSpaces)
        var actions: [Action] = [.send(turnComplete(of: ended))]
        delivery = nil
        turnCompleteDue = nil
        actions += flushTranscript()
        if setup?.asksForHandles == true { handleDue = now }
        return actions
    }

    private func turnComplete(of ended: AnswerDelivery?) -> JSON {
        let isSpoken = rules?.output != .text
        let usage = conversation.usage(
            responseMilliseconds: ended?.sentMilliseconds ?? 0, responseText: ended?.sentText ?? "", isSpoken: isSpoken)
        let status = rules?.reportsInteraction == true ? (calls.isEmpty ? "IDLE" : "IN_PROGRESS") : nil
        return ServerMessage.turnComplete(usage: usage, interactionStatus: status)
    }

    // MARK: Time

    /// Does what has become due.
    mutating func tick(now: Duration) -> [Action] {
        guard phase != .closed else { return [] }
        var actions: [Action] = []
        if case .settingUp(let until) = phase, until <= now { actions += completeSetup(now: now) }
        if let due = goAwayDue, due <= now {
            goAwayDue = nil
            actions.append(.send(ServerMessage.goAway(timeLeft: max(.zero, (limitDue ?? now) - now))))
        }
        if let due = limitDue, due <= now { return actions + close(.deadlineExpired) }
        actions += deliver(now: now)
        if let due = handleDue, due <= now { actions += issueHandle() }
        if delivery == nil, !prompts.isEmpty, phase == .open { actions += ask(prompts.removeFirst(), now: now) }
        return actions
    }

    private mutating func deliver(now: Duration) -> [Action] {
        var actions: [Action] = []
        while let item = delivery?.next(now: now) {
            switch item {
            case .speech(let samples, let transcript):
                let words = setup?.transcribesOutput == true ? transcript : nil
                actions.append(.send(ServerMessage.speech(samples, transcript: words)))
                if let late = lateTranscript, !late.waitsForTurnEnd { actions += flushTranscript() }
            case .text(let text): actions.append(.send(ServerMessage.text(text)))
            case .transcript(let text):
                if setup?.transcribesOutput == true { actions.append(.send(ServerMessage.outputTranscription(text))) }
            }
        }
        guard let ended = delivery, ended.isComplete, ended.isEmpty else { return actions }
        guard let due = turnCompleteDue else {
            actions.append(.send(ServerMessage.generationComplete))
            turnCompleteDue = ended.playbackEnd(now: now)
            return actions + deliver(now: now)
        }
        return due <= now ? actions + endTurn(ended, now: now) : actions
    }

    private mutating func issueHandle() -> [Action] {
        handleDue = nil
        guard delivery == nil else { return [] }
        handleCount += 1
        let handle = "\(handlePrefix)-\(handleCount)"
        return [.keep(conversation, handle: handle), .send(ServerMessage.resumption(handle: handle))]
    }

    // MARK: Small parts

    private mutating func remember(_ content: ClientMessage.ClientContent) {
        for turn in content.turns {
            conversation.add(role: turn.role, text: turn.text)
            for _ in 0..<turn.mediaCount { conversation.addFrame() }
        }
    }

    private mutating func close(_ refusal: Refusal) -> [Action] {
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
