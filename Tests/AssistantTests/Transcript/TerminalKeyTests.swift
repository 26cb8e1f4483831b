import Assistant
import Testing

@Suite("Terminal keys", .timeLimit(.minutes(5)))
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

    @Test(
        "a terminal that was asked to tell of releases does: presses, repeats and releases are told apart",
        arguments: [
            ("[32u", [.character(" ")]), ("[32;1:1u", [.character(" ")]), ("[32;1:2u", [.repeated(" ")]),
            ("[32;1:3u", [.released(" ")]), ("[32;;32u", [.character(" ")]), ("[?27u", [.reportsReleases]),
            ("[?0u", []), ("[109;1:1;109u", [.character("m")]), ("[109;1:2;109u", [.character("m")]),
            ("[109:77;2;77u", [.character("M")]), ("[101;1:1;233u", [.character("é")]), ("[13u", [.enter]),
            ("[127u", [.backspace]), ("[27u", [.escape]), ("[27;1:3u", []), ("[117;5u", [.control("u")]),
            ("[99;5:1u", [.control("c")]), ("[99;5:3u", []), ("[57441;2u", []), ("[99999999999;1:1u", []), ("[;;u", []),
            ("[-5u", []), ("[32;9999999999999999999999:3u", [.released(" ")]), ("[97;1:1;1114112u", [.character("a")]),
        ] as [(String, [KeyDecoder.Key])])
    func enhanced(text: String, expected: [KeyDecoder.Key]) {
        #expect(keys([Array(("\u{1B}" + text).utf8)]) == expected)
    }

    @Test("the space bar is the key to talk, but in a message it is a space; o goes on to the next mode")
    func talkKey() {
        var bindings = KeyBindings()
        #expect(
            press(" o\u{1B}[32;1:2u\u{1B}[32;1:3u", on: &bindings) == [
                .talk(.down), .nextMode, .talk(.held), .talk(.up),
            ])
        _ = press("ta ", on: &bindings)
        #expect(bindings.draft == "a ")
        #expect(press("\u{1B}[32;1:3u", on: &bindings) == [.talk(.up)], "it went down before the message began")
        #expect(press("\u{1B}[99;5u", on: &bindings) == [.signal("c")], "Ctrl-C is Ctrl-C, however it is written")
    }

    @Test("where releases are told, the key is down from press to release")
    func reportedReleases() {
        var key = TalkKey()
        #expect(key.note(.isReported, now: .zero) == nil)
        #expect(key.note(.down, now: .seconds(1)) == .pressed)
        #expect(key.deadline == nil)
        #expect(key.note(.held, now: .seconds(2)) == nil)
        #expect(key.timePassed(now: .seconds(60)) == nil)
        #expect(key.note(.up, now: .seconds(61)) == .released)
        #expect(key.note(.up, now: .seconds(62)) == nil)
    }

    @Test("where they are not, the key was let go when it repeats no more")
    func inferredReleases() {
        var key = TalkKey()
        #expect(key.note(.down, now: .seconds(1)) == .pressed)
        #expect(key.deadline == .milliseconds(1_700))
        #expect(key.note(.down, now: .milliseconds(1_660)) == nil)
        #expect(key.deadline == .milliseconds(1_810))
        #expect(key.timePassed(now: .milliseconds(1_809)) == nil)
        #expect(key.timePassed(now: .milliseconds(1_810)) == .released)
        #expect(key.deadline == nil)
        #expect(key.note(.down, now: .seconds(3)) == .pressed)
        #expect(key.timePassed(now: .milliseconds(3_700)) == .released)
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
