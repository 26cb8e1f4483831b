/// One line of the vocabulary that `--json`, the control socket and every later door share.
///
/// Fields may be added, never change meaning.
package struct Event: Sendable, Equatable {
    /// Wall-clock time as milliseconds since 1970-01-01T00:00:00Z.
    package var at: Int64
    /// Our own name of the conversation; nil for events outside one.
    package var session: String?
    package var body: Body

    package init(at: Int64, session: String?, _ body: Body) {
        self.at = at
        self.session = session
        self.body = body
    }

    package enum Body: Sendable, Equatable {
        case sessionConnecting(attempt: Int)
        case sessionLive(model: String, resumed: Bool)
        case sessionEnded(reason: String, code: Int?, exit: Int)
        case sessionRotating(because: RotationCause)
        case sessionResumed(because: RotationCause, gapMilliseconds: Int, lostMilliseconds: Int, how: String)
        case sessionStalled(stage: Int)
        /// When the user is heard from here on: `mode` as in the settings.
        case turnsMode(mode: String, because: String)
        /// The wake word was heard, or the key pressed: the user is listened to.
        case wakeHeard(because: String)
        /// Nothing is listened to but the wake word.
        case wakeAsleep(because: String)
        case turnStarted(turn: Int, speaker: Party)
        case turnInterrupted(turn: Int, heardMilliseconds: Int)
        case turnCompleted(turn: Int, speaker: Party, reason: String, heardMilliseconds: Int?)
        case transcriptPartial(TranscriptLine)
        case transcriptFinal(TranscriptLine)
        /// The microphone is no longer read, or is again.
        case audioMuted(Bool)
        case audioLevel(input: Double?, output: Double?)
        case audioDevice(direction: Direction, device: String, state: DeviceState, reason: String?)
        /// A device ran dry or over. `ours`: how many times because we came too late, and by how much, all in all; the
        /// others are a sound server's doing.
        case audioXrun(direction: Direction, count: Int, ours: Int, lateMilliseconds: Int)
        /// Gaps in mid-answer because speech did not arrive in time.
        case audioUnderrun(count: Int)
        case audioDropped(direction: Direction, milliseconds: Int, because: String)
        /// What both sides say is recorded from here on, in files under `path`; again after it could not be for a while.
        case recordingStarted(path: String)
        /// - Parameter lostMilliseconds: what is missing of it, all in all.
        case recordingEnded(path: String, seconds: Double, lostMilliseconds: Int)
        case usage(UsageReport)
        /// A part of an answer is kept in a file: an image, or something else.
        case image(path: String, mimeType: String)
        case file(path: String, mimeType: String)
        case code(language: String, source: String)
        case codeResult(outcome: String, output: String)
        case toolCall(id: String?, name: String, arguments: String)
        case toolResult(id: String?, name: String, response: String)
        case toolCancelled(ids: [String])
        case grounding(String)
        case settingsReloaded(ReloadReport)
        case warning(Problem)
        case error(Problem)
    }
}

package enum Party: String, Sendable, Hashable { case user, model }
package enum Direction: String, Sendable, Hashable, CaseIterable { case input, output }
package enum DeviceState: String, Sendable, Hashable {
    case open, lost, reopened, changed
    /// It brings nothing but zeros; `open` follows when sound comes again.
    case silent
}
package enum RotationCause: String, Sendable, Hashable { case goAway, timer, drop, stall, request }

/// The text of one speaker in one turn: whole so far, not an increment.
package struct TranscriptLine: Sendable, Equatable {
    package var turn: Int
    package var speaker: Party
    package var text: String
    package var language: String?
    /// What was played before the cut; nil when nothing was cut.
    package var heard: String?
    /// It was written, not spoken.
    package var isTyped: Bool
    /// When it was said, as wall-clock time in milliseconds since 1970: where its first sound was heard and where its
    /// last; nil where nobody knows.
    package var begin: Int64?
    package var end: Int64?
    /// How far the words had come at some moments of it, in the order of time; empty where nobody knows.
    package var marks: [TextMark]

    package init(
        turn: Int, speaker: Party, text: String, language: String? = nil, heard: String? = nil, isTyped: Bool = false,
        begin: Int64? = nil, end: Int64? = nil, marks: [TextMark] = []
    ) {
        self.turn = turn
        self.speaker = speaker
        self.text = text
        self.language = language
        self.heard = heard
        self.isTyped = isTyped
        self.begin = begin
        self.end = end
        self.marks = marks
    }
}

/// So much of a line had been said so long after its begin.
package struct TextMark: Sendable, Equatable {
    /// Unicode scalars from the text's first on.
    package var characters: Int
    /// Since the line's begin.
    package var milliseconds: Int

    package init(characters: Int, milliseconds: Int) {
        self.characters = characters
        self.milliseconds = milliseconds
    }
}

/// Tokens of the turn that just ended and of the session so far, by modality as the service names it.
package struct UsageReport: Sendable, Equatable {
    package struct Tokens: Sendable, Equatable {
        package var input: [String: Int]
        package var output: [String: Int]
        package var total: Int

        package init(input: [String: Int] = [:], output: [String: Int] = [:], total: Int = 0) {
            self.input = input
            self.output = output
            self.total = total
        }
    }

    package var turn: Tokens
    package var session: Tokens

    package init(turn: Tokens, session: Tokens) {
        self.turn = turn
        self.session = session
    }
}

/// Something a person should know: what was tried and what came back, and what to do about it.
package struct Problem: Sendable, Equatable {
    /// A short, stable word for programs, such as `setup.fieldLeftOut`.
    package var code: String
    package var message: String
    package var remedy: String?

    package init(code: String, message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
