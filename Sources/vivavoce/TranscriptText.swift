import Archive
import Assistant
import Events

/// The record as `vivavoce transcripts` prints it: one line a row, times of this machine, nothing that commands a
/// terminal.
enum TranscriptText {
    private static let bold = "\u{1B}[1m"
    private static let plain = "\u{1B}[0m"

    static func safe(_ text: String) -> String { isPlain(text) ? text : TerminalText.sanitized(text) }

    /// Printable ASCII, as most text is: it need not be looked at character by character.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    private static func width(of text: String) -> Int {
        isPlain(text) ? text.utf8.count : TerminalText.width(of: text)
    }

    /// A row for each conversation: number, begin, length, lines, id, model, how it ended.
    static func table(_ sessions: [ArchivedSession]) -> String {
        let rows = sessions.map { session in
            [
                "\(session.number)", minute(session.startedAt), length(session),
                session.lineCount == 1 ? "1 line" : "\(session.lineCount) lines", safe(session.id),
                safe(session.model ?? "-"), safe(session.reason ?? "no end"),
            ]
        }
        let widths = (0..<7).map { column in rows.map { width(of: $0[column]) }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - width(of: cell.0))
                return column == 0 || column == 2 || column == 3 ? space + cell.0 : cell.0 + space
            }
            return trimmed(cells.joined(separator: "  ")) + "\n"
        }.joined()
    }

    static func heading(_ session: ArchivedSession) -> String {
        let parts = [
            "conversation \(session.number)", minute(session.startedAt), length(session),
            session.model.map(safe), session.reason.map(safe),
        ]
        let recording = session.recording.map { "recording: \(safe($0))\n" } ?? ""
        return parts.compactMap { $0 }.joined(separator: " · ") + "\n\(recording)\n"
    }

    /// Such as `12:00:05  model: What was heard— […]`.
    static func line(_ line: ArchivedLine) -> String {
        "\(ISOTime.local(line.begin).suffix(8))  \(name(line.speaker)): \(said(line))\n"
    }

    /// Such as `12  2026-11-23 12:00:05  you: what was found`.
    ///
    /// - Parameter isStyled: whether what was looked for is printed bold.
    static func found(_ found: FoundLine, isStyled: Bool) -> String {
        let pieces = found.snippet.pieces.map { piece in
            piece.isMatch && isStyled ? bold + safe(piece.text) + plain : safe(piece.text)
        }
        let isCut = found.snippet.isCutAfter || found.line.isInterrupted
        let text = (found.snippet.isCutBefore ? "… " : "") + pieces.joined() + (isCut ? " …" : "")
        return "\(found.number)  \(ISOTime.local(found.line.begin))  \(name(found.line.speaker)): \(text)\n"
    }

    private static func said(_ line: ArchivedLine) -> String {
        let text = trimmed(safe(line.heard ?? line.text))
        if line.isInterrupted { return text.isEmpty ? "[…]" : "\(text)— […]" }
        return line.isFinal ? text : "\(text)… [broken off]"
    }

    private static func name(_ speaker: Party) -> String {
        switch speaker {
        case .user: "you"
        case .model: "model"
        }
    }

    private static func minute(_ milliseconds: Int64) -> String { String(ISOTime.local(milliseconds).dropLast(3)) }

    private static func length(_ session: ArchivedSession) -> String {
        guard let end = session.endedAt else { return "-" }
        let seconds = max(0, (end - session.startedAt) / 1000)
        return seconds < 60 ? "\(seconds) s" : "\(seconds / 60) min"
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}

extension ArchivedSession {
    /// In the form that `transcripts import` takes, with its number and counts, and a line end.
    var jsonLine: String {
        TranscriptText.jsonLine { writer in
            writeMembers(to: &writer)
            writer.member("number", number)
            writer.member("lines", lineCount)
            writer.member("tokens", tokenCount)
        }
    }
}

extension ArchivedLine {
    /// In the form that `transcripts import` takes, with a line end.
    var jsonLine: String { TranscriptText.jsonLine { writeMembers(to: &$0) } }
}

extension FoundLine {
    /// The line, with its session's number and the piece around what was looked for, and a line end.
    var jsonLine: String {
        TranscriptText.jsonLine { writer in
            line.writeMembers(to: &writer)
            writer.member("number", number)
            writer.member("snippet", snippet.pieces.map(\.text).joined())
        }
    }
}

extension TranscriptText {
    fileprivate static func jsonLine(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(body)
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}
