import Assistant
import Events
import Testing

@Suite("The terminal's live rows", .timeLimit(.minutes(5)))
struct TerminalScreenTests {
    private func frame(_ lines: String..., showsCursor: Bool = false) -> TerminalScreen.Frame {
        TerminalScreen.Frame(lines: lines.map { TerminalScreen.Line($0) }, showsCursor: showsCursor)
    }

    @Test("live rows are rewritten in place and printed lines stay above them")
    func rewrites() {
        var screen = TerminalScreen(columns: 40, rows: 10)
        var terminal = VirtualTerminal(columns: 40, rows: 10)
        terminal.write(screen.draw(frame("hel", "status 1")))
        #expect(terminal.picture == ["hel", "status 1"])
        terminal.write(screen.draw(frame("hello there", "status 2")))
        #expect(terminal.picture == ["hello there", "status 2"])
        terminal.write(screen.draw(frame("status 3"), printing: ["hello there, you"]))
        #expect(terminal.picture == ["hello there, you", "status 3"])
        terminal.write(screen.draw(frame("s")))
        #expect(terminal.picture == ["hello there, you", "s"])
        terminal.write(screen.draw(frame(), printing: ["a", "b"]))
        #expect(terminal.picture == ["hello there, you", "a", "b"])
    }

    @Test("what does not change is not written again")
    func writesLittle() {
        var screen = TerminalScreen(columns: 40, rows: 10)
        _ = screen.draw(frame("one", "two", "three"))
        #expect(screen.draw(frame("one", "two", "three")) == "")
        #expect(!screen.draw(frame("one", "two", "3")).contains("one"))
    }

    @Test("a live line that is too long takes several rows, and shrinks again", arguments: [5, 12, 20, 39])
    func wraps(columns: Int) {
        var screen = TerminalScreen(columns: columns, rows: 30)
        var terminal = VirtualTerminal(columns: columns, rows: 30)
        var text = ""
        for word in ["what", "is", "the", "meaning", "of", "incomprehensibilities", "?"] {
            text += (text.isEmpty ? "" : " ") + word
            terminal.write(screen.draw(frame(text, "|")))
            #expect(terminal.picture.last == "|")
            #expect(terminal.picture.joined().replacing(" ", with: "") == text.replacing(" ", with: "") + "|")
        }
        terminal.write(screen.draw(frame("|"), printing: ["x"]))
        #expect(terminal.picture == ["x", "|"])
    }

    @Test(
        "wide and combining characters are counted as the terminal counts them",
        arguments: [
            "日本語のテキストがここに続きます", "한국어 문장이 여기에 이어집니다",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", "ok 👍 ok 👍 ok 👍 ok",
        ])
    func wideCharacters(text: String) {
        var screen = TerminalScreen(columns: 10, rows: 20)
        var terminal = VirtualTerminal(columns: 10, rows: 20)
        for end in text.indices {
            terminal.write(screen.draw(frame(String(text[...end]), "|")))
            #expect(terminal.picture.last == "|")
            #expect(
                terminal.picture.joined().replacing(" ", with: "") == text[...end].replacing(" ", with: "") + "|")
        }
        terminal.write(screen.draw(frame("|"), printing: [text]))
        #expect(terminal.picture.last == "|")
        #expect(terminal.picture.dropLast().joined().replacing(" ", with: "") == text.replacing(" ", with: ""))
    }

    @Test("live text longer than the terminal shows its end and disturbs nothing above")
    func tallerThanTerminal() {
        var screen = TerminalScreen(columns: 11, rows: 4)
        var terminal = VirtualTerminal(columns: 11, rows: 4)
        terminal.write(screen.draw(frame("|"), printing: ["first"]))
        var text = ""
        for number in 1...30 {
            text += "word\(number) "
            terminal.write(screen.draw(frame(text, "|")))
            #expect(terminal.picture.first == "first")
            #expect(terminal.picture.count <= 4)
            #expect(terminal.picture.last == "|")
        }
        #expect(terminal.picture.contains { $0.contains("word30") })
        terminal.write(screen.draw(frame("|"), printing: ["second"]))
        #expect(terminal.picture == ["first", "second", "|"])
    }

    @Test("a printed line that fills rows exactly leaves no gap", arguments: [10, 20])
    func exactFit(length: Int) {
        var screen = TerminalScreen(columns: 10, rows: 9)
        var terminal = VirtualTerminal(columns: 10, rows: 9)
        terminal.write(screen.draw(frame("|")))
        terminal.write(screen.draw(frame("|"), printing: [String(repeating: "x", count: length), "y"]))
        #expect(terminal.picture.suffix(2) == ["y", "|"])
        #expect(terminal.picture.count == length / 10 + 2)
    }

    @Test("scrolling at the bottom of the terminal keeps every printed line")
    func scrolls() {
        var screen = TerminalScreen(columns: 20, rows: 5)
        var terminal = VirtualTerminal(columns: 20, rows: 5)
        for number in 1...20 {
            terminal.write(screen.draw(frame("speaking \(number)", "status")))
            terminal.write(screen.draw(frame("status"), printing: ["line \(number)"]))
        }
        #expect(terminal.picture == (1...20).map { "line \($0)" } + ["status"])
    }

    @Test("a narrower window leaves no half of a live row behind", arguments: [9, 12, 17, 25])
    func narrows(columns: Int) {
        var screen = TerminalScreen(columns: 30, rows: 20)
        var terminal = VirtualTerminal(columns: 30, rows: 20)
        terminal.write(screen.draw(frame("a live row of 25 columns.", "status of 20 columns"), printing: ["kept"]))
        terminal.resize(columns: columns)
        screen.resize(columns: columns, rows: 20)
        terminal.write(screen.draw(frame("now", "|")))
        #expect(terminal.picture == ["kept", "now", "|"])
    }

    @Test("a clipped line never takes a second row")
    func clips() {
        var screen = TerminalScreen(columns: 10, rows: 5)
        var terminal = VirtualTerminal(columns: 10, rows: 5)
        let line = TerminalScreen.Line("0123456789abcdef", isClipped: true)
        terminal.write(screen.draw(TerminalScreen.Frame(lines: [line])))
        #expect(terminal.picture == ["012345678"])
    }

    @Test("closing takes the live rows away and gives the cursor back")
    func closes() {
        var screen = TerminalScreen(columns: 20, rows: 5)
        var terminal = VirtualTerminal(columns: 20, rows: 5)
        terminal.write(screen.draw(frame("said", "status"), printing: ["line"]))
        #expect(!terminal.isCursorVisible)
        terminal.write(screen.draw(frame("status", "message: hi", showsCursor: true)))
        #expect(terminal.isCursorVisible)
        #expect(terminal.cursor == (2, 11))
        terminal.write(screen.draw(frame("status")))
        #expect(!terminal.isCursorVisible)
        terminal.write(screen.close())
        #expect(terminal.isCursorVisible)
        #expect(terminal.picture == ["line"])
        #expect(terminal.cursor == (1, 0))
    }

    @Test("styles end where they began, and can be left out")
    func styles() {
        let line = TerminalScreen.Line("dim", style: .dim)
        var screen = TerminalScreen(columns: 20, rows: 5)
        var terminal = VirtualTerminal(columns: 20, rows: 5)
        terminal.write(screen.draw(TerminalScreen.Frame(lines: [line])))
        #expect(!terminal.isDim)
        #expect(terminal.picture == ["dim"])
        var plain = TerminalScreen(columns: 20, rows: 5, usesStyles: false)
        #expect(!plain.draw(TerminalScreen.Frame(lines: [line])).contains("\u{1B}[2m"))
    }

    @Test("five thousand random frames and lines: the terminal always shows what was asked for")
    func random() {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        let seed = random.seed
        let words = ["a", "lamp", "日本", "é", "extraordinarily", "👍", "x y", "", "한"]
        func text() -> String {
            (0..<Int.random(in: 0...12, using: &random)).map { _ in words.randomElement(using: &random)! }
                .joined(separator: " ")
        }
        var screen = TerminalScreen(columns: 24, rows: 12)
        var terminal = VirtualTerminal(columns: 24, rows: 12)
        var printed: [String] = []
        func squeezed(_ lines: some Sequence<String>) -> String {
            lines.joined().replacing(" ", with: "")
        }
        for step in 0..<5000 {
            let frame = frame(text(), "[\(step)]")
            let lines = Int.random(in: 0...3, using: &random) == 0 ? ["line \(step) \(text())"] : []
            printed += lines
            terminal.write(screen.draw(frame, printing: lines))
            let isShown = terminal.lastRow == "[\(step)]"
            if !isShown || step % 500 == 0 {
                let live = TerminalText.rows(of: frame.lines[0].text, columns: 23).suffix(10)
                let seen = squeezed(terminal.picture)
                #expect(isShown, "seed \(seed), step \(step)")
                #expect(seen.hasSuffix(squeezed(live) + "[\(step)]"), "seed \(seed), step \(step)")
                #expect(seen == squeezed(printed) + squeezed(live) + "[\(step)]", "seed \(seed), step \(step)")
                guard isShown else { return }
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
