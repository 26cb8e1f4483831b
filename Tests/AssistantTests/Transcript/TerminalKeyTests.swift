import Assistant
import Testing

@Suite("Terminal keys", .timeLimit(.minutes(1)))
struct TerminalKeyTests {
    private func keys(_ bytes: [[UInt8]]) -> [KeyDecoder.Key] {
        var decoder = KeyDecoder()
        return bytes.flatMap { decoder.decode($0) }
    }

    @Test("letters, Enter, backspace and Ctrl are told apart")
    func decodes() {
        #expect(
            keys([Array("aé👍\r\n\u{7F}\u{8}\u{15}".utf8)])
                == [
                    .character("a"), .character("é"), .character("👍"), .enter, .enter, .backspace, .backspace,
                    .control("u"),
                ])
    }

    @Test("a character that comes in pieces is whole", arguments: 1...3)
    func pieces(cut: Int) {
        let bytes = Array("👍".utf8)
        #expect(keys([Array(bytes[..<cut]), Array(bytes[cut...]) + [0x61]]) == [.character("👍"), .character("a")])
    }

    @Test(
        "the escape key is one key; arrows, function keys and Alt are none",
        arguments: [
            ("\u{1B}", [.escape]), ("\u{1B}\u{1B}", [.escape, .escape]), ("\u{1B}[Aq", [.character("q")]),
            ("\u{1B}[1;5C", []), ("\u{1B}OP", []), ("\u{1B}[15~x", [.character("x")]), ("\u{1B}m", []),
            ("\u{1B}[", []),
        ] as [(String, [KeyDecoder.Key])])
    func escapes(text: String, expected: [KeyDecoder.Key]) {
        #expect(keys([Array(text.utf8)]) == expected)
    }

    @Test("bytes that are no UTF-8 are left out")
    func garbage() {
        #expect(keys([[0xFF, 0x61, 0xC3, 0x28, 0x80]]) == [.character("a"), .character("(")])
    }

    private func press(_ text: String, on bindings: inout KeyBindings) -> [KeyBindings.Action?] {
        var decoder = KeyDecoder()
        return decoder.decode(Array(text.utf8)).map { bindings.press($0) }
    }

    @Test("m mutes, i interrupts, q ends, others do nothing")
    func commands() {
        var bindings = KeyBindings()
        #expect(press("miqx\r", on: &bindings) == [.toggleMute, .interrupt, .quit, nil, nil])
    }

    @Test("t types a message in which letters are no commands; Enter sends it")
    func types() {
        var bindings = KeyBindings()
        #expect(press("tmiq\r", on: &bindings).last == .send("miq"))
        #expect(bindings.draft == nil)
        #expect(press("q", on: &bindings) == [.quit])
    }

    @Test("backspace takes a whole character, Ctrl-W a word, Ctrl-U all; Escape forgets the message")
    func edits() {
        var bindings = KeyBindings()
        _ = press("tone two 👩‍👩‍👧\u{7F}", on: &bindings)
        #expect(bindings.draft == "one two ")
        _ = press("\u{17}", on: &bindings)
        #expect(bindings.draft == "one ")
        _ = press("\u{15}", on: &bindings)
        #expect(bindings.draft == "")
        #expect(press("\u{7F}", on: &bindings) == [.showDraft("")])
        #expect(press("x\u{1B}", on: &bindings) == [.showDraft("x"), .showDraft(nil)])
    }

    @Test("an empty message is not sent")
    func empty() {
        var bindings = KeyBindings()
        #expect(press("t  \r", on: &bindings).last == .showDraft(nil))
    }

    @Test("a message has an end")
    func bounded() {
        var bindings = KeyBindings()
        _ = press("t" + String(repeating: "x", count: 5000), on: &bindings)
        #expect(bindings.draft?.count == 4000)
    }
}
