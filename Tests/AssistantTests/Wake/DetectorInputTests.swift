import TestKit
import Testing

@testable import Assistant

/// What goes to a detector's program and what comes from it, whatever that program does.
@Suite(.timeLimit(.minutes(5)))
struct DetectorInputTests {
    @Test("two seconds wait at most; the oldest is dropped, and counted")
    func bounded() {
        var input = DetectorInput()
        for second in 0..<5 { input.append([Int16](repeating: Int16(second), count: 16_000)) }
        #expect(input.count == 32_000)
        #expect(input.dropped == 48_000)
        var first: Int16?
        _ = input.drain { piece in
            first = first ?? piece.first
            return true
        }
        #expect(first == 3)
    }

    @Test("a piece is taken whole or not at all, and the next one begins where it ended")
    func pieces() {
        var input = DetectorInput()
        input.append((0..<5_000).map { Int16($0) })
        var taken: [Int16] = []
        var room = 1
        let drain: (ArraySlice<Int16>) -> Bool = { piece in
            #expect(piece.count * 2 <= 4096)
            guard room > 0 else { return false }
            room -= 1
            taken += piece
            return true
        }
        let first = input.drain(drain)
        let second = input.drain(drain)
        room = 9
        let third = input.drain(drain)
        #expect([first, second, third] == [true, false, true])
        #expect(taken == (0..<5_000).map { Int16($0) })
        #expect(input.isEmpty)
    }

    @Test("lines come whole however they are cut")
    func partialLines() {
        let text = Array("hey viva 0.93\nhey\n\n".utf8)
        for cut in 1..<text.count {
            var lines = OutputLines()
            let (head, tail) = (lines.add(Array(text[..<cut])), lines.add(Array(text[cut...])))
            #expect(head + tail == ["hey viva 0.93", "hey", ""])
        }
    }

    @Test(
        "a line begins with how long ago the word ended, or does not",
        arguments: [
            ("ago=0.8 hello", "hello", .milliseconds(800)), ("ago=2", "", .seconds(2)), ("ago=0 \t x y", "x y", .zero),
            ("hello ago=1", "hello ago=1", nil), ("0.93", "0.93", nil), ("", "", nil), ("ago= 1", "ago= 1", nil),
            ("ago=1,5 x", "ago=1,5 x", nil), ("ago=-1", "ago=-1", nil), ("ago=nan", "ago=nan", nil),
            ("ago=inf", "ago=inf", nil), ("ago=1e300", "ago=1e300", nil),
        ] as [(String, String, Duration?)])
    func detectorLine(line: String, text: String, ago: Duration?) {
        let said = DetectorLine(line)
        #expect(said.text == text)
        #expect(said.ago == ago)
    }

    @Test("a line without an end takes no more memory than its beginning, and ends where a line end comes at last")
    func hugeLine() {
        var lines = OutputLines()
        let nothing = (0..<1_000).flatMap { _ in lines.add([UInt8](repeating: UInt8(ascii: "a"), count: 4096)) }
        #expect(nothing == [])
        let ended = lines.add(Array("\nb\n".utf8))
        #expect(ended.count == 2)
        #expect(ended[0].count <= 100)
        #expect(ended[1] == "b")
    }

    @Test("binary garbage becomes printable text, and a flood of lines a few")
    func garbage() {
        var lines = OutputLines()
        var generator = SeededGenerator(seed: 7)
        let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let found = lines.add(bytes)
        #expect(found.count <= OutputLines.most)
        for line in found {
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
        let coloured = lines.add(Array("\u{1B}[2J\u{7}ok\n".utf8))
        #expect(coloured.last?.contains("\u{1B}") == false)
    }

    @Test("a key that a program prints is not shown")
    func keys() {
        var lines = OutputLines()
        let shown = lines.add(Array("AIzaSyXXXXXXXXXXXXXXXXXXXXX\n".utf8))
        #expect(shown == ["••• (a key?)"])
    }
}
