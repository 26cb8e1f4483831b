import LiveProtocol

/// What has been seen of a conversation from outside, by which the keeper's doings are judged.
struct Witness {
    struct Question {
        var isTyped: Bool
        var turn: Int
        var askedAt: Duration
        /// It was sent as text, as a typed one is, and a spoken one that is asked again.
        var isWritten = false
        /// The connection that it was last sent on.
        var sentOn: Int?
        /// Answered to the end, or cut by the user: nobody waits for it any more.
        var isDone = false
        /// The newest of several when their answer was cut: it may be what cut it, and be still to be answered.
        var mayBeAskedAgain = false
        /// Spoken just before a line was lost.
        var mustAsk = false
    }

    var questions: [Question] = []
    /// Those that the answer under way belongs to; nil while none is.
    var covered: [Int]?
    private var answerTurn = 0
    /// Turns below this have been answered.
    private var answeredBelow = 0
    /// The answer is over, but the service has not said that its turn is complete.
    var awaitsTurnEnd = false
    /// A turn was left without its end, so what answers what is not certain (pitfall 50).
    var isUncertain = false
    var isGateOpen = false
    var isRotating = false
    var wasLive = false
    var ending = false
    var stoppedAt: Duration?
    /// Since when nobody wants a connection.
    var parkedAt: Duration?
    /// A session that cannot be brought back is to be parked.
    var mayRest = false
    var dials: [Duration] = []
    var standbyDials: [Duration] = []
    /// Since when an answer is due.
    var askedAt: Duration?
    var lastContent: Duration = .zero
    var isThinking = false
    /// The service says when an answer is really over, so the end of its generation says nothing (gemini-live §5 rule 10).
    var reportsInteraction = false
    var newestHandle: String?
    /// The last setup asked for a session of its own.
    var isFresh = true
    /// It held a record of the conversation, so without it it is another setup.
    var isSeeded = false
    /// Trouble came since the newest handle, so it may be given up.
    var mayForget = false
    var requestedAt: Duration?
    var runningCalls: [String] = []
    var answeredCalls: [String] = []
    var cancelledCalls: [String] = []
    var isUnanswering = false

    /// The questions named in a text, such as 3 and 4 in "q3. q4."
    static func questions(in text: String) -> [Int] {
        text.split(whereSeparator: \.isWhitespace).compactMap { word in
            word.first == "q" ? Int(word.dropFirst().dropLast()) : nil
        }
    }

    mutating func answerBegan(turn: Int) {
        answerTurn = turn
        awaitsTurnEnd = false
        covered = questions.indices.filter { !questions[$0].isDone && questions[$0].turn < turn }
    }

    mutating func answerEnded(awaitsTurnEnd: Bool) {
        self.awaitsTurnEnd = awaitsTurnEnd
        if covered != nil { answeredBelow = answerTurn }
        for index in covered ?? [] { questions[index].isDone = true }
        covered = nil
    }

    /// The service cut the answer: for a voice, or for a question that came after the one it answered.
    ///
    /// - Returns: whether the latter may be.
    mutating func interrupted() -> Bool {
        let open = covered ?? questions.indices.filter { !questions[$0].isDone }
        let written = open.filter { questions[$0].isTyped || questions[$0].isWritten }
        if let newest = written.max(by: { questions[$0].turn < questions[$1].turn }) {
            questions[newest].mayBeAskedAgain = true
        }
        answerEnded(awaitsTurnEnd: true)
        return !written.isEmpty
    }

    /// A turn ended with nothing said, which answers what was asked, too (gemini-live §5 rule 14).
    mutating func answeredSilently(on connection: Int?) {
        for index in questions.indices where questions[index].sentOn == connection { questions[index].isDone = true }
    }

    /// The line that carried the session is gone.
    mutating func lineEnded(now: Duration) {
        for index in questions.indices where !questions[index].isTyped && !questions[index].isDone {
            // Words that came late belong to what was answered.
            guard questions[index].turn >= answeredBelow else { continue }
            if questions[index].sentOn != nil, now - questions[index].askedAt < .milliseconds(9900) {
                questions[index].mustAsk = true
            }
        }
        covered = nil
        awaitsTurnEnd = false
        askedAt = nil
        isThinking = false
        requestedAt = nil
    }
}
