import Events
import Foundation
import TestKit
import Testing

@testable import Archive

/// 2026-11-23T12:00:00.000Z.
private let noon: Int64 = 1795435200_000

private let session = ArchivedSession(
    id: "s1", number: 1, startedAt: noon, endedAt: noon + 65_250, model: "models/m*1", reason: "hung up")

private func line(
    _ speaker: Party, _ text: String, heard: String? = nil, at begin: Int64 = 0, for length: Int64 = 2_000,
    marks: [TextMark] = []
) -> ArchivedLine {
    ArchivedLine(
        id: 1, session: "s1", turn: 1, speaker: speaker, begin: noon + begin, end: noon + begin + length, text: text,
        heard: heard, marks: marks)
}

private func export(_ format: ExportFormat, _ lines: [ArchivedLine]) -> String {
    var exporter = Exporter(format)
    return exporter.begin() + exporter.add(session, lines) + exporter.end()
}

@Suite("Exports", .timeLimit(.minutes(5)))
struct ExportTests {
    private let cut = line(.model, "It is half past two, said the clock.", heard: "It is half", at: 5_000)

    @Test("a cut line is shown as heard, with a mark; Markdown has the rest struck out, JSON has both")
    func cutLine() {
        #expect(export(.txt, [cut]).contains("0:05  Model: It is half—\n"))
        #expect(export(.md, [cut]).contains("**Model** (0:05): It is half— ~~past two, said the clock.~~\n"))
        #expect(export(.srt, [cut]).contains("\nModel: It is half—\n"))
        #expect(export(.vtt, [cut]).contains("\n<v Model>It is half—</v>\n"))
        for format in [ExportFormat.json, .jsonl] {
            #expect(
                export(format, [cut]).contains(
                    #""text":"It is half past two, said the clock.","heard":"It is half""#))
        }
        #expect(!export(.srt, [line(.model, "Never heard.", heard: "")]).contains("-->"))
    }

    @Test(
        "nothing in a text commands a terminal or is taken for the format's own signs", arguments: ExportFormat.allCases
    )
    func hostile(format: ExportFormat) {
        let text = "a\u{1B}[2Jb\u{9B}c\r\n\n1\n00:00:01,000 --> 00:00:02,000\n<script>&*_`\u{202E}"
        let exported = export(format, [line(.user, text)])
        #expect(!exported.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        switch format {
        case .srt, .vtt: #expect(exported.components(separatedBy: "-->").count == 2)
        case .md: #expect(exported.contains(#"\<script\>\&\*\_\`"#))
        case .txt: #expect(exported.split(separator: "\n").count == 2)
        case .json, .jsonl: break
        }
        if format == .vtt { #expect(exported.contains("--&gt;") && exported.contains("&lt;script&gt;&amp;")) }
    }

    @Test("a JSON document is one, for none, one and more conversations")
    func json() throws {
        for count in 0...2 {
            var exporter = Exporter(.json)
            var text = exporter.begin()
            for _ in 0..<count { text += exporter.add(session, [cut, cut]) }
            text += exporter.end()
            let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
            #expect(parsed?.count == count)
            #expect((parsed?.last?["lines"] as? [Any])?.count == (count == 0 ? nil : 2))
        }
    }

    @Test("JSON lines go through another record's import and come back the same, to the byte")
    func roundTrip() throws {
        let folder = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var generator = SeededGenerator(seed: 7)
        let pool = [
            "word", "“q”", "\u{1B}[1m", "日本語", "a\nb", "\\", "\"", "e\u{301}", "👩‍👩‍👧", "\u{2028}", "</v>", "-->", "\t",
        ]
        let lines = (0..<200).map { index in
            let text = (0..<Int.random(in: 1...30, using: &generator)).map { _ in pool.randomElement(using: &generator)!
            }
            var line = line(
                index.isMultiple(of: 2) ? .user : .model, text.joined(separator: " "), at: Int64(index) * 3_000 + 7,
                for: Int64.random(in: 0...3_000, using: &generator),
                marks: (0..<index % 4).map { TextMark(characters: $0 * 5 + 1, milliseconds: $0 * 333) })
            line.turn = index
            line.heard = index.isMultiple(of: 5) ? text.first : nil
            line.language = index.isMultiple(of: 3) ? "de-DE" : nil
            line.source = index.isMultiple(of: 7) ? .typed : .speech
            line.isFinal = !index.isMultiple(of: 11)
            return line
        }
        let exported = export(.jsonl, lines)
        let store = try TranscriptStore(at: folder + "/transcripts.db", forWriting: true)
        let report = try store.import(exported.split(separator: "\n").map(String.init))
        #expect((report.sessions, report.lines) == (1, 200))
        let kept = try store.session(named: "last")
        #expect(export(.jsonl, try store.lines(of: kept.id)) == exported)
        var exporter = Exporter(.jsonl)
        #expect(exporter.add(kept, try store.lines(of: kept.id)) == exported)
    }
}

@Suite("Cues of subtitles", .timeLimit(.minutes(5)))
struct CueTests {
    private func cues(_ lines: [ArchivedLine]) -> [Cue] { CueMaker(session).cues(of: lines) }

    @Test("a sentence's end is a better place for a cut than the middle of one, and a clause's than any word")
    func breaks() {
        let sentences =
            "One winter night the wind rose high and cold. The lamp went out before the last boat was in sight of the pier."
        #expect(
            cues([line(.model, sentences, for: 8_000)]).first?.rows.joined(separator: " ").hasSuffix("cold.") == true)
        let clauses =
            "One winter night when the wind rose high and cold, the lamp went out before the last boat came in from the sea"
        #expect(cues([line(.model, clauses, for: 8_000)]).first?.rows.joined(separator: " ").hasSuffix("cold,") == true)
    }

    @Test("words have the times of the marks around them")
    func wordTimes() {
        let text = String(repeating: "word ", count: 40).dropLast()
        let line = line(
            .model, String(text), at: 1_000, for: 20_000,
            marks: [TextMark(characters: 50, milliseconds: 1_000), TextMark(characters: 199, milliseconds: 20_000)])
        let words = TimedWords(line).words
        #expect(words[0].begin == noon + 1_000)
        #expect(words[10].begin == noon + 2_000)
        #expect(words[39].end == noon + 21_000)
        #expect(zip(words, words.dropFirst()).allSatisfy { $0.end <= $1.begin })
    }

    @Test("a line without spaces is cut between characters, two columns each")
    func chinese() {
        let cues = cues([line(.model, String(repeating: "海上升明月", count: 30), for: 30_000)])
        #expect(cues.flatMap(\.rows).joined() == String(repeating: "海上升明月", count: 30))
        #expect(cues.flatMap(\.rows).allSatisfy { TerminalText.width(of: $0) <= 42 })
    }

    @Test("whatever is said: two rows of 42 columns, 1 to 7 s, never overlapping, all words once", arguments: 0..<16)
    func properties(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var time: Int64 = 0
        let lines = (0..<20).map { index in
            let words = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
                String(repeating: "abcdefghi海", count: 20).prefix(
                    Int.random(in: 1...(seed % 5 == 0 ? 60 : 12), using: &generator))
                    + (["", "", "", ".", ","].randomElement(using: &generator)!)
            }
            let length = Int64.random(in: 0...30_000, using: &generator)
            defer { time += Int64.random(in: -500...(length + 2_000), using: &generator) }
            let marks = (0..<Int.random(in: 0...5, using: &generator)).map {
                TextMark(characters: $0 * 40 + 3, milliseconds: $0 * 1_500)
            }
            return line(
                index.isMultiple(of: 2) ? .user : .model, words.joined(separator: " "), at: time, for: length,
                marks: marks)
        }
        let cues = cues(lines)
        for cue in cues {
            #expect((1...2).contains(cue.rows.count))
            #expect(cue.rows.allSatisfy { !$0.isEmpty && TerminalText.width(of: $0) <= 42 })
            #expect(cue.begin >= 0 && (1_000...7_000).contains(cue.end - cue.begin))
        }
        for speaker in [Party.user, .model] {
            let own = cues.filter { $0.speaker == speaker }
            #expect(zip(own, own.dropFirst()).allSatisfy { $0.end <= $1.begin })
            func letters(_ text: String) -> String { text.filter { !$0.isWhitespace } }
            let said = lines.filter { $0.speaker == speaker }.sorted { $0.begin < $1.begin }.map(\.text).joined()
            #expect(letters(own.flatMap(\.rows).joined()) == letters(said))
        }
    }

    @Test("where there is time, nobody must read more than 17 columns a second")
    func readingSpeed() {
        let cues = cues([
            line(.model, "A short line that was spoken very, very fast.", for: 300), line(.model, "Next.", at: 9_000),
        ])
        #expect(cues[0].end - cues[0].begin >= 44 * 1_000 / 17)
    }
}
