/// What a keeper is asked with, and what it answers.
extension TurnKeeper {
    /// What is read off the devices and the session at one moment.
    package struct Moment: Equatable, Sendable {
        /// Time since the conversation began.
        package var now: Duration
        /// Voice captured so far, in samples: every edge before it has been told.
        package var captured: Int
        /// Speech that was received and has not been heard, at 24 kHz: the answer plays, or is about to.
        package var unplayed: Int
        /// The service is at work on an answer, or one has not been played to its end.
        package var isAnswering: Bool

        package init(now: Duration, captured: Int = 0, unplayed: Int = 0, isAnswering: Bool = false) {
            self.now = now
            self.captured = captured
            self.unplayed = unplayed
            self.isAnswering = isAnswering
        }

        var isPlaying: Bool { unplayed > 0 }
    }

    /// What must be done.
    package enum Effect: Equatable, Sendable {
        /// The voice from this position on goes up.
        case begin(from: Int)
        /// The voice from this position on does not; it may lie ahead.
        case end(at: Int)
        /// Silences the answer and keeps what was not heard of it.
        case hold
        /// The answer goes on where it was silenced; if the service has cut it meanwhile, the next one plays.
        case letGoOn
        /// The answer is over here.
        case drop
        /// The line's setup does not fit the mode.
        case renew
        /// The connection is not needed for now, and is again.
        case park
        case unpark
        /// These devices may stand still; the others are needed.
        case rest(Rest)
        case tell(Notice)
    }

    package enum Notice: Equatable, Sendable {
        case mode(TurnMode, because: String)
        case wakeHeard(because: String)
        case asleep(because: String)
    }
}
