/// Notices that the service has stopped answering although the line looks alive, in stages (pitfalls 5, 25 and 50).
///
/// Pure and driven by time. Its patience runs only while an answer is due: from the user's last transcribed words, a
/// sent text or a sent tool result. So a quiet idle session never looks stalled, a resumed one only after it has understood
/// something or was asked something again, and a tool or a service at work is given the time it wants.
package struct StallWatch: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Leave the line and resume the session on another.
        case resume
        /// Resuming did not help: begin a fresh session, seeded from our own record.
        case renew
        /// A fresh session did not help either: say so.
        case tell
        case doNothing
    }

    private enum Stage: Equatable, Sendable { case trusting, resumed, renewed, told }

    /// How long an answer may take to begin.
    package let patience: Duration
    private var stage = Stage.trusting
    /// When the answer is overdue; nil while none is.
    private var due: Duration?

    package init(patience: Duration = .seconds(10)) { self.patience = patience }

    package var deadline: Duration? { due }

    /// The stage that `timePassed` last went to, from 1; 0 while the service is trusted.
    package var stageNumber: Int {
        switch stage {
        case .trusting: 0
        case .resumed: 1
        case .renewed: 2
        case .told: 3
        }
    }

    /// Words of the user were transcribed, or something was sent that wants an answer.
    package mutating func asked(now: Duration) { due = now + patience }

    /// Content of the model came: the service is trusted again.
    package mutating func answered() {
        due = nil
        stage = .trusting
    }

    /// A turn ended, perhaps with nothing said, which is an answer, too (gemini-live §5 rule 14).
    package mutating func turnEnded() { answered() }

    /// No patience runs without a line.
    package mutating func lineEnded() { due = nil }

    /// - Parameter isBusy: a tool or the service is at work, or an answer is being generated: nothing is overdue.
    package mutating func timePassed(isBusy: Bool, now: Duration) -> Action {
        guard let due, now >= due else { return .doNothing }
        guard !isBusy else {
            self.due = now + patience
            return .doNothing
        }
        self.due = nil
        switch stage {
        case .trusting:
            stage = .resumed
            return .resume
        case .resumed:
            stage = .renewed
            return .renew
        case .renewed:
            stage = .told
            return .tell
        case .told: return .doNothing
        }
    }
}
