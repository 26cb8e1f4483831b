/// A form in which conversations leave the record.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// To be read: Markdown, with what was not heard struck out.
    case md
    /// To be read: plain text.
    case txt
    /// For programs: one JSON document, everything that is kept.
    case json
    /// The same as one JSON object a line, which `transcripts import` takes.
    case jsonl
    /// Subtitles.
    case srt
    case vtt

    /// What is kept beside lines, too.
    package var holdsEverything: Bool { self == .json || self == .jsonl }

    /// Times are counted from a conversation's start, so that a file holds one.
    package var holdsOneSession: Bool { self == .srt || self == .vtt }
}
