/// Puts conversations into a format, one after the other: no more than one needs to be in memory.
///
/// What `begin`, `add` and `end` return, in this order, is the document. Pure.
package struct Exporter: Sendable {
    private let format: ExportFormat
    private var isFirst = true

    package init(_ format: ExportFormat) { self.format = format }

    /// What comes before the first conversation.
    package func begin() -> String {
        switch format {
        case .json: "["
        case .vtt: "WEBVTT\n"
        case .md, .txt, .jsonl, .srt: ""
        }
    }

    /// One conversation.
    ///
    /// - Parameters:
    ///   - lines: of it, in the order in which they began.
    ///   - details: shown by formats that hold everything, `ExportFormat.holdsEverything`.
    /// - Precondition: nothing was added before to a format that holds one conversation.
    package mutating func add(
        _ session: ArchivedSession, _ lines: [ArchivedLine], _ details: ArchivedDetails = ArchivedDetails()
    ) -> String {
        precondition(isFirst || !format.holdsOneSession, "a second conversation in \(format)")
        defer { isFirst = false }
        switch format {
        case .md: return (isFirst ? "" : "\n") + MarkdownText(session).text(of: lines)
        case .txt: return (isFirst ? "" : "\n") + PlainText(session).text(of: lines)
        case .json: return (isFirst ? "\n" : ",\n") + session.json(lines, details)
        case .jsonl: return session.jsonLines(lines, details)
        case .srt: return SubtitleText.srt(CueMaker(session, isLabelled: true).cues(of: lines))
        case .vtt: return SubtitleText.vtt(CueMaker(session).cues(of: lines))
        }
    }

    /// What comes after the last.
    package func end() -> String { format == .json ? "\n]\n" : "" }
}
