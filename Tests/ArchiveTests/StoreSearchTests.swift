import Events
import Foundation
import GRDB
import TestKit
import Testing

@testable import Archive

@Suite("The record is searched", .timeLimit(.minutes(5)))
struct StoreSearchTests {
    let folder: StoreFolder
    let store: TranscriptStore

    init() throws {
        folder = try StoreFolder()
        store = try folder.store()
        try store.add(
            "one", startedAt: 1_000,
            [
                "The café opens at seven", "And the cafeteria closes; naïve, isn't it?", "a seven of spades",
                "今日は東京タワーに行きました", "東京", "한국어를 배우고 있어요", "สวัสดีครับผม", "zero 100% done_now",
            ])
        try store.add("two", startedAt: 100_000, ["Straße nach Köln", "the Tower of London", "seven towers, the end"])
    }

    private func found(_ query: String) throws -> [Int] { try store.search(LineSearch(query)).map { Int($0.line.id) } }

    @Test(
        "words, phrases, beginnings, alternatives and exclusions",
        arguments: [
            ("cafe", [1]), ("CAFÉ", [1]), ("caf*", [2, 1]), ("naive", [2]), ("seven", [11, 3, 1]),
            ("the seven", [11, 1]), ("\"seven of spades\"", [3]), ("\"spades of seven\"", []), ("\"tow\"*", [11, 10]),
            ("seven -café", [11, 3]), ("café OR spades", [3, 1]), ("the seven OR london", [11, 10, 1]),
            ("koln", [9]), ("isn't", [2]), ("seven AND", []), ("NEAR(the", []), ("100%", [8]), ("shown:seven", []),
            ("{col}:x", []), ("^seven", [11, 3, 1]), ("the* -the", []), ("seven*", [11, 3, 1]),
        ])
    func words(query: String, lines: [Int]) throws {
        #expect(try found(query) == lines, "\(query)")
    }

    @Test(
        "scripts without spaces are found anywhere in a text, however short the query",
        arguments: [
            ("東京タワー", [4]), ("東京", [5, 4]), ("京", [5, 4]), ("한국어", [6]), ("배우", [6]), ("สวัสดี", [7]), ("大阪", []),
            ("東京 タワー", [4]), ("東京 -タワー", [5]), ("大阪 OR seven", [11, 3, 1]), ("今日は seven", []), ("%京", [5, 4]),
        ])
    func unspaced(query: String, lines: [Int]) throws {
        #expect(try found(query) == lines, "\(query)")
    }

    @Test("one or two characters are found at the end of a text, in any case, and not where they only seem to be")
    func short() throws {
        try store.add("short", startedAt: 200_000, ["ABC東", "東a", "a 東 b", "西東c東"])
        let first = try #require(try found("ABC東").first)
        #expect(try found("東") == [first + 3, first + 2, first + 1, first, 5, 4])
        #expect(try found("c東") == [first + 3, first] && found("C東") == [first + 3, first])
        #expect(try found("東a") == [first + 1] && found("東 a") == [first + 2])
        #expect(try found("\"東 b\"") == [first + 2] && found("東西").isEmpty)

        // What takes a line out of the index, and puts it in again, knows of it as it was.
        let line = TranscriptLine(turn: 1, speaker: .user, text: "東京東")
        let added = [false, true].map { isFinal in
            RecordEntry(
                session: "changed", at: 1, startedAt: 1,
                change: .line(
                    isFinal ? TranscriptLine(turn: 1, speaker: .user, text: "西東") : line, begin: 1, end: 1,
                    isFinal: isFinal))
        }
        try store.write([added[0]])
        #expect(try found("東京").count == 3)
        try store.write([added[1]])
        #expect(try found("東京") == [5, 4] && found("西東").count == 2)
        #expect(try store.delete(["changed", "short"], now: 0).isErased && found("東") == [5, 4])
        try store.writing { try $0.execute(sql: "INSERT INTO threes (threes) VALUES ('integrity-check')") }
    }

    @Test("short terms are found newest first, far back too where they are rare")
    func farBack() throws {
        try store.add("many", startedAt: 300_000, (0..<4_000).map { "\($0) 本" + ($0 % 2_000 == 7 ? "鳥" : "木") })
        let all = try store.search(LineSearch("本", limit: 5_000)).map(\.line.text)
        #expect(all.count == 4_000 && all.first == "3999 本木" && all.last == "0 本木")
        #expect(try store.search(LineSearch("木", limit: 2)).map(\.line.text) == ["3999 本木", "3998 本木"])
        #expect(try store.search(LineSearch("鳥", limit: 2)).map(\.line.text) == ["2007 本鳥", "7 本鳥"])
        #expect(try store.search(LineSearch("本 -木")).map(\.line.text) == ["2007 本鳥", "7 本鳥"])
        #expect(try store.search(LineSearch("本鳥 7")).map(\.line.text) == ["7 本鳥"])
    }

    @Test("a time finds what was said in it, though the clock was set back, and a line began earlier than thought")
    func times() throws {
        func add(_ session: String, _ turn: Int, at begin: Int64) throws {
            try store.write([
                RecordEntry(
                    session: session, at: begin, startedAt: 1,
                    change: .line(
                        TranscriptLine(turn: turn, speaker: .user, text: "clock \(session) \(turn)"), begin: begin,
                        end: begin, isFinal: true))
            ])
        }
        try add("a", 1, at: 500_000)
        try add("a", 2, at: 600_000)
        try add("b", 1, at: 10_000)
        try add("c", 1, at: 700_000)
        try add("c", 1, at: 550_000)
        func texts(_ since: Int64?, _ until: Int64?) throws -> [String] {
            try store.search(LineSearch("clock", since: since, until: until)).map(\.line.text)
        }
        #expect(try texts(500_000, nil) == ["clock a 2", "clock c 1", "clock a 1"])
        #expect(try texts(550_000, 560_000) == ["clock c 1"])
        #expect(try texts(nil, 500_000) == ["clock b 1"])
        #expect(try texts(600_001, nil).isEmpty && texts(nil, 10_000).isEmpty)
        #expect(try texts(1, 900_000).count == 4)
    }

    @Test("by session, speaker, time and number")
    func filters() throws {
        func found(_ search: LineSearch) throws -> [Int] { try store.search(search).map { Int($0.line.id) } }
        #expect(try found(LineSearch("seven", session: "one")) == [3, 1])
        #expect(try found(LineSearch("東京", session: "two")).isEmpty)
        #expect(try found(LineSearch("the", speaker: .model)) == [10, 2])
        #expect(try found(LineSearch("seven", since: 3_000)) == [11, 3])
        #expect(try found(LineSearch("seven", until: 3_000)) == [1])
        #expect(try found(LineSearch("seven", limit: 1)) == [11])
        #expect(try store.search(LineSearch("london")).first?.number == 2)
    }

    @Test("what was imported later and said earlier stands where it was said")
    func order() throws {
        func session(_ id: String, at time: String) -> String {
            #"{"type":"session","id":"\#(id)","startedAt":"\#(time)"}"#
        }
        func line(_ session: String, _ turn: Int, at time: String, _ text: String) -> String {
            let place = #""session":"\#(session)","turn":\#(turn),"speaker":"user""#
            return #"{"type":"line",\#(place),"begin":"\#(time)","text":"\#(text)"}"#
        }
        _ = try store.import([
            session("later", at: "2026-01-02"), line("later", 1, at: "2026-01-02", "seven at last 京"),
            session("earlier", at: "1969-12-31T00:00:00Z"),
            line("earlier", 1, at: "1969-12-31T00:00:00Z", "seven at first"),
            line("earlier", 2, at: "1970-01-01T00:00:50Z", "seven between, 京"),
        ])
        func texts(_ search: LineSearch) throws -> [String] { try store.search(search).map(\.line.text) }
        let seven = [
            "seven at last 京", "seven towers, the end", "seven between, 京", "a seven of spades",
            "The café opens at seven", "seven at first",
        ]
        #expect(try texts(LineSearch("seven")) == seven)
        #expect(try texts(LineSearch("sev*", limit: 3)) == Array(seven.prefix(3)))
        #expect(try texts(LineSearch("京", limit: 2)) == ["seven at last 京", "seven between, 京"])
        #expect(try texts(LineSearch("京 seven", session: "earlier")) == ["seven between, 京"])
        #expect(try store.writing(LineOrder.isBroken) == false)
        try store.writing { try $0.execute(sql: "INSERT INTO words (words, rank) VALUES ('integrity-check', 1)") }

        // What is said from now on is the newest.
        try store.add("now", startedAt: 1_800_000_000_000, ["seven now"])
        #expect(try texts(LineSearch("seven", limit: 2)) == ["seven now", "seven at last 京"])
    }

    @Test("lines that are talked into each other come in the order in which they began")
    func overlapping() throws {
        let lines = [(1, Int64(900_000)), (2, 895_000), (3, 910_000)]
        try store.write(
            lines.map { turn, begin in
                RecordEntry(
                    session: "two", at: begin, startedAt: 1,
                    change: .line(
                        TranscriptLine(turn: 90 + turn, speaker: .user, text: "mixed \(turn)"), begin: begin,
                        end: begin, isFinal: true))
            })
        #expect(try store.search(LineSearch("mixed")).map(\.line.text) == ["mixed 3", "mixed 1", "mixed 2"])
        #expect(try store.search(LineSearch("mixed", limit: 2)).map(\.line.text) == ["mixed 3", "mixed 1"])
        #expect(try store.search(LineSearch("mixed", limit: .max)).count == 3)
    }

    @Test("what was cut off is not found: nobody heard it")
    func heard() throws {
        let line = TranscriptLine(turn: 9, speaker: .model, text: "heard part unheardrest", heard: "heard part")
        try store.write([
            RecordEntry(session: "two", at: 1, startedAt: 1, change: .line(line, begin: 1, end: 1, isFinal: true))
        ])
        #expect(try found("unheardrest").isEmpty)
        #expect(try found("\"heard part\"").count == 1)
    }

    @Test(
        "a query that cannot be understood is answered with what is wrong, and where",
        arguments: [
            ("", "nothing to look for", 1), ("   ", "nothing to look for", 1), ("one \"two", "not closed", 5),
            ("-one", "only what is not wanted", 1), ("one OR", "between two words", 5), ("OR one", "between two", 1),
            ("a *", "no letter", 3), ("one ...", "no letter", 5), ("-", "no letter", 1), ("\"\"", "no letter", 1),
        ])
    func mistakes(query: String, words: String, position: Int) throws {
        let error = #expect(throws: ArchiveError.self) { try store.search(LineSearch(query)) }
        #expect(error?.code == .badInput)
        #expect(error?.message.contains(words) == true && error?.message.contains("character \(position))") == true)
        #expect(error?.remedy != nil)
    }

    @Test("whatever is typed, the answer is lines or words for people, never SQL's")
    func noise() throws {
        var generator = SeededGenerator(seed: 46)
        let alphabet = Array("abé東京\"'*-() :^{}+,;%_\\\u{0}ORAND NEAR/1\u{200D}👍") + ["\"\u{301}", "*\u{301}"]
        for _ in 0..<2_000 {
            let query = String(
                (0..<Int.random(in: 0...9, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! })
            do throws(ArchiveError) {
                _ = try store.search(LineSearch(query))
            } catch {
                #expect(error.code == .badInput, "\(query.debugDescription): \(error.message)")
            }
        }
    }

    @Test("what was typed in parts, as some systems paste it, is found as it is kept")
    func decomposed() throws {
        let korean = "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}\u{110B}\u{1165}"
        #expect(korean == "한국어" && !korean.unicodeScalars.elementsEqual("한국어".unicodeScalars))
        #expect(try found(korean) == [6])
        #expect(try found("cafe\u{301}") == [1])
        try store.add("voiced", startedAt: 200_000, ["ありがとう"])
        #expect(try found("か\u{3099}と").count == 1)
    }

    @Test(
        "a snippet marks what was found, and no syllable that only begins alike",
        arguments: [
            ("한", "하늘 학교 한국어", ["한"]), ("배우", "바위 배우고 배", ["배우"]), ("ดี", "ดูดีด้", ["ดี"]), ("ด", "ดูมา", ["ดู"]),
            ("が", "かがか", ["が"]), ("abc東", "ABC東abc", ["ABC東"]), ("東京", "京東京東", ["東京"]), ("東東", "東東東", ["東東", "東"]),
        ])
    func marks(query: String, text: String, marked: [String]) throws {
        let snippet = Snippet(of: text, around: try SearchExpression(parsing: query).wanted)
        #expect(snippet.pieces.filter(\.isMatch).map(\.text) == marked)
        #expect(snippet.pieces.map(\.text).joined() == text)
    }

    @Test("a snippet of a long line is taken from around what was found, not from around what looks like it")
    func longLine() throws {
        let snippet = Snippet(
            of: "하" + String(repeating: " 말", count: 200) + " 한국어", around: try SearchExpression(parsing: "한국").wanted)
        #expect(snippet.isCutBefore && !snippet.isCutAfter)
        #expect(snippet.pieces.filter(\.isMatch).map(\.text) == ["한국"])
    }

    @Test("a snippet shows what was found in its surroundings")
    func snippets() throws {
        let snippet = try #require(try store.search(LineSearch("CAFE* opens")).first?.snippet)
        #expect(
            snippet.pieces == [
                .init("The "), .init("café", isMatch: true), .init(" "), .init("opens", isMatch: true),
                .init(" at seven"),
            ])
        let long = String(repeating: "before ", count: 100) + "needle" + String(repeating: " after", count: 100)
        try store.add("three", startedAt: 200_000, [long])
        let cut = try #require(try store.search(LineSearch("needle")).first?.snippet)
        #expect(cut.isCutBefore && cut.isCutAfter)
        #expect(cut.pieces.filter(\.isMatch).map(\.text) == ["needle"])
        #expect(cut.pieces.map(\.text).joined().count <= 160)
        let tokyo = try #require(try store.search(LineSearch("タワー")).first?.snippet)
        #expect(tokyo.pieces == [.init("今日は東京"), .init("タワー", isMatch: true), .init("に行きました")])
    }
}
