package import LiveProtocol

/// What the turn assembler tells: the turn and transcript events of a conversation, in the order to be told.
package enum TurnChange: Equatable, Sendable {
    case started(turn: Int, speaker: Speaker)
    /// The line as far as it is known: with every piece while it is short, and in steps of a sixteenth when it is long.
    case partial(TurnLine)
    /// The turn's text has reached `Wording.mostBytes`; what comes of it from here on is left out. Once a turn.
    case cutShort(turn: Int)
    case final(TurnLine)
    /// `heard`: samples of the turn that had left the device when the cut came.
    case interrupted(turn: Int, heard: Int)
    /// `heard` is nil for the user's turns.
    case completed(turn: Int, speaker: Speaker, reason: String, heard: Int?)

    package var isStart: Bool { if case .started = self { true } else { false } }
}

/// One speaker's words in one turn, whole so far.
package struct TurnLine: Equatable, Sendable {
    package var turn: Int
    package var speaker: Speaker
    package var text: String
    package var language: String?
    /// What was played before the cut; nil when nothing was cut.
    package var heard: String?
    /// It was written, not spoken.
    package var isTyped = false
    /// When it was said, since the conversation began: where its first sound was heard, and where its last; nil while
    /// that is not known.
    package var begin: Duration?
    package var end: Duration?
    /// How far the words had come at some moments of it, at most `Wording.mostMarks`, in order. Of a final line only.
    package var marks: [Mark] = []

    /// So many Unicode scalars of a line's text had been said, since the conversation began.
    package struct Mark: Equatable, Sendable {
        package var characters: Int
        package var time: Duration

        package init(characters: Int, time: Duration) {
            self.characters = characters
            self.time = time
        }
    }

    package init(turn: Int, speaker: Speaker, text: String, language: String? = nil, heard: String? = nil) {
        self.turn = turn
        self.speaker = speaker
        self.text = text
        self.language = language
        self.heard = heard
    }
}

/// Where things stand when an event is handled. Positions count samples of speech since the conversation began.
package struct Moment: Sendable {
    /// Since the conversation began.
    package var now: Duration
    /// Speech received from the service.
    package var received: Int
    /// Speech before this position has left the device or was cut.
    package var played: Int
    /// How much of a stretch of speech really left the device: `PlaybackClock`'s answer.
    package var heardIn: @Sendable (Range<Int>) -> Int
    /// When the speech at a position left the device, since the conversation began: `PlaybackClock`'s answer, nil where
    /// it has none.
    package var timeHeard: @Sendable (Int) -> Duration?

    package init(
        now: Duration, received: Int, played: Int, heardIn: @escaping @Sendable (Range<Int>) -> Int,
        timeHeard: @escaping @Sendable (Int) -> Duration?
    ) {
        self.now = now
        self.received = received
        self.played = played
        self.heardIn = heardIn
        self.timeHeard = timeHeard
    }
}
