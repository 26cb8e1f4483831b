import AudioCore
import Events
import LiveProtocol
import LiveSession

/// Puts what the engine learns into the words of the event vocabulary, and keeps repeated trouble from flooding it.
struct Reporter {
    private let announcer: Announcer
    /// Keeps a part of an answer in a file and tells of it; nil where nothing is kept.
    private let keep: SessionEngine.PartKeeper?
    private var began: Int64
    private var ledger = Ledger()
    /// Warnings about the setup are said once, not with every connection.
    private var saidAboutSetup: Set<String> = []
    private var undecodable = RateLimit(interval: .seconds(5))
    private var errors = RateLimit(interval: .seconds(5))
    /// A service that has learnt something new says so with every message.
    private var unknown = RateLimit(interval: .seconds(600))
    private var notKept: Set<String> = []
    private var reportedRefusals = 0
    private var reportedDrops = 0
    private var reported = (input: DeviceCounters.Counts(), output: DeviceCounters.Counts())

    private var languages: LanguageWatch

    /// - Parameters:
    ///   - began: wall-clock time at the engine's zero, milliseconds since 1970. The times of all lines are counted from
    ///     there, so that they lie to each other as they were, whatever becomes of the wall clock.
    ///   - languages: that the user's lines are expected in, BCP 47; none: any.
    init(
        _ announcer: Announcer, began: Int64, expecting languages: [String] = [],
        keeping keep: SessionEngine.PartKeeper? = nil
    ) {
        self.announcer = announcer
        self.keep = keep
        self.began = began
        self.languages = LanguageWatch(expecting: languages)
    }

    func tell(_ body: Event.Body) { announcer.tell(body) }

    func warn(_ code: String, _ message: String, remedy: String? = nil) {
        tell(.warning(Problem(code: code, message: message, remedy: remedy)))
    }

    /// Follows a wall clock that was set; what drifts stays, so that times lie to each other as they were.
    mutating func keepTime(now: Duration) {
        let current = announcer.wallClock() - Int64(now.milliseconds)
        if abs(current - began) > 1_000 { began = current }
    }

    // MARK: The session

    mutating func leftOut(_ warnings: [String]) {
        for warning in warnings where saidAboutSetup.insert(warning).inserted {
            warn("setup.fieldLeftOut", warning)
        }
    }

    /// - Parameters:
    ///   - model: that the session is held with.
    ///   - lostVoice: samples of voice dropped since the line went.
    func tell(_ notice: SessionKeeper.Notice, model: String, lostVoice: Int) {
        switch notice {
        case .connecting(let attempt): tell(.sessionConnecting(attempt: attempt))
        case .live(let resumed): tell(.sessionLive(model: model, resumed: resumed))
        case .rotating(let cause): tell(.sessionRotating(because: RotationCause(cause)))
        case .resumed(let cause, let gap, let how):
            tell(
                .sessionResumed(
                    because: RotationCause(cause), gapMilliseconds: gap.milliseconds,
                    lostMilliseconds: Reporter.milliseconds(ofVoice: lostVoice), how: how.rawValue))
        case .stalled(let stage): tell(.sessionStalled(stage: stage))
        case .attemptFailed(let problem, let wait): warn("session.attemptFailed", Reporter.retrying(problem, in: wait))
        case .dropped(let problem): warn("session.dropped", Reporter.retrying(problem, in: .zero))
        case .outOfReach(let problem):
            warn(
                "session.outOfReach", "The service cannot be reached: \(Reporter.sentence(problem)). Asleep again.",
                remedy: "Check the network, then say the wake word.")
        case .standbyFailed(let reason):
            warn("session.standbyFailed", "The next connection could not be made ahead: \(reason)")
        case .slept(let time):
            warn(
                "session.slept", "The machine slept for \(time.milliseconds / 1000) s, so the connection is made anew.")
        case .memoryThinner(let turns):
            let known = turns == 1 ? "one turn" : "\(turns) turns"
            warn(
                "session.memoryThinner",
                "The session could not be resumed, so a fresh one goes on: of what was said before it has been told "
                    + "\(known), in writing.")
        case .askedAgain(let questions):
            warn(
                "session.askedAgain",
                "The answer was lost with the connection, so this was asked again: \(Reporter.quoted(questions))")
        case .speechTorn:
            warn(
                "session.speechTorn", "The connection was changed while you were speaking.",
                remedy: "Say it again if it is not answered.")
        case .questionsLost(let questions):
            warn(
                "session.questionLost",
                "The connection broke at each of \(Questions.mostRepeats) tries, so this is not asked any more: "
                    + Reporter.quoted(questions),
                remedy: "Say it in other words.")
        case .unanswering:
            warn(
                "session.unanswering", "The service takes what is said and does not answer, on a fresh session either.",
                remedy: "Say it again in a moment, or try another model with --model.")
        }
    }

    private static func quoted(_ texts: [String]) -> String {
        texts.map { "“\($0.prefix(80))”" }.joined(separator: ", ")
    }

    private static func retrying(_ problem: Verdict.Problem, in wait: Duration) -> String {
        let when = wait < .milliseconds(50) ? "at once" : "in \(wait.milliseconds) ms"
        return "\(sentence(problem)). Trying again \(when)."
    }

    /// Without its full stop, so that more may follow.
    private static func sentence(_ problem: Verdict.Problem) -> String {
        problem.reason.hasSuffix(".") ? String(problem.reason.dropLast()) : problem.reason
    }

    /// The model has no place for this in its protocol.
    func notTaken(_ command: LiveCommand) {
        guard case .text = command else { return }
        warn(
            "command.notTaken", "This model takes no typed text.",
            remedy: "Say it, or choose a model that does with --model.")
    }

    func tooManyQuestions() {
        warn(
            "command.notTaken",
            "\(Questions.most) messages wait for the service already; this one was not taken.",
            remedy: "Send it again when the session is live.")
    }

    mutating func undecodable(_ failure: DecodingFailure, now: Duration) {
        guard let more = undecodable.admit(now: now) else { return }
        warn("message.undecodable", "A message of the service could not be read: \(failure)\(more).")
    }

    // MARK: The conversation

    mutating func tell(_ change: TurnChange) {
        switch change {
        case .started(let turn, let speaker): tell(.turnStarted(turn: turn, speaker: Party(speaker)))
        case .partial(let line): tell(.transcriptPartial(TranscriptLine(line, began: began)))
        case .cutShort(let turn):
            warn(
                "transcript.cutShort", "The transcript of turn \(turn) is over 1 MiB long; the rest of it is left out.")
        case .final(let line):
            tell(.transcriptFinal(TranscriptLine(line, began: began)))
            if line.speaker == .user, let language = languages.news(of: line.language) {
                warn(
                    "transcript.language", "Turn \(line.turn) was written down in \(language), which was not expected.",
                    remedy: "If that is right, add it to --hear-languages; if not, the words may be wrong.")
            }
        case .interrupted(let turn, let heard):
            tell(.turnInterrupted(turn: turn, heardMilliseconds: Reporter.milliseconds(ofSpeech: heard)))
        case .completed(let turn, let speaker, let reason, let heard):
            tell(
                .turnCompleted(
                    turn: turn, speaker: Party(speaker), reason: reason,
                    heardMilliseconds: heard.map { Reporter.milliseconds(ofSpeech: $0) }))
        }
    }

    /// Everything that has no part in the turns but is worth telling.
    mutating func report(_ event: LiveEvent, now: Duration) {
        switch event {
        case .usage(let usage): tell(.usage(ledger.add(usage)))
        case .code(let language, let source, _): tell(.code(language: language, source: source))
        case .codeResult(let outcome, let output, _): tell(.codeResult(outcome: outcome, output: output))
        case .toolCallsCancelled(let ids): tell(.toolCancelled(ids: ids))
        case .grounding(let metadata), .urlContext(let metadata): tell(.grounding(Reporter.text(metadata)))
        case .blob(let mimeType, let bytes):
            let type = Redaction.clip(mimeType)
            if let keep { return keep(type, bytes) }
            warnOnce(
                "part.\(type)", "The answer holds \(bytes.count) bytes of \(type), which are not kept.",
                remedy: "They are kept where a conversation is recorded: --record DIR.")
        case .file(let uri, _):
            warnOnce("part.file", "The answer refers to a file, which is not fetched: \(Redaction.clip(uri))")
        case .serviceError(let code, let message):
            guard let more = errors.admit(now: now) else { return }
            let number = code.map { " \($0)" } ?? ""
            warn("service.error", "The service reports an error\(number): \(Reporter.shortened(message))\(more)")
        case .unknown(let path, _):
            guard let more = unknown.admit(now: now) else { return }
            warn(
                "message.unknown",
                "The service sent something that this client does not know, and ignores: \(Redaction.clip(path))\(more)."
            )
        default: break
        }
    }

    private mutating func warnOnce(_ code: String, _ message: String, remedy: String? = nil) {
        if notKept.count < 32, notKept.insert(code).inserted { warn("part.notKept", message, remedy: remedy) }
    }

    func toolsCalled(_ calls: [ToolCall], answered results: [ToolResult]) {
        for call in calls {
            tell(.toolCall(id: call.id, name: call.name, arguments: Reporter.text(call.arguments)))
        }
        for result in results {
            tell(.toolResult(id: result.id, name: result.name, response: Reporter.text(result.response)))
        }
    }

    // MARK: The devices

    /// - Parameter droppedVoice: samples of voice that waited too long, since the beginning.
    mutating func counted(
        _ counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts), droppedVoice: Int, isLive: Bool
    ) {
        let dropped = droppedVoice - reportedDrops
        reportedDrops = droppedVoice
        if dropped > 0 {
            tell(
                .audioDropped(
                    direction: .input, milliseconds: Reporter.milliseconds(ofVoice: dropped),
                    because: isLive ? "the connection did not take it in time" : "no connection"))
        }
        let overrun = counts.input.droppedSamples - reported.input.droppedSamples
        if overrun > 0 {
            tell(
                .audioDropped(
                    direction: .input, milliseconds: Reporter.milliseconds(ofVoice: overrun),
                    because: "the voice ring was full"))
        }
        xruns(.input, counts.input, since: reported.input)
        xruns(.output, counts.output, since: reported.output)
        let underruns = counts.output.underruns - reported.output.underruns
        if underruns > 0 { tell(.audioUnderrun(count: underruns)) }
        reported = counts
    }

    private func xruns(_ direction: Direction, _ counts: DeviceCounters.Counts, since last: DeviceCounters.Counts) {
        let count = counts.xruns - last.xruns
        guard count > 0 else { return }
        tell(
            .audioXrun(
                direction: direction, count: count, ours: counts.lateXruns - last.lateXruns,
                lateMilliseconds: counts.lateMilliseconds - last.lateMilliseconds))
    }

    /// - Parameter samples: of speech that found the buffer full, since the beginning.
    mutating func refused(_ samples: Int) {
        guard samples > reportedRefusals else { return }
        let milliseconds = Reporter.milliseconds(ofSpeech: samples - reportedRefusals)
        tell(.audioDropped(direction: .output, milliseconds: milliseconds, because: "the speech buffer was full"))
        reportedRefusals = samples
    }

    // MARK: Words and numbers

    /// Words of the service for people: no more of them than anybody reads.
    private static func shortened(_ text: String) -> String { text.count > 500 ? text.prefix(500) + "…" : text }
    private static func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }
    private static func milliseconds(ofSpeech samples: Int) -> Int { samples * 1000 / SampleRate.speech.hertz }
    private static func milliseconds(ofVoice samples: Int) -> Int { samples * 1000 / SampleRate.voice.hertz }
}

extension Party {
    fileprivate init(_ speaker: Speaker) { self = speaker == .user ? .user : .model }
}

extension TranscriptLine {
    fileprivate init(_ line: TurnLine, began: Int64) {
        func wall(_ time: Duration) -> Int64 { began + Int64(time.milliseconds) }
        let begin = line.begin.map(wall)
        let marks = line.marks.map { mark in
            let time = wall(mark.time)
            return TextMark(characters: mark.characters, milliseconds: max(0, Int(time - (begin ?? time))))
        }
        self.init(
            turn: line.turn, speaker: Party(line.speaker), text: line.text, language: line.language, heard: line.heard,
            isTyped: line.isTyped, begin: begin, end: line.end.map(wall), marks: marks)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

extension RotationCause {
    fileprivate init(_ cause: ChangeCause) {
        self =
            switch cause {
            case .goAway: .goAway
            case .timer: .timer
            case .drop: .drop
            case .stall: .stall
            case .request: .request
            }
    }
}
