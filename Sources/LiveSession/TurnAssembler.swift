package import LiveProtocol

/// Who said what, and what was heard of it: joins pieces of transcript into turns.
///
/// The service orders its transcripts against nothing, marks few of them as finished, and may send the user's words
/// after the answer to them is over (gemini-live §5 rule 8, pitfall 51). So a user's turn stays open to late words
/// until two seconds after the answer's end, and a turn's line becomes final by time, by new speech, or at the end.
package struct TurnAssembler: Equatable, Sendable {
    package struct Limits: Equatable, Sendable {
        /// How long after a turn's end late text still belongs to it (pitfall 51).
        package var late: Duration = .seconds(2)
        /// How long a user's line waits for more when no answer comes.
        package var unanswered: Duration = .seconds(10)
        /// How long after the last content a turn is held open for its `turnComplete` (pitfall 50).
        package var inactive: Duration = .seconds(15)
        /// Samples a second of the speech positions.
        package var rate = 24_000

        package init() {}
    }

    package let limits: Limits
    private var user: UserTurn?
    private var voice = VoiceTimes()
    private var model: ModelTurn?
    /// By how many samples the text of this session's turns ran ahead of their speech, once one was received whole.
    private var usualLead: Int?
    private var lastNumber = 0
    /// Speech of the user was noticed since the model's turn began, so that further words are a new turn.
    private var hasNewSpeech = false
    /// The question was typed: no words of it can come late.
    private var wasTyped = false

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// The model has the floor: its turn is being generated or still playing.
    package var isAnswering: Bool { model.map { !$0.isCompleted } ?? false }

    /// The next moment at which `timePassed` may have something to do.
    package func deadline(at moment: Moment) -> Duration? {
        [user?.deadline(limits), model?.deadline(at: moment, limits)].compactMap { $0 }.min()
    }

    // MARK: Events

    package mutating func handle(_ event: LiveEvent, at moment: Moment) -> [TurnChange] {
        model?.keepUp(with: moment)
        switch event {
        case .interrupted: return interrupted(at: moment)
        case .generationCompleted:
            model?.generationCompleted()
            return []
        case .speech(let samples): return speechArrived(samples, at: moment)
        case .text(let text, isThought: false): return modelWrote(text, at: moment)
        case .transcription(let piece) where piece.speaker == .user: return userWords(piece, at: moment)
        case .transcription(let piece): return modelWords(piece, at: moment)
        case .turnCompleted(let reason): return turnCompleted(reason, at: moment)
        case .voiceActivity(.started):
            if user?.isAnswered == true { hasNewSpeech = true }
            return []
        default: return []
        }
    }

    /// The voice detector hears the user from here on, or no longer. Edges come in their order.
    ///
    /// - Parameter time: when the sound stood at the microphone, since the conversation began.
    package mutating func voiceChanged(isVoice: Bool, at time: Duration) { voice.note(isVoice: isVoice, at: time) }

    /// The user typed a message: a turn that is over as soon as it is sent.
    package mutating func typed(_ text: String, at moment: Moment) -> [TurnChange] {
        // Words of what was said and answered before may still come.
        var changes = user?.isAnswered == true ? [] : finaliseUser(at: moment)
        user?.close(at: moment.now, limits)
        wasTyped = true
        lastNumber += 1
        var line = TurnLine(turn: lastNumber, speaker: .user, text: text)
        line.isTyped = true
        (line.begin, line.end) = (moment.now, moment.now)
        changes += [
            .started(turn: lastNumber, speaker: .user), .final(line),
            .completed(turn: lastNumber, speaker: .user, reason: "typed", heard: nil),
        ]
        return changes
    }

    /// The user cut the answer here, before the service knows of it.
    package mutating func interruptedHere(at moment: Moment) -> [TurnChange] {
        model?.keepUp(with: moment)
        return interrupted(at: moment)
    }

    /// The connection broke: what was received of the answer is all there will be.
    package mutating func connectionEnded(at moment: Moment) -> [TurnChange] {
        model?.keepUp(with: moment)
        guard let turn = model, !turn.isCompleted else { return [] }
        user?.close(at: moment.now, limits)
        switch turn.phase {
        case .generating: model?.phase = .closed(reason: "connectionLost", at: moment.now)
        case .cut: return complete(at: moment)
        case .closed: break
        }
        return turn.isPlayed(at: moment) ? complete(at: moment) : []
    }

    package mutating func timePassed(at moment: Moment) -> [TurnChange] {
        model?.keepUp(with: moment)
        var changes: [TurnChange] = []
        if let due = user?.deadline(limits), moment.now >= due { changes += finaliseUser(at: moment) }
        guard let turn = model, let due = turn.deadline(at: moment, limits), moment.now >= due else { return changes }
        if !turn.isCompleted {
            if !turn.isOver {
                guard turn.isPlayed(at: moment) else { return changes }
                model?.phase = .closed(reason: "timeout", at: moment.now)
                user?.close(at: moment.now, limits)
            }
            changes += complete(at: moment)
        } else {
            changes += finaliseModel(at: moment)
        }
        return changes
    }

    /// The conversation is over: everything that is known becomes final.
    package mutating func finish(at moment: Moment) -> [TurnChange] {
        model?.keepUp(with: moment)
        var changes = finaliseUser(at: moment)
        if let turn = model {
            if !turn.isOver { model?.phase = .closed(reason: "ended", at: moment.now) }
            // The rest of it will not be heard any more.
            if turn.cutAt == nil, !turn.isPlayed(at: moment), let heard = model?.cut(at: moment) {
                changes.append(.interrupted(turn: turn.number, heard: heard))
            }
            changes += complete(at: moment)
            changes += finaliseModel(at: moment)
        }
        return changes
    }

    // MARK: The user's side

    private mutating func userWords(_ piece: Transcription, at moment: Moment) -> [TurnChange] {
        guard !piece.text.isEmpty || piece.isFinished else { return [] }
        var changes: [TurnChange] = []
        if let turn = user, turn.isAnswered, hasSpokenSince || !turn.takesLateWords(at: moment.now) {
            changes += finaliseUser(at: moment)
        }
        if user == nil { user = nextUserTurn(at: moment) }
        return changes + (user?.take(piece, voice, at: moment.now) ?? [])
    }

    private mutating func nextUserTurn(at moment: Moment) -> UserTurn {
        lastNumber += 1
        hasNewSpeech = false
        wasTyped = false
        return UserTurn(number: lastNumber, now: moment.now)
    }

    private mutating func finaliseUser(at moment: Moment) -> [TurnChange] {
        guard let turn = user else { return [] }
        user = nil
        defer { voice.forget(until: turn.answeredAt ?? turn.lastWords) }
        guard turn.isAnnounced else { return [] }
        return [
            .final(turn.finalLine(voice, at: moment.now)),
            .completed(
                turn: turn.number, speaker: .user, reason: turn.isAnswered ? "answered" : "unanswered", heard: nil),
        ]
    }

    // MARK: The model's side

    private mutating func speechArrived(_ samples: Int, at moment: Moment) -> [TurnChange] {
        // What was still on its way when the answer was cut belongs to nobody.
        if let turn = model, turn.isCut, !turn.isCompleted { return [] }
        let changes = modelSpoke(at: moment, start: moment.received - samples)
        model?.speechArrived(at: moment)
        return changes
    }

    private mutating func modelWords(_ piece: Transcription, at moment: Moment) -> [TurnChange] {
        guard !piece.text.isEmpty || piece.isFinished else { return [] }
        let changes = isLate(at: moment) ? [] : modelSpoke(at: moment)
        return changes + (model?.take(piece, at: moment, usualLead: usualLead, limits) ?? [])
    }

    /// Words after an answer's end are late ones of it, unless something was asked since: then they are the next
    /// answer's, which may come before its speech.
    private func isLate(at moment: Moment) -> Bool {
        guard let turn = model, turn.isOver else { return false }
        if turn.isCut, !turn.isCompleted { return true }
        return !wasTyped && !hasSpokenSince && user?.isOpenQuestion != true
    }

    /// The user has spoken since the answer: by the service's word, or by what was heard here.
    private var hasSpokenSince: Bool {
        hasNewSpeech || model.map { $0.isOver && voice.began(after: $0.lastContent) } ?? false
    }

    /// A text part: the answer of a model that does not speak. Beside speech it would double the transcript.
    private mutating func modelWrote(_ text: String, at moment: Moment) -> [TurnChange] {
        let changes = modelSpoke(at: moment)
        guard let turn = model, !turn.hasSpeech else { return changes }
        return changes + modelWords(Transcription(speaker: .model, text: text), at: moment)
    }

    /// Content of the model came: opens its turn if none is open.
    private mutating func modelSpoke(at moment: Moment, start: Int? = nil) -> [TurnChange] {
        if let turn = model, !turn.isOver {
            model?.contentArrived(at: moment.now)
            return []
        }
        var changes: [TurnChange] = []
        if let turn = model {
            changes += complete(at: moment)
            changes += finaliseModel(at: moment, playsOn: turn.cutAt == nil)
        }
        if user?.isAnswered == true { changes += finaliseUser(at: moment) }
        if user == nil && !wasTyped { user = nextUserTurn(at: moment) }
        user?.answered(at: moment.now)
        hasNewSpeech = false
        wasTyped = false
        lastNumber += 1
        model = ModelTurn(number: lastNumber, start: start ?? moment.received, now: moment.now)
        changes.append(.started(turn: lastNumber, speaker: .model))
        return changes
    }

    private mutating func interrupted(at moment: Moment) -> [TurnChange] {
        hasNewSpeech = hasNewSpeech || !wasTyped
        guard let turn = model, !turn.isCompleted, !turn.isCut, let heard = model?.cut(at: moment) else { return [] }
        let changes = [TurnChange.interrupted(turn: turn.number, heard: heard)]
        guard turn.isOver else {
            model?.phase = .cut(at: moment.now)
            return changes
        }
        model?.phase = .closed(reason: "interrupted", at: moment.now)
        return changes + complete(at: moment)
    }

    private mutating func turnCompleted(_ reason: TurnCompletion?, at moment: Moment) -> [TurnChange] {
        guard let turn = model, !turn.isCompleted else { return nothingSaid(reason, at: moment) }
        user?.close(at: moment.now, limits)
        switch turn.phase {
        case .cut: return complete(at: moment)
        case .closed: return []
        case .generating:
            model?.phase = .closed(reason: reason?.name ?? "complete", at: moment.now)
            return turn.isPlayed(at: moment) ? complete(at: moment) : []
        }
    }

    /// A turn may end with nothing said: the model chose silence, or a safety stop (gemini-live §5 rule 14).
    private mutating func nothingSaid(_ reason: TurnCompletion?, at moment: Moment) -> [TurnChange] {
        guard user?.isOpenQuestion == true else { return [] }
        let changes = modelSpoke(at: moment)
        model?.phase = .closed(reason: reason?.name ?? "nothingSaid", at: moment.now)
        user?.close(at: moment.now, limits)
        return changes + complete(at: moment)
    }

    private mutating func complete(at moment: Moment) -> [TurnChange] {
        guard model?.isCompleted == false, let change = model?.complete(at: moment, limits) else { return [] }
        return [change]
    }

    /// - Parameter playsOn: what was not heard of it yet will be.
    private mutating func finaliseModel(at moment: Moment, playsOn: Bool = false) -> [TurnChange] {
        defer { model = nil }
        guard let turn = model, !turn.wording.isEmpty else { return [] }
        let line = turn.finalLine(at: moment, playsOn: playsOn, usualLead: usualLead, limits)
        if let lead = turn.lead(limits) { usualLead = usualLead.map { ($0 * 3 + lead) / 4 } ?? lead }
        return [.final(line)]
    }
}
