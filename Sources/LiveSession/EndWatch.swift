/// When a conversation is over by itself (interface.md, `--until`). Pure: told what happens and when.
package struct EndWatch: Equatable, Sendable {
    package enum Condition: Equatable, Sendable {
        /// The input is over and its answer was completed and played, or none came for `patience`.
        case endOfInput
        /// Nothing was said by either side for this long.
        case idle(Duration)
        /// This long after the session first went live.
        case elapsed(Duration)
        case never
    }

    package let condition: Condition
    /// How long an answer may take to begin after the input's end.
    package let patience: Duration
    private var liveSince: Duration?
    private var lastActivity: Duration?
    private var inputEnded: Duration?
    private var isAnswering = false
    /// What was said last may not have been sent yet.
    private var isWaiting = true
    private var isOver = false

    package init(_ condition: Condition, patience: Duration = .seconds(8)) {
        self.condition = condition
        self.patience = patience
    }

    /// Nil when only an event can end it.
    package var deadline: Duration? {
        switch condition {
        case .endOfInput: isOver ? .zero : isAnswering || isWaiting ? nil : inputEnded.map { $0 + patience }
        case .idle(let longest): isAnswering ? nil : lastActivity.map { $0 + longest }
        case .elapsed(let longest): liveSince.map { $0 + longest }
        case .never: nil
        }
    }

    package func isDue(now: Duration) -> Bool { deadline.map { now >= $0 } ?? false }

    package mutating func wentLive(now: Duration) {
        if liveSince == nil { liveSince = now }
        isWaiting = false
        lastActivity = now
        if inputEnded != nil { inputEnded = now }
    }

    /// No connection: what was said last may not have been sent yet, so nobody's patience runs.
    package mutating func lineEnded() { isWaiting = true }

    /// No connection, because nobody needs one: nothing waits. Idle time goes on, since nobody says anything either.
    package mutating func parked(now: Duration) {
        isWaiting = false
        if inputEnded != nil { inputEnded = now }
    }

    package mutating func inputEnded(now: Duration) { inputEnded = inputEnded ?? now }

    /// Either side said something.
    package mutating func somethingSaid(now: Duration) { lastActivity = now }

    package mutating func answerBegan(now: Duration) {
        isAnswering = true
        lastActivity = now
    }

    /// - Parameter isCut: the user spoke into it, so another answer is due.
    package mutating func answerEnded(isCut: Bool, now: Duration) {
        isAnswering = false
        lastActivity = now
        guard inputEnded != nil else { return }
        if isCut { inputEnded = now } else { isOver = true }
    }
}
