import LiveProtocol

/// What the user says in one turn, from its first words until nothing of it can come any more.
struct UserTurn: Equatable, Sendable {
    let number: Int
    private(set) var wording = Wording()
    /// A number is kept free for words that come late; it is announced with the first of them.
    private(set) var isAnnounced = false
    private var isFinished = false
    /// When the model began to answer it.
    private(set) var answeredAt: Duration?
    private let firstWords: Duration
    private(set) var lastWords: Duration
    /// When the answer's end closed it to late words.
    private var closesAt: Duration?

    /// - Parameter now: since the conversation began, as all times here.
    init(number: Int, now: Duration) {
        self.number = number
        firstWords = now
        lastWords = now
    }

    var isAnswered: Bool { answeredAt != nil }
    /// It was said, and the model has not begun to answer.
    var isOpenQuestion: Bool { isAnnounced && !isAnswered }

    /// When it becomes final.
    func deadline(_ limits: TurnAssembler.Limits) -> Duration? {
        if isFinished { return lastWords }
        if let closesAt { return closesAt }
        return isAnswered ? nil : lastWords + limits.unanswered
    }

    /// Words that come in the time of the answer are late ones: new speech would have interrupted it. After it, they are
    /// as long as late words can come and this turn's do not end a sentence.
    func takesLateWords(at now: Duration) -> Bool {
        guard isAnswered, let closesAt else { return true }
        let endsSentence = wording.lastCharacter.map { ".?!…。？！".contains($0) } ?? false
        return now < closesAt && !endsSentence
    }

    mutating func take(_ piece: Transcription, _ voice: VoiceTimes, at now: Duration) -> [TurnChange] {
        var changes: [TurnChange] = isAnnounced ? [] : [.started(turn: number, speaker: .user)]
        isAnnounced = true
        isFinished = piece.isFinished
        lastWords = now
        let (isNews, isNowFull) = wording.take(piece, samples: 0)
        if isNews { changes.append(.partial(line(voice, at: now))) }
        if isNowFull { changes.append(.cutShort(turn: number)) }
        return changes
    }

    mutating func answered(at now: Duration) { answeredAt = answeredAt ?? now }

    /// The answer is over.
    mutating func close(at now: Duration, _ limits: TurnAssembler.Limits) {
        if isAnswered { closesAt = now + limits.late }
    }

    /// The line, with the beginning of it by the voice that was heard.
    func line(_ voice: VoiceTimes, at now: Duration) -> TurnLine {
        var line = TurnLine(turn: number, speaker: .user, text: wording.text, language: wording.language)
        line.begin = said(voice, at: now).lowerBound
        return line
    }

    func finalLine(_ voice: VoiceTimes, at now: Duration) -> TurnLine {
        var line = line(voice, at: now)
        line.end = said(voice, at: now).upperBound
        return line
    }

    /// When the user spoke; where no detector heard it, when the service told of it.
    private func said(_ voice: VoiceTimes, at now: Duration) -> ClosedRange<Duration> {
        // Words that come after the answer began were said before it.
        let first = min(firstWords, answeredAt ?? firstWords)
        let last = max(first, answeredAt ?? lastWords)
        return voice.span(before: first, until: last, now: now) ?? first...max(first, min(lastWords, last))
    }
}
