import Assistant
import AudioCore
import LiveProtocol
import LiveSession
import Synchronization
import Testing

/// Speech at another rate than the buffer's: everything about it is counted at the buffer's.
@Suite("Speech sink", .timeLimit(.minutes(5)))
struct SpeechSinkTests {
    private let buffer = SpeechBuffer()
    private let sink: SpeechSink
    private let dialect = GeminiDialect()

    init() { sink = SpeechSink(buffer) }

    /// A message of the service with 40 ms of speech at that rate.
    private func speech(rate: Int) -> [UInt8] {
        var voice: [UInt8] = []
        dialect.appendVoice([Int16](repeating: 1_000, count: rate / 25).span, [Int16]().span, to: &voice)
        let data = String(decoding: voice, as: UTF8.self).split(separator: "\"")[11]
        let media = #"{"inlineData":{"mimeType":"audio/pcm;rate=\#(rate)","data":"\#(data)"}}"#
        return Array(#"{"serverContent":{"modelTurn":{"parts":[\#(media)]}}}"#.utf8)
    }

    private func handle(_ message: [UInt8]) throws -> [LiveEvent] {
        var events: [LiveEvent] = []
        try dialect.decode(message.span, speech: sink, events: &events)
        return events
    }

    private func samples(in events: [LiveEvent]) -> Int {
        events.reduce(0) { sum, event in if case .speech(let samples) = event { sum + samples } else { sum } }
    }

    @Test(
        "a second of speech is 24,000 samples, whatever its rate: all of it is there and announced",
        arguments: [
            8_000, 16_000, 22_050, 24_000, 44_100, 48_000,
        ])
    func wholeSecond(rate: Int) throws {
        var announced = 0
        for _ in 0..<25 { announced += samples(in: try handle(speech(rate: rate))) }
        announced += samples(in: try handle(Array(#"{"serverContent":{"turnComplete":true}}"#.utf8)))
        #expect(sink.position == 24_000)
        #expect(announced == 24_000)
        #expect(buffer.waiting == 24_000)
    }

    @Test(
        "a turn at 16 kHz begins, ends and is heard in the same samples as one at 24 kHz", arguments: [16_000, 24_000])
    func turn(rate: Int) throws {
        var assembler = TurnAssembler()
        var changes: [TurnChange] = []
        for turn in 1...2 {
            let played = 24_000 * turn
            let messages =
                [[UInt8]](repeating: speech(rate: rate), count: 25)
                + [Array(#"{"serverContent":{"turnComplete":true}}"#.utf8)]
            for message in messages {
                let events = try handle(message)
                let moment = Moment(
                    now: .seconds(turn), received: sink.position, played: played,
                    heardIn: { $0.clamped(to: 0..<played).count }, timeHeard: { _ in nil })
                for event in events { changes += assembler.handle(event, at: moment) }
            }
        }
        let heard = changes.compactMap { if case .completed(_, .model, _, let heard) = $0 { heard } else { nil } }
        #expect(heard == [24_000, 24_000])
    }

    @Test("when the rate changes within an answer, nothing of the speech before is lost")
    func change() throws {
        for rate in [16_000, 48_000, 24_000] { _ = try handle(speech(rate: rate)) }
        sink.endOfSpeech()
        #expect(sink.position == 3 * 960)
        sink.endOfSpeech()
        #expect(sink.position == 3 * 960)
    }

    @Test("nothing follows of an answer that the user stopped, not even its last milliseconds")
    func unwanted() throws {
        _ = try handle(speech(rate: 16_000))
        let position = sink.position
        #expect(sink.dropWaiting())
        #expect(try handle(speech(rate: 16_000)).isEmpty)
        sink.endOfSpeech()
        #expect(sink.position == position)
    }

    @Test("held speech waits whole, with what comes meanwhile; the output is woken to fall silent (pitfall 41)")
    func hold() throws {
        let changes = Mutex<[SpeechChange]>([])
        let buffer = SpeechBuffer()
        let sink = SpeechSink(buffer) { change in changes.withLock { $0.append(change) } }
        var events: [LiveEvent] = []
        try dialect.decode(speech(rate: 24_000).span, speech: sink, events: &events)
        sink.hold()
        #expect(sink.isHeld && changes.withLock { $0 } == [.speech, .hold])
        try dialect.decode(speech(rate: 24_000).span, speech: sink, events: &events)
        #expect(buffer.waiting == 2 * 960)
        sink.letGoOn()
        #expect(!sink.isHeld)
        sink.hold()
        sink.interrupt()
        #expect(!sink.isHeld)
        sink.hold()
        _ = sink.dropWaiting()
        #expect(!sink.isHeld)
    }
}
