import Archive
import Events
import Testing

@testable import vivavoce

@Suite("The record as it is printed")
struct TranscriptTextTests {
    private func line(_ text: String, heard: String? = nil, isFinal: Bool = true) -> ArchivedLine {
        ArchivedLine(
            id: 1, session: "s", turn: 1, speaker: .model, begin: 1_795_435_200_000, end: 1_795_435_201_000, text: text,
            heard: heard, isFinal: isFinal, marks: [TextMark(characters: 1, milliseconds: 2)])
    }

    @Test("speech that was cut is shown as heard, with a mark that there was more")
    func cut() {
        #expect(TranscriptText.line(line("one two", heard: "one")).hasSuffix("  model: one— […]\n"))
        #expect(TranscriptText.line(line("one two", heard: "")).hasSuffix("  model: […]\n"))
        #expect(TranscriptText.line(line("one two")).hasSuffix("  model: one two\n"))
        #expect(TranscriptText.line(line("one two", isFinal: false)).hasSuffix("  model: one two… [broken off]\n"))
    }

    @Test("nothing that was said, and no name, commands the terminal or begins another row")
    func harmless() {
        let evil = "a\u{1B}[2Jb\u{9B}31m\r\nc\u{202E}d"
        let session = ArchivedSession(
            id: evil, number: 1, startedAt: 0, endedAt: 9, model: evil, reason: evil, recording: evil)
        for text in [
            TranscriptText.line(line(evil)), TranscriptText.line(line("x", heard: evil)),
            TranscriptText.table([session]), TranscriptText.heading(session), session.jsonLine, line(evil).jsonLine,
        ] {
            let bad = text.unicodeScalars.filter { $0 != "\n" && $0.properties.generalCategory == .control }
            #expect(bad.isEmpty, "\(text.debugDescription)")
        }
        #expect(TranscriptText.table([session]).split(separator: "\n").count == 1)
        #expect(line(evil).jsonLine.split(separator: "\n").count == 1)
    }

    @Test("conversations are rows of equal columns")
    func table() {
        let long = ArchivedSession(
            id: "short", number: 12, startedAt: 0, endedAt: 3_600_000, model: "m", reason: "hung up", lineCount: 1)
        let open = ArchivedSession(id: "a long one", number: 3, startedAt: 0, lineCount: 100)
        let rows = TranscriptText.table([long, open]).split(separator: "\n")
        #expect(rows.count == 2)
        #expect(rows[0].contains("60 min     1 line  short       m  hung up"))
        #expect(rows[1].contains("     -  100 lines  a long one  -  no end"))
    }

    @Test("JSON has what an import needs")
    func json() {
        #expect(
            line("text").jsonLine.contains(
                #""begin":"2026-11-23T12:00:00.000Z","end":"2026-11-23T12:00:01.000Z","text":"text","#
                    + #""source":"speech","final":true,"marks":[[1,2]]}"#))
    }
}
