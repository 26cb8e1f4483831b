/// One conversation as it is kept: what `transcripts list` shows of it, and what every export begins with.
package struct ArchivedSession: Sendable, Equatable, Identifiable {
    /// The conversation's own name, as in its events.
    package var id: String
    /// Counts conversations from 1, in the order in which they began: short enough to type.
    package var number: Int64
    /// Wall-clock times in milliseconds since 1970, as all times here are; `endedAt` is nil while it goes on, and where
    /// it was killed.
    package var startedAt: Int64
    package var endedAt: Int64?
    /// The model of the newest connection; nil before the first was live.
    package var model: String?
    /// Why it ended, for people; nil as `endedAt` is.
    package var reason: String?
    /// Lines with words.
    package var lineCount: Int
    /// Tokens counted by the service, all in all.
    package var tokenCount: Int
    /// The directory of its recording; nil where none was asked for.
    package var recording: String?

    package init(
        id: String, number: Int64, startedAt: Int64, endedAt: Int64? = nil, model: String? = nil,
        reason: String? = nil, lineCount: Int = 0, tokenCount: Int = 0, recording: String? = nil
    ) {
        self.id = id
        self.number = number
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.model = model
        self.reason = reason
        self.lineCount = lineCount
        self.tokenCount = tokenCount
        self.recording = recording
    }
}
