import AudioCore
import AudioFrontEnd
import Testing

@testable import AudioDevices

@Suite("Held playback", .timeLimit(.minutes(5)))
struct HoldLoopTests {
    private let buffer = SpeechBuffer()
    private let clock = PlaybackClock()
    private let state = PlaybackState()
    private let heard = Tape()
    private let wake: Wake

    init() throws { wake = try Wake() }

    private func loop(rate: Int) throws -> PlaybackLoop<FakeCard, NoTap> {
        loop(rate: rate, speech: buffer.makeReader(cushion: .milliseconds(50)), tape: heard)
    }

    private func loop(rate: Int, speech: consuming SpeechReader, tape: Tape) -> PlaybackLoop<FakeCard, NoTap> {
        guard let resampler = try? Resampler(from: .speech, to: SampleRate(hertz: rate)) else { fatalError() }
        return PlaybackLoop(
            FakeCard(rate: rate, tape: tape), speech: speech, through: resampler, clock: clock, tap: NoTap(),
            state: state, wake: wake)
    }

    /// As `SpeechSink` does it.
    private func hold() {
        buffer.hold()
        wake.signal()
    }

    /// Grows by one with each sample, so that a sample's value says where it stands.
    private func ramp(_ positions: Range<Int>) -> [Int16] { positions.map { Int16($0) } }

    @Test("held, the device falls silent at once, and goes on with the first sample not heard (pitfall 41)")
    func exact() throws {
        var writer = buffer.makeWriter()
        writer.append(ramp(1..<24_001))
        writer.endOfSpeech()
        var loop = try loop(rate: 24_000)
        for _ in 0..<20 { try loop.step() }
        let before = heard.frames.count
        let position = clock.heardPosition
        #expect(position > 0 && heard.frames.last == Int16(position))
        hold()
        for _ in 0..<30 { try loop.step() }
        #expect(clock.heardPosition == position)
        #expect(!clock.isSpeaking && buffer.isHeld)
        let silence = heard.frames[before...]
        #expect(silence.dropFirst(120).allSatisfy { $0 == 0 })  // the fade of 5 ms, no more
        let resumedAt = heard.frames.count
        buffer.letGoOn()
        for _ in 0..<110 { try loop.step() }
        let speech = heard.frames[resumedAt...].drop { $0 == 0 }
        // A fade of 5 ms, and then every sample from there on, once.
        let whole = speech.drop { $0 <= Int16(position + 120) }
        #expect(speech.count - whole.count <= 120)
        #expect(Array(whole.prefix(24_000 - position - 120)) == ramp(position + 121..<24_001))
        #expect(clock.heardPosition == 24_000)
        #expect(clock.heardSamples(in: 0..<24_000) == 24_000)
        #expect(state.counters.counts.underruns == 0)
    }

    @Test("held again and again at any device rate, the whole answer is heard", arguments: [48_000, 44_100, 16_000])
    func rates(rate: Int) throws {
        var writer = buffer.makeWriter()
        writer.append([Int16](repeating: 10_000, count: 48_000))
        writer.endOfSpeech()
        var loop = try loop(rate: rate)
        var last = 0
        for round in 0..<10 {
            for _ in 0..<12 + round { try loop.step() }
            hold()
            for _ in 0..<10 { try loop.step() }
            #expect(clock.heardPosition > last && clock.heardPosition < 48_000)
            last = clock.heardPosition
            buffer.letGoOn()
        }
        for _ in 0..<200 { try loop.step() }
        #expect(clock.heardPosition == 48_000)
        #expect(clock.heardSamples(in: 0..<48_000) == 48_000)
        // Ten fades out and in of 5 ms each take their place beside the speech.
        let loud = heard.frames.count { $0 > 9_000 } * 24_000 / rate
        #expect(abs(loud - 48_000) <= 10 * 120)
    }

    @Test("dropped while held, what was not heard never is, and the next answer plays from its first sample")
    func dropped() throws {
        var writer = buffer.makeWriter()
        writer.append(ramp(1..<24_001))
        var loop = try loop(rate: 24_000)
        for _ in 0..<20 { try loop.step() }
        let position = clock.heardPosition
        hold()
        for _ in 0..<5 { try loop.step() }
        writer.interrupt()
        let before = heard.frames.count
        writer.append(ramp(20_000..<22_400))
        writer.endOfSpeech()
        for _ in 0..<30 { try loop.step() }
        #expect(Array(heard.frames[before...].drop { $0 == 0 }.prefix(2_400)) == ramp(20_000..<22_400))
        #expect(clock.heardSamples(in: 0..<24_000) == position)
        #expect(clock.heardSamples(in: 24_000..<26_400) == 2_400)
    }

    @Test("a device that goes away leaves what it had not played to the next one")
    func deviceLost() throws {
        var writer = buffer.makeWriter()
        writer.append(ramp(1..<24_001))
        writer.endOfSpeech()
        var first = try loop(rate: 24_000)
        for _ in 0..<20 { try first.step() }
        let position = clock.heardPosition
        let speech = first.finish()
        #expect(!clock.isSpeaking)
        let next = Tape()
        var second = loop(rate: 24_000, speech: speech, tape: next)
        for _ in 0..<110 { try second.step() }
        let rest = next.frames.drop { $0 <= Int16(position + 120) }.prefix(24_000 - position - 120)
        #expect(Array(rest) == ramp(position + 121..<24_001))
        #expect(clock.heardSamples(in: 0..<24_000) == 24_000)
        #expect(heard.frames.last == Int16(position))
    }
}
