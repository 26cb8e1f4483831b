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

    private struct UserTurn: Equatable, Sendable {
        var number: Int
        var wording = Wording()
        /// A number kept free for words that come late; announced with the first of them.
        var isAnnounced = false
        var isFinished = false
        /// When the model began to answer it.
        var answeredAt: Duration?
        var firstWords: Duration
        var lastWords: Duration
        /// When the answer's end closed it to late words.
        var closesAt: Duration?

        var isAnswered: Bool { answeredAt != nil }
    }

    private struct ModelTurn: Equatable, Sendable {
        enum Phase: Equatable, Sendable {
            case generating
            /// `turnComplete` came; it may still be playing.
            case closed(reason: String, at: Duration)
            /// `interrupted` came at this heard position; `turnComplete` is due.
            case cut(heard: Int, at: Duration)
        }

        var number: Int
        var wording = Wording()
        /// Speech position where it begins, and up to where it has been received.
        var start: Int
        var end: Int
        var phase = Phase.generating
        var isCompleted = false
        var isFinished = false
        var cutAt: Int?
        /// When its first content came, and when its first sample left the device.
        var opened: Duration
        var begin: Duration?
        var lastContent: Duration
        /// When its line becomes final.
        var closesAt: Duration?

        /// Nothing of it is left to play. A turn without speech has nothing to wait for.
        func isPlayed(at moment: Moment) -> Bool { end == start || moment.played >= end }

        func heard(at moment: Moment) -> Int { moment.heardIn(start..<end) }
    }

    package let limits: Limits
    private var user: UserTurn?
    private var voice = VoiceTimes()
    private var model: ModelTurn?
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
        [userDeadline, modelDeadline(at: moment)].compactMap { $0 }.min()
    }

    // MARK: Events

    package mutating func handle(_ event: LiveEvent, at moment: Moment) -> [TurnChange] {
        keepUp(with: moment)
        switch event {
        case .interrupted: return interrupted(at: moment)
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
        var changes = finaliseUser(at: moment)
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
        keepUp(with: moment)
        return interrupted(at: moment)
    }

    /// The connection broke: what was received of the answer is all there will be.
    package mutating func connectionEnded(at moment: Moment) -> [TurnChange] {
        keepUp(with: moment)
        guard let turn = model, !turn.isCompleted else { return [] }
        closeUser(at: moment)
        switch turn.phase {
        case .generating: model?.phase = .closed(reason: "connectionLost", at: moment.now)
        case .cut: return complete(at: moment)
        case .closed: break
        }
        return turn.isPlayed(at: moment) ? complete(at: moment) : []
    }

    package mutating func timePassed(at moment: Moment) -> [TurnChange] {
        keepUp(with: moment)
        var changes: [TurnChange] = []
        if let due = userDeadline, moment.now >= due { changes += finaliseUser(at: moment) }
        guard let turn = model, let due = modelDeadline(at: moment), moment.now >= due else { return changes }
        if !turn.isCompleted {
            if case .generating = turn.phase {
                guard turn.isPlayed(at: moment) else { return changes }
                model?.phase = .closed(reason: "timeout", at: moment.now)
                closeUser(at: moment)
            }
            changes += complete(at: moment)
        } else {
            changes += finaliseModel(at: moment)
        }
        return changes
    }

    /// The conversation is over: everything that is known becomes final.
    package mutating func finish(at moment: Moment) -> [TurnChange] {
        keepUp(with: moment)
        var changes = finaliseUser(at: moment)
        if let turn = model {
            if case .generating = turn.phase { model?.phase = .closed(reason: "ended", at: moment.now) }
            changes += complete(at: moment)
            changes += finaliseModel(at: moment)
        }
        return changes
    }

    // MARK: The user's side

    private var userDeadline: Duration? {
        guard let user else { return nil }
        if user.isFinished { return user.lastWords }
        if let closesAt = user.closesAt { return closesAt }
        return user.isAnswered ? nil : user.lastWords + limits.unanswered
    }

    private mutating func userWords(_ piece: Transcription, at moment: Moment) -> [TurnChange] {
        guard !piece.text.isEmpty || piece.isFinished else { return [] }
        var changes: [TurnChange] = []
        if let turn = user, !belongs(piece, to: turn, at: moment) { changes += finaliseUser(at: moment) }
        // Taken out while it changes, so that its text has one owner and grows where it lies.
        var turn = user ?? nextUserTurn(at: moment)
        user = nil
        if !turn.isAnnounced {
            turn.isAnnounced = true
            changes.append(.started(turn: turn.number, speaker: .user))
        }
        let wasFull = turn.wording.isFull
        turn.wording.take(piece, samples: 0)
        turn.isFinished = piece.isFinished
        turn.lastWords = moment.now
        if !piece.text.isEmpty, turn.wording.takeNews() { changes.append(.partial(line(of: turn, at: moment))) }
        if turn.wording.isFull, !wasFull { changes.append(.cutShort(turn: turn.number)) }
        user = turn
        return changes
    }

    /// Whether new words of the user belong to the turn that is open, or begin the next one.
    private func belongs(_ piece: Transcription, to turn: UserTurn, at moment: Moment) -> Bool {
        guard turn.isAnswered else { return true }
        if hasNewSpeech { return false }
        // Words during the answer are late ones: new speech would have interrupted it.
        guard let closesAt = turn.closesAt else { return true }
        let endsSentence = turn.wording.lastCharacter.map { ".?!…。？！".contains($0) } ?? false
        return moment.now < closesAt && !endsSentence
    }

    private mutating func nextUserTurn(at moment: Moment) -> UserTurn {
        lastNumber += 1
        hasNewSpeech = false
        wasTyped = false
        return UserTurn(number: lastNumber, firstWords: moment.now, lastWords: moment.now)
    }

    private mutating func finaliseUser(at moment: Moment) -> [TurnChange] {
        guard let turn = user else { return [] }
        user = nil
        defer { voice.forget(until: turn.answeredAt ?? turn.lastWords) }
        guard turn.isAnnounced else { return [] }
        var line = line(of: turn, at: moment)
        line.end = said(turn, at: moment).upperBound
        return [
            .final(line),
            .completed(
                turn: turn.number, speaker: .user, reason: turn.isAnswered ? "answered" : "unanswered", heard: nil),
        ]
    }

    private mutating func closeUser(at moment: Moment) {
        if user?.isAnswered == true { user?.closesAt = moment.now + limits.late }
    }

    private func line(of turn: UserTurn, at moment: Moment) -> TurnLine {
        var line = TurnLine(
            turn: turn.number, speaker: .user, text: turn.wording.text, language: turn.wording.language)
        line.begin = said(turn, at: moment).lowerBound
        return line
    }

    /// When the user spoke; where no detector heard it, when the service told of it.
    private func said(_ turn: UserTurn, at moment: Moment) -> ClosedRange<Duration> {
        // Words that come after the answer began were said before it.
        let first = min(turn.firstWords, turn.answeredAt ?? turn.firstWords)
        let last = max(first, turn.answeredAt ?? turn.lastWords)
        return voice.span(before: first, until: last, now: moment.now)
            ?? first...max(first, min(turn.lastWords, last))
    }

    // MARK: The model's side

    private func modelDeadline(at moment: Moment) -> Duration? {
        guard let turn = model else { return nil }
        if turn.isCompleted { return turn.isFinished ? moment.now : turn.closesAt }
        let unheard = turn.isPlayed(at: moment) ? 0 : turn.end - moment.played
        let playing = Duration.microseconds(Int64(unheard) * 1_000_000 / Int64(limits.rate))
        switch turn.phase {
        case .generating: return max(turn.lastContent + limits.inactive, moment.now + playing)
        case .closed(_, let at):
            // Completed when it has been heard; a device that stalls does not hold it open for ever.
            if unheard == 0 { return moment.now }
            let longest = at + .microseconds(Int64(turn.end - turn.start) * 1_000_000 / Int64(limits.rate))
            return min(moment.now + max(playing, .milliseconds(10)), max(longest + limits.late, at))
        case .cut(_, let at): return at + limits.late
        }
    }

    private mutating func speechArrived(_ samples: Int, at moment: Moment) -> [TurnChange] {
        // What was still on its way when the answer was cut belongs to nobody.
        if let turn = model, case .cut = turn.phase, !turn.isCompleted { return [] }
        let changes = modelSpoke(at: moment, start: moment.received - samples)
        model?.end = moment.received
        return changes
    }

    /// Not every message of speech is told of; what has been received belongs to the turn that is being generated.
    private mutating func keepUp(with moment: Moment) {
        if let turn = model, turn.begin == nil, turn.end > turn.start { model?.begin = moment.timeHeard(turn.start) }
        guard let turn = model, case .generating = turn.phase, moment.received > turn.end else { return }
        model?.end = moment.received
        model?.lastContent = moment.now
    }

    private mutating func modelWords(_ piece: Transcription, at moment: Moment) -> [TurnChange] {
        guard !piece.text.isEmpty || piece.isFinished else { return [] }
        var changes: [TurnChange] = []
        // Words after the turn's end are late ones, unless the user has spoken since.
        let isLate = model.map { isOver($0) } ?? false
        if !(isLate && !(user.map { !$0.isAnswered && $0.isAnnounced } ?? false)) {
            changes += modelSpoke(at: moment)
        }
        guard var turn = model else { return changes }
        let received = (isLate ? turn.end : max(turn.end, moment.received)) - turn.start
        model = nil  // so that its text has one owner and grows where it lies
        let wasFull = turn.wording.isFull
        turn.wording.take(piece, samples: max(received, 0))
        turn.isFinished = turn.isFinished || piece.isFinished
        if !isLate { turn.lastContent = moment.now }
        if !piece.text.isEmpty, turn.wording.takeNews() { changes.append(.partial(line(of: turn))) }
        if turn.wording.isFull, !wasFull { changes.append(.cutShort(turn: turn.number)) }
        model = turn
        return changes
    }

    /// A text part: the answer of a model that does not speak. Beside speech it would double the transcript.
    private mutating func modelWrote(_ text: String, at moment: Moment) -> [TurnChange] {
        let changes = modelSpoke(at: moment)
        guard let turn = model, turn.end == turn.start else { return changes }
        return changes + modelWords(Transcription(speaker: .model, text: text), at: moment)
    }

    /// Content of the model came: opens its turn if none is open.
    private mutating func modelSpoke(at moment: Moment, start: Int? = nil) -> [TurnChange] {
        if let turn = model, !isOver(turn) {
            model?.lastContent = moment.now
            return []
        }
        var changes: [TurnChange] = []
        if model != nil {
            let isPlaying = model?.cutAt == nil
            changes += complete(at: moment)
            changes += finaliseModel(at: moment, playsOn: isPlaying)
        }
        if user?.isAnswered == true { changes += finaliseUser(at: moment) }
        if user == nil && !wasTyped { user = nextUserTurn(at: moment) }
        if user?.isAnswered == false { user?.answeredAt = moment.now }
        hasNewSpeech = false
        wasTyped = false
        lastNumber += 1
        let start = start ?? moment.received
        model = ModelTurn(
            number: lastNumber, start: start, end: start, opened: moment.now, lastContent: moment.now)
        changes.append(.started(turn: lastNumber, speaker: .model))
        return changes
    }

    private func isOver(_ turn: ModelTurn) -> Bool {
        if case .generating = turn.phase { return false }
        return true
    }

    private mutating func interrupted(at moment: Moment) -> [TurnChange] {
        hasNewSpeech = true
        guard let turn = model, !turn.isCompleted else { return [] }
        if case .cut = turn.phase { return [] }
        let heard = turn.heard(at: moment)
        model?.cutAt = heard
        var changes = [TurnChange.interrupted(turn: turn.number, heard: heard)]
        if case .closed = turn.phase {
            model?.phase = .closed(reason: "interrupted", at: moment.now)
            changes += complete(at: moment)
        } else {
            model?.phase = .cut(heard: heard, at: moment.now)
        }
        return changes
    }

    private mutating func turnCompleted(_ reason: TurnCompletion?, at moment: Moment) -> [TurnChange] {
        guard let turn = model, !turn.isCompleted else { return nothingSaid(reason, at: moment) }
        closeUser(at: moment)
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
        guard let asked = user, asked.isAnnounced, !asked.isAnswered else { return [] }
        var changes = modelSpoke(at: moment)
        model?.phase = .closed(reason: reason?.name ?? "nothingSaid", at: moment.now)
        closeUser(at: moment)
        changes += complete(at: moment)
        return changes
    }

    private mutating func complete(at moment: Moment) -> [TurnChange] {
        guard let turn = model, !turn.isCompleted else { return [] }
        let reason: String
        switch turn.phase {
        case .closed(let said, _): reason = said
        case .cut: reason = "interrupted"
        case .generating: reason = "superseded"
        }
        model?.isCompleted = true
        model?.closesAt = moment.now + limits.late
        let heard = turn.cutAt ?? turn.heard(at: moment)
        return [.completed(turn: turn.number, speaker: .model, reason: reason, heard: heard)]
    }

    /// - Parameter playsOn: what was not heard of it yet will be.
    private mutating func finaliseModel(at moment: Moment, playsOn: Bool = false) -> [TurnChange] {
        guard let turn = model else { return [] }
        model = nil
        guard !turn.wording.isEmpty else { return [] }
        var line = line(of: turn)
        let said = SpeechTimes(
            positions: turn.start..<turn.end, heard: turn.heard(at: moment), playsOn: playsOn, rate: limits.rate,
            timeHeard: moment.timeHeard)
        line.begin = turn.begin ?? said.time(after: 0) ?? turn.opened
        let end = said.end ?? (turn.end == turn.start ? turn.lastContent : nil)
        line.end = max(end ?? turn.opened, line.begin ?? turn.opened)
        let marks = turn.wording.marks(
            heard: turn.cutAt, of: turn.end - turn.start, samplesPerSecond: limits.rate)
        line.marks = marks.compactMap { mark in
            said.time(after: mark.samples).map { TurnLine.Mark(characters: mark.characters, time: $0) }
        }
        return [.final(line)]
    }

    private func line(of turn: ModelTurn) -> TurnLine {
        var line = TurnLine(
            turn: turn.number, speaker: .model, text: turn.wording.text, language: turn.wording.language,
            heard: turn.cutAt.map { turn.wording.heard(samples: $0, samplesPerSecond: limits.rate) })
        line.begin = turn.begin
        return line
    }
}

extension Wording {
    fileprivate mutating func take(_ piece: Transcription, samples: Int) {
        if piece.isInterim {
            replaceInterim(piece.text, language: piece.language)
        } else {
            append(piece.text, language: piece.language, samples: samples)
        }
    }
}
