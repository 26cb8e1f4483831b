import LiveProtocol
import LiveSession
import Testing

/// What goes up of passages, with `[` and `]` as the marks of a manual line and `.` as the end on any other.
@Suite(.timeLimit(.minutes(5)))
struct VoicePassageTests {
    private let source = CountingSource()
    private let voice: Voice
    private let connection = SilentConnection()
    private static let manual = Voice.Marks(start: Array("[".utf8), end: Array("]".utf8))
    private static let automatic = Voice.Marks(end: Array(".".utf8))

    init() { voice = Voice(source: source, preRoll: .seconds(2)) }

    private func drain() -> String {
        var frame: [UInt8] = []
        while voice.appendNext(to: &frame, dialect: PlainDialect(), on: connection) {}
        return String(decoding: frame, as: UTF8.self)
    }

    @Test("a manual turn goes up between its marks, pre-roll and last sample included, and nothing else (pitfall 20)")
    func manualTurn() {
        voice.open(on: connection, marks: Self.manual)
        source.capture(1_000)
        #expect(drain() == "")
        voice.begin(from: 500)
        source.capture(320)
        #expect(drain() == "[320@500;320@820;")
        voice.end(at: 1_400)
        source.capture(1_000)
        #expect(drain() == "260@1140;]")
        #expect(voice.samplesSent == 900)
        #expect(voice.samplesDropped == 0, "what nobody wanted is not lost")
    }

    @Test("on a line that notices pauses by itself, the end of a passage is the end of the stream (pitfall 34)")
    func automaticLine() {
        voice.open(on: connection, marks: Self.automatic)
        voice.begin(from: 0)
        source.capture(320)
        #expect(drain() == "320@0;")
        voice.end(at: 320)
        source.capture(640)
        #expect(drain() == ".")
        voice.begin(from: 960)
        source.capture(320)
        #expect(drain() == "320@960;")
    }

    @Test("an end may lie ahead, and be moved forward when nothing more is captured")
    func endAhead() {
        voice.open(on: connection, marks: Self.manual)
        voice.begin(from: 0)
        source.capture(320)
        voice.end(at: 2_720)
        #expect(drain() == "[320@0;")
        source.capture(320)
        voice.end(at: voice.captured)
        #expect(drain() == "320@320;]")
    }

    @Test("two turns that wait go up one behind the other, the second not before the first's end")
    func twoTurns() {
        source.capture(3_200)
        voice.begin(from: 100)
        voice.end(at: 300)
        voice.begin(from: 200)
        voice.end(at: 700)
        voice.open(on: connection, marks: Self.manual)
        #expect(drain() == "[200@100;][320@300;80@620;]")
    }

    @Test("while nothing is wanted only the pre-roll is kept, and a passage may begin as far back (pitfall 32)")
    func preRoll() {
        voice.open(on: connection, marks: Self.manual)
        for _ in 1...5 {
            source.capture(16_000)
            voice.trimWaiting()
        }
        #expect(source.available == 32_000)
        #expect(!voice.isWaiting, "what is not wanted is no sign of a line that is stuck")
        voice.begin(from: 80_000 - 24_000)
        #expect(voice.isWaiting)
        #expect(drain().hasPrefix("[320@\(Int16(truncatingIfNeeded: 56_000));"))
        #expect(voice.samplesSent == 24_000, "a second and a half goes up, though a stalled line would keep one only")
        #expect(voice.samplesDropped == 0)
    }

    @Test("a line that breaks inside a turn: the next is told of its beginning again, then of the last 200 ms")
    func breakInside() {
        voice.open(on: connection, marks: Self.manual)
        voice.begin(from: 0)
        source.capture(6_400)
        _ = drain()
        voice.close(resendsLast: true)
        source.capture(320)
        voice.end(at: 6_720)
        voice.open(on: connection, marks: Self.manual)
        let again = (10..<20).map { "320@\(320 * $0);" }.joined()
        #expect(drain() == "[" + again + "320@6400;]")
    }

    @Test("a planned change inside a turn begins it again, and sends nothing twice")
    func changeInside() {
        voice.open(on: connection, marks: Self.manual)
        voice.begin(from: 0)
        source.capture(640)
        _ = drain()
        voice.close()
        source.capture(320)
        voice.open(on: connection, marks: Self.manual)
        #expect(drain() == "[320@640;")
        voice.end(at: 960)
        #expect(drain() == "]")
    }

    @Test("an end that broke with its line is told to the next, unless the service has shown that it knows of it")
    func breakAfterEnd() {
        for isKnown in [false, true] {
            let source = CountingSource()
            let voice = Voice(source: source, resent: .milliseconds(20))
            func drain() -> String {
                var frame: [UInt8] = []
                while voice.appendNext(to: &frame, dialect: PlainDialect(), on: connection) {}
                return String(decoding: frame, as: UTF8.self)
            }
            voice.open(on: connection, marks: Self.manual)
            voice.begin(from: 0)
            source.capture(640)
            voice.end(at: 640)
            #expect(drain() == "[320@0;320@320;]")
            if isKnown { voice.endArrived() }
            voice.close(resendsLast: true)
            voice.open(on: connection, marks: Self.manual)
            #expect(drain() == (isKnown ? "" : "[320@320;]"))
        }
    }

    @Test("a line for the other kind of turns takes a passage in its own words")
    func changeOfKind() {
        voice.open(on: connection, marks: Self.automatic)
        voice.begin(from: 0)
        source.capture(320)
        #expect(drain() == "320@0;")
        voice.close()
        voice.open(on: connection, marks: Self.manual)
        source.capture(320)
        voice.end(at: 640)
        #expect(drain() == "[320@320;]")
    }

    @Test("a turn that was dropped whole before any line heard of it is counted, and no line is told of it")
    func lostWhole() {
        voice.begin(from: 0)
        source.capture(320)
        voice.end(at: 320)
        source.capture(11 * 16_000)
        voice.trimWaiting()
        #expect(voice.samplesDropped == 320)
        voice.open(on: connection, marks: Self.manual)
        #expect(drain() == "")
    }
}
