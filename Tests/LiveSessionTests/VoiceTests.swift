import LiveProtocol
import LiveSession
import Synchronization
import Testing

/// Voice whose samples are their own positions, so that a gap shows.
final class CountingSource: MediaSource {
    private let state = Mutex((written: 0, position: 0))
    func capture(_ count: Int) { state.withLock { $0.written += count } }
    var available: Int { state.withLock { $0.written - $0.position } }
    var position: Int { state.withLock { $0.position } }
    func take(_ count: Int, _ body: (Span<Int16>, Span<Int16>) -> Void) {
        let start = state.withLock { state in
            defer { state.position += count }
            return state.position
        }
        let samples = (start..<start + count).map { Int16(truncatingIfNeeded: $0) }
        body(samples.span, [Int16]().span)
    }
    func keepNewest(_ count: Int) -> Int {
        state.withLock { state in
            let lost = max(0, state.written - state.position - count)
            state.position += lost
            return lost
        }
    }
}

final class SilentConnection: Connection {
    func send(_ message: [UInt8]) -> Bool { true }
    func offerFrame(_ message: [UInt8]) {}
    func voiceIsWaiting() {}
    func ping() {}
    func close(code: UInt16, reason: String) {}
    func abandon() {}
    var progress: ConnectionProgress { ConnectionProgress() }
}

/// Writes a voice message as the number of its samples and the first of them.
struct PlainDialect: Dialect {
    func encode(_ setup: SessionSetup) -> EncodedSetup { EncodedSetup(message: [], warnings: []) }
    func encode(_ command: LiveCommand) -> [UInt8]? { nil }
    func appendVoice(_ first: Span<Int16>, _ second: Span<Int16>, to frame: inout [UInt8]) {
        frame += Array("\(first.count + second.count)@\(first[0]);".utf8)
    }
    func decode(
        _ message: Span<UInt8>, speech: any MediaSink, events: inout [LiveEvent]
    ) throws(DecodingFailure) {}
}

@Suite(.timeLimit(.minutes(5)))
struct VoiceTests {
    private let connection = SilentConnection()

    private func drain(_ voice: Voice) -> String {
        var frame: [UInt8] = []
        while voice.appendNext(to: &frame, dialect: PlainDialect(), on: connection) {}
        return String(decoding: frame, as: UTF8.self)
    }

    @Test("nothing passes a closed gate; what waited goes first when it opens (pitfall 19)")
    func gate() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        source.capture(640)
        #expect(drain(voice) == "")
        voice.open(on: connection)
        source.capture(400)
        #expect(drain(voice) == "320@0;320@320;320@640;")
        voice.close()
        source.capture(320)
        #expect(drain(voice) == "")
    }

    @Test("the gate is open for one connection; another that opens meanwhile is given nothing (invariant 1)")
    func gateIsForOne() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(320)
        var frame: [UInt8] = []
        #expect(!voice.appendNext(to: &frame, dialect: PlainDialect(), on: SilentConnection()))
        #expect(drain(voice) == "320@0;")
    }

    @Test("what waits without a connection is bounded, the oldest goes, and every sample is counted (invariant 4)")
    func backlogIsBounded() {
        let source = CountingSource()
        let voice = Voice(source: source, backlog: .seconds(1))
        voice.begin(from: 0)
        for _ in 0..<10 {
            source.capture(16_000)
            voice.trimWaiting()
        }
        #expect(voice.samplesDropped == 9 * 16_000)
        voice.open(on: connection)
        let frames = drain(voice)
        #expect(frames.hasPrefix("320@\(Int16(truncatingIfNeeded: 144_000));"))
        #expect(voice.samplesSent == 16_000)
        #expect(voice.samplesDropped == 9 * 16_000)
    }

    @Test("a backlog longer than the stall bound goes up whole after an opening")
    func catchesUp() {
        let source = CountingSource()
        let voice = Voice(source: source, backlog: .seconds(5), stall: .seconds(1))
        voice.begin(from: 0)
        source.capture(80_000)
        voice.open(on: connection)
        _ = drain(voice)
        #expect(voice.samplesSent == 80_000)
    }

    @Test("a live line that stalls sends voice at most a second old when it moves again (pitfall 36)")
    func stall() {
        let source = CountingSource()
        let voice = Voice(source: source, stall: .seconds(1))
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(320)
        _ = drain(voice)
        source.capture(160_000)
        _ = drain(voice)
        #expect(voice.samplesDropped == 144_000)
        #expect(voice.samplesSent == 16_320)
    }

    @Test("after a line that broke the last 200 ms go up again, then what was captured meanwhile, whole (pitfall 7)")
    func resendsTheLast() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(6_400)
        _ = drain(voice)
        voice.close(resendsLast: true)
        source.capture(480)
        voice.open(on: connection)
        let resent = (0..<10).map { "320@\(3_200 + 320 * $0);" }.joined()
        #expect(drain(voice) == resent + "320@6400;160@6720;")
        #expect(voice.samplesSent == 6_880)
        #expect(voice.samplesDropped == 0)
    }

    @Test("a second break during the resending loses nothing of it, and doubles no more than 200 ms")
    func resendsAgain() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(3_200)
        _ = drain(voice)
        voice.close(resendsLast: true)
        voice.open(on: connection)
        var frame: [UInt8] = []
        _ = voice.appendNext(to: &frame, dialect: PlainDialect(), on: connection)
        voice.close(resendsLast: true)
        voice.open(on: connection)
        #expect(drain(voice) == (0..<10).map { "320@\(320 * $0);" }.joined())
    }

    @Test("what a line took before a planned change is not sent again when the next one breaks, nor an older passage")
    func resendsOnlyItsOwn() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(3_200)
        _ = drain(voice)
        voice.close()
        voice.open(on: connection)
        source.capture(320)
        _ = drain(voice)
        voice.close(resendsLast: true)
        voice.open(on: connection)
        #expect(drain(voice) == "320@3200;")
        voice.end(at: voice.captured)
        #expect(drain(voice) == "")
        voice.begin(from: voice.captured)
        voice.close(resendsLast: true)
        voice.open(on: connection)
        #expect(drain(voice) == "")
    }

    @Test("a planned change of line sends nothing twice, and what it held back goes at once, a part of a packet, too")
    func plannedChange() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        voice.open(on: connection)
        source.capture(640)
        _ = drain(voice)
        voice.close()
        source.capture(160)
        voice.open(on: connection)
        source.capture(320)
        #expect(drain(voice) == "320@640;")
        voice.close()
        voice.open(on: connection)
        #expect(drain(voice) == "160@960;")
    }

    @Test("what waits when there will be no line any more is counted as lost (invariant 4)")
    func abandoned() {
        let source = CountingSource()
        let voice = Voice(source: source)
        voice.begin(from: 0)
        source.capture(1_000)
        voice.abandon()
        #expect(voice.samplesDropped == 1_000)
    }

    @Test(
        "a line that stalled and is then given up costs no voice: what it did not take goes up on the next (pitfall 12)"
    )
    func stallThenBreak() {
        let source = CountingSource()
        let voice = Voice(source: source, backlog: .seconds(10), stall: .seconds(1), resent: .zero)
        voice.begin(from: 0)
        voice.open(on: connection)
        for _ in 1...5 {
            source.capture(16_000)
            voice.trimWaiting()
        }
        voice.close(resendsLast: true)
        voice.open(on: connection)
        _ = drain(voice)
        #expect(voice.samplesSent == 80_000)
        #expect(voice.samplesDropped == 0)
    }
}
