/// What the user has asked and the service has not completely answered, so that none of it is lost with a line.
///
/// Pure. Turn numbers tell which answer belongs to what: an answer's turn comes after those that it answers, also after
/// the words of a question that are transcribed late (gemini-live §5 rule 8).
package struct Questions: Equatable, Sendable {
    package struct Question: Equatable, Sendable {
        package enum Form: Equatable, Sendable {
            /// It went up as voice, and this is its transcript.
            case spoken
            /// It is to be sent as text: it was typed, or its answer was lost with the line.
            case toWrite
            /// It is to be put into the record of the next session: the user was still speaking when the line broke,
            /// and the rest will come as voice.
            case toContinue
            case written
        }

        package var turn: Int
        package var text: String
        package var form: Form
        /// When it was sent, or the last of its words were transcribed.
        package var askedAt: Duration
        /// How often its answer was lost with the line.
        package var repeats = 0
    }

    /// A question that breaks the line each time is not asked for ever.
    package static let mostRepeats = 8
    /// More than a person types while a line is away; what goes beyond is refused.
    package static let most = 256
    /// How long spoken words wait for an answer: a model may keep silent when it is not meant.
    package let patience: Duration
    /// Within this time of a speaker's last words, more may follow.
    package let pause: Duration
    /// In the order of their turns.
    package private(set) var open: [Question] = []
    /// The answer that is being generated.
    private var answer: Int?
    /// The answer is over, but the turn's end is still to come.
    private var awaitsTurnEnd = false
    /// Turns below this have been answered.
    private var answeredBelow = 0

    package init(patience: Duration = .seconds(10), pause: Duration = .seconds(2)) {
        self.patience = patience
        self.pause = pause
    }

    /// Another may be typed.
    package var hasRoom: Bool { open.count < Questions.most }

    /// Those that have not been sent, or not to the session that is live now.
    package var due: [Question] { open.filter { $0.form == .toWrite || $0.form == .toContinue } }

    // MARK: What happens

    /// - Precondition: `hasRoom`.
    package mutating func typed(_ text: String, turn: Int, now: Duration) {
        put(Question(turn: turn, text: text, form: .toWrite, askedAt: now))
    }

    /// The transcript of what the user says in this turn, whole so far.
    ///
    /// - Returns: whether an answer is due to it: late words of a question that has been answered change nothing.
    @discardableResult
    package mutating func spoken(_ text: String, turn: Int, now: Duration) -> Bool {
        guard turn >= answeredBelow, !text.isEmpty else { return false }
        // It may have been asked again as text, and the user gone on speaking.
        if let known = open.first(where: { $0.turn == turn }), known.form != .spoken {
            guard known.form == .written, known.text != text else { return false }
        }
        if !hasRoom {
            guard let oldest = open.firstIndex(where: { $0.form == .spoken }) else { return false }
            open.remove(at: oldest)
        }
        put(Question(turn: turn, text: text, form: .spoken, askedAt: now))
        return true
    }

    package mutating func answerBegan(turn: Int) {
        answer = turn
        awaitsTurnEnd = false
    }

    /// The answer was generated to its end, or the user cut it: either way nobody waits for it any more.
    ///
    /// - Parameter awaitsTurnEnd: the service will say that its turn is complete, too.
    package mutating func answerEnded(awaitsTurnEnd: Bool) {
        self.awaitsTurnEnd = awaitsTurnEnd
        guard let answer else { return }
        answeredBelow = max(answeredBelow, answer)
        open.removeAll { $0.turn < answer }
        self.answer = nil
    }

    /// The service cut the answer, because something newer came: that may be the last that was written, on its way when
    /// the answer to an earlier one began. It is still to be answered then.
    ///
    /// - Returns: whether there is such a one.
    package mutating func interrupted() -> Bool {
        guard let answer else {
            awaitsTurnEnd = true
            return open.contains { $0.form == .written }
        }
        let answered = open.filter { $0.turn < answer }
        guard answered.count > 1, let newest = answered.last, newest.form == .written else {
            answerEnded(awaitsTurnEnd: true)
            return false
        }
        open.removeAll { $0.turn < newest.turn }
        answeredBelow = max(answeredBelow, newest.turn)
        self.answer = nil
        awaitsTurnEnd = true
        return true
    }

    /// A turn ended. One in which nothing was said is an answer, too (gemini-live §5 rule 14).
    package mutating func turnCompleted() {
        if answer == nil, !awaitsTurnEnd { open.removeAll { $0.form == .written || $0.form == .spoken } }
        answerEnded(awaitsTurnEnd: false)
    }

    /// What was due has been sent, so its answer is.
    package mutating func sent(now: Duration) {
        for index in open.indices {
            switch open[index].form {
            case .toWrite: open[index].form = .written
            case .toContinue: open[index].form = .spoken
            case .spoken, .written: continue
            }
            open[index].askedAt = now
        }
    }

    /// The session's line is gone, and an answer under way with it: what was asked is asked again.
    ///
    /// - Parameter keepsSpoken: the service is known to have ignored what was spoken, however long ago that was.
    /// - Returns: those that have been asked too often and are not asked any more.
    @discardableResult
    package mutating func lineEnded(keepsSpoken: Bool, now: Duration) -> [Question] {
        let answer = answer
        self.answer = nil
        awaitsTurnEnd = false
        open.removeAll { question in
            let isUnderAnswer = answer.map { question.turn < $0 } ?? false
            return question.form == .spoken && !isUnderAnswer && !keepsSpoken && now - question.askedAt >= patience
        }
        for index in open.indices {
            let question = open[index]
            let isUnderAnswer = answer.map { question.turn < $0 } ?? false
            let isUnfinished = question.form == .spoken && !isUnderAnswer && now - question.askedAt < pause
            if question.form == .spoken || question.form == .written { open[index].repeats += 1 }
            open[index].form = isUnfinished ? .toContinue : .toWrite
        }
        let lost = open.filter { $0.repeats > Questions.mostRepeats }
        open.removeAll { $0.repeats > Questions.mostRepeats }
        return lost
    }

    private mutating func put(_ question: Question) {
        open.removeAll { $0.turn == question.turn }
        let place = open.firstIndex { $0.turn > question.turn } ?? open.count
        open.insert(question, at: place)
    }
}
