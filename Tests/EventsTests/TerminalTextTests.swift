import Events
import Testing

@Suite("Text for terminals", .timeLimit(.minutes(5)))
struct TerminalTextTests {
    @Test(
        "nothing in a text commands the terminal, breaks the line or turns its direction",
        arguments: [
            ("plain", "plain"), ("a\nb", "a b"), ("a\r\nb", "a b"), ("a\tb", "a b"),
            ("\u{1B}[2Jx", "\u{FFFD}[2Jx"), ("\u{1B}]0;title\u{7}x", "\u{FFFD}]0;title\u{FFFD}x"),
            ("\u{9B}31mx", "\u{FFFD}31mx"), ("a\u{8}b\u{7F}", "a\u{FFFD}b\u{FFFD}"), ("a\u{202E}cba", "acba"),
            ("a\u{2028}b", "a b"), ("👩‍👩‍👧 ok", "👩‍👩‍👧 ok"), ("می‌خواهم", "می‌خواهم"),
        ])
    func sanitizes(text: String, safe: String) {
        #expect(TerminalText.sanitized(text) == safe)
    }

    @Test(
        "columns are those that a terminal gives",
        arguments: [
            ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("ＡＢ", 4), ("👍", 2), ("…—“", 3),
            ("\u{200B}\u{200D}", 0), ("ﬁ", 1), ("ก็", 1), ("नि", 2), ("❤️", 2), ("🇩🇪", 4),
        ])
    func widths(text: String, columns: Int) {
        #expect(TerminalText.width(of: text) == columns)
    }

    @Test("rows are cut between words where that is possible")
    func rows() {
        #expect(TerminalText.rows(of: "", columns: 5) == [""])
        #expect(TerminalText.rows(of: "one two", columns: 7) == ["one two"])
        #expect(TerminalText.rows(of: "one two", columns: 6) == ["one", "two"])
        #expect(TerminalText.rows(of: "one two three", columns: 3) == ["one", "two", "thr", "ee"])
        #expect(TerminalText.rows(of: "abcdefgh", columns: 3) == ["abc", "def", "gh"])
        #expect(TerminalText.rows(of: "日本語", columns: 5) == ["日本", "語"])
    }
}
