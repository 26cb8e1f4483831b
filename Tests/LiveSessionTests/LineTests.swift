import LiveProtocol
import LiveSession
import Synchronization
import Testing

private final class CountingConnection: Connection {
    let abandoned = Atomic<Int>(0)
    func send(_ message: [UInt8]) -> Bool { true }
    func offerFrame(_ message: [UInt8]) {}
    func voiceIsWaiting() {}
    func ping() {}
    func close(code: UInt16, reason: String) {}
    func abandon() { abandoned.add(1, ordering: .relaxed) }
    var progress: ConnectionProgress { ConnectionProgress() }
}

private final class NoVoice: MediaSource {
    var available: Int { 0 }
    var position: Int { 0 }
    func take(_ count: Int, _ body: (Span<Int16>, Span<Int16>) -> Void) {}
    func keepNewest(_ count: Int) -> Int { 0 }
}

private final class CountingSink: MediaSink {
    private let samples = Atomic<Int>(0)
    var position: Int { samples.load(ordering: .relaxed) }
    func append(_ samples: Span<Int16>, rate: Int) { self.samples.add(samples.count, ordering: .relaxed) }
    func interrupt() {}
    func endOfSpeech() {}
}

@Suite(.timeLimit(.minutes(5)))
struct LineTests {
    private let told = Told()
    private let connection = CountingConnection()
    private let sink = CountingSink()
    private let line: Line

    private final class Told: Sendable {
        let events = Mutex<[LineEvent]>([])
        var count: Int { events.withLock { $0.count } }
        var last: LineEvent? { events.withLock { $0.last } }
    }

    init() {
        line = Line(dialect: GeminiDialect(), voice: Voice(source: NoVoice()), speech: sink, mostUntakenBytes: 2 << 20)
        {
            [told] event in
            told.events.withLock { $0.append(event) }
        }
    }

    private func says(_ message: String) {
        line.connection(connection, received: Array(message.utf8).span)
    }

    private let speech =
        #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAA="}}]}}}"#

    @Test("of an answer's speech only the first message is told; the rest goes to the buffer alone")
    func speechIsToldOnce() {
        for _ in 1...50 { says(speech) }
        #expect(told.count == 1)
        #expect(sink.position == 50)
        says(#"{"serverContent":{"turnComplete":true}}"#)
        says(speech)
        #expect(told.count == 3)
    }

    @Test("a flood that nobody handles ends the line, and its end is still told")
    func flood() {
        for _ in 1...20_000 { says(#"{"serverContent":{"inputTranscription":{"text":"a"}}}"#) }
        #expect(told.count == Line.mostUntaken)
        #expect(connection.abandoned.load(ordering: .relaxed) == 1)
        line.connection(connection, ended: Disconnection(.closedHere))
        #expect(told.last == .ended(Disconnection(.closedHere)))
    }

    /// About a sixty-fourth of what the line may hold in one message, of one kind or another.
    private static let large: [String] = {
        let text = String(repeating: "AAAA", count: 1 << 13)
        let tree = String(repeating: "[],", count: 1 << 10)
        return [
            #"{"serverContent":{"outputTranscription":{"text":"\#(text)"}}}"#,
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"image/png","data":"\#(text)"}}]}}}"#,
            #"{"toolCall":{"functionCalls":[{"name":"f","args":{"a":"\#(text)"}}]}}"#,
            #"{"brandNew":[\#(tree)[]]}"#, #"{"serverContent":{"groundingMetadata":{"\#(text)":1}}}"#,
        ]
    }()

    @Test("a few large events that nobody handles end the line too", arguments: large)
    func largeEvents(message: String) {
        for _ in 1...120 { says(message) }
        #expect(60..<120 ~= told.count)
        #expect(connection.abandoned.load(ordering: .relaxed) == 1)
        line.connection(connection, ended: Disconnection(.closedHere))
        #expect(told.last == .ended(Disconnection(.closedHere)))
    }

    @Test("large events that are handled make room for as many again", arguments: large)
    func largeEventsHandled(message: String) {
        for _ in 1...120 {
            says(message)
            if let event = told.last { line.eventHandled(event) }
        }
        #expect(told.count == 120)
        #expect(connection.abandoned.load(ordering: .relaxed) == 0)
    }

    @Test("events that are handled make room for as many again")
    func handled() {
        for _ in 1...20_000 {
            says(#"{"serverContent":{"inputTranscription":{"text":"a"}}}"#)
            if let event = told.last { line.eventHandled(event) }
        }
        #expect(told.count == 20_000)
        #expect(connection.abandoned.load(ordering: .relaxed) == 0)
    }
}
