package import Events

/// What one speaker said in one turn, as it is kept.
package struct ArchivedLine: Sendable, Equatable, Identifiable {
    /// How the words came about.
    package enum Source: String, Sendable, Hashable { case speech, typed }

    /// Grows in the order in which lines began, within the whole archive.
    package var id: Int64
    /// The conversation's name, `ArchivedSession.id`.
    package var session: String
    package var turn: Int
    package var speaker: Party
    /// BCP 47, as the service named it.
    package var language: String?
    /// Wall-clock times in milliseconds since 1970, on the clock of the recording: where the first sound of it was heard
    /// and where the last. `end` is `begin` where nobody knows.
    package var begin: Int64
    package var end: Int64
    /// All that was said or written.
    package var text: String
    /// What was played before the cut; nil when nothing was cut. Exports show it, and mark that there was more.
    package var heard: String?
    package var source: Source
    /// False for a line that was never finished: the program was killed in mid-sentence.
    package var isFinal: Bool
    /// How far the words had come at some moments of it; empty where nobody knows.
    package var marks: [TextMark]

    /// The line was cut: somebody spoke into it.
    package var isInterrupted: Bool { heard != nil }

    package init(
        id: Int64, session: String, turn: Int, speaker: Party, language: String? = nil, begin: Int64, end: Int64,
        text: String, heard: String? = nil, source: Source = .speech, isFinal: Bool = true, marks: [TextMark] = []
    ) {
        self.id = id
        self.session = session
        self.turn = turn
        self.speaker = speaker
        self.language = language
        self.begin = begin
        self.end = end
        self.text = text
        self.heard = heard
        self.source = source
        self.isFinal = isFinal
        self.marks = marks
    }
}
