import AudioCore
import AudioFrontEnd
import Glibc
import Testing

@testable import AudioDevices

extension SpeechWriter {
    /// A test's speech, whole.
    mutating func append(_ samples: [Int16]) {
        let taken = append(samples.span)
        precondition(taken == samples.count, "the buffer is full")
    }
}

/// A card's frames: those that wait, and all that were heard.
final class Tape {
    private(set) var frames: [Int16] = []
    private var queue: [Int16] = []
    /// Whoever wants to silence the card finds it gone.
    var isGone = false

    var waiting: Int { queue.count }
    func add(_ frame: Int16) { queue.append(frame) }
    func play(_ count: Int) {
        frames += queue.prefix(count)
        queue.removeFirst(count)
    }
    func drop() -> Int {
        let dropped = queue.count
        queue = []
        return dropped
    }
}

/// A card whose time is counted in frames, and whose tape keeps all that was heard.
struct FakeCard: OutputDevice, ~Copyable {
    let rate: SampleRate
    let period: Int
    let tape: Tape

    init(rate: Int, tape: Tape) {
        self.rate = SampleRate(hertz: rate)
        period = rate / 100
        self.tape = tape
    }

    /// Time passes until a period fits, of three.
    mutating func waitForRoom(_ wake: Wake) -> Bool {
        if wake.drain() { return false }
        tape.play(max(0, tape.waiting - 2 * period))
        return true
    }

    mutating func write(_ frames: Span<Int16>) { for index in frames.indices { tape.add(frames[index]) } }
    mutating func delay() -> Int { tape.waiting }
    mutating func drop() throws(DeviceError) -> DroppedSound {
        if tape.isGone { throw DeviceError(.unplugged, "it went") }
        return DroppedSound(unheard: tape.drop(), isSeamless: true)
    }
    mutating func finish() { tape.play(tape.waiting) }
}

@Suite("Playback", .timeLimit(.minutes(5)))
struct PlaybackLoopTests {
    private let buffer = SpeechBuffer()
    private let clock = PlaybackClock()
    private let state = PlaybackState()
    private let heard = Tape()
    private let wake: Wake

    init() throws { wake = try Wake() }

    private func loop(rate: Int = 48_000) throws -> PlaybackLoop<FakeCard, NoTap> {
        let resampler = try Resampler(from: .speech, to: SampleRate(hertz: rate))
        let reader = buffer.makeReader(cushion: .milliseconds(50))
        let card = FakeCard(rate: rate, tape: heard)
        return PlaybackLoop(
            card, speech: reader, through: resampler, clock: clock, tap: NoTap(), state: state, wake: wake)
    }

    private func constant(_ value: Int16, _ count: Int) -> [Int16] { [Int16](repeating: value, count: count) }

    @Test(
        "an answer is heard whole, to its last sample, at any device rate (pitfall 44)",
        arguments: [48_000, 44_100, 24_000, 16_000])
    func whole(rate: Int) throws {
        var writer = buffer.makeWriter()
        writer.append(constant(10_000, 5_001))
        writer.endOfSpeech()
        var loop = try loop(rate: rate)
        for _ in 0..<40 { try loop.step() }
        let loud = heard.frames.count { $0 > 5_000 }
        #expect(abs(loud - 5_001 * rate / 24_000) <= 2)
        #expect(clock.heardPosition == 5_001)
        #expect(!clock.isSpeaking)
        #expect(heard.frames.suffix(rate / 100).allSatisfy { $0 == 0 })
    }

    @Test("at the speech's own rate the samples are heard bit for bit")
    func exact() throws {
        var writer = buffer.makeWriter()
        let speech = (0..<3_000).map { Int16(truncatingIfNeeded: $0 &* 7_919 | 1) }
        writer.append(speech)
        writer.endOfSpeech()
        var loop = try loop(rate: 24_000)
        for _ in 0..<30 { try loop.step() }
        #expect(Array(heard.frames.drop { $0 == 0 }.prefix(3_000)) == speech)
    }

    @Test(
        "interrupted, the device is emptied: a fade of 5 ms, then silence (pitfall 38)",
        arguments: [48_000, 44_100, 24_000])
    func interruption(rate: Int) throws {
        var writer = buffer.makeWriter { [wake] in if $0 == .interruption { wake.signal() } }
        writer.append(constant(10_000, 240_000))
        var loop = try loop(rate: rate)
        for _ in 0..<50 { try loop.step() }
        let before = heard.frames.count
        let heardBefore = clock.heardPosition
        #expect(clock.isSpeaking)
        writer.interrupt()
        for _ in 0..<20 { try loop.step() }
        let after = heard.frames[before...]
        #expect(after.count { $0 > 100 } <= rate / 200)
        #expect(zip(after, after.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) <= 10_000 * 200 / rate + 60 })
        #expect(after.suffix(rate / 20).allSatisfy { $0 == 0 })
        #expect(state.counters.counts.flushes == 1)
        #expect(!clock.isSpeaking)
        #expect(clock.heardSamples(in: 0..<240_000) == heardBefore)
    }

    @Test("the answer behind an interruption is heard from its first sample")
    func afterInterruption() throws {
        var writer = buffer.makeWriter()
        writer.append(constant(10_000, 48_000))
        var loop = try loop(rate: 24_000)
        for _ in 0..<20 { try loop.step() }
        writer.interrupt()
        let answer = (0..<2_400).map { Int16($0 + 1) }
        writer.append(answer)
        writer.endOfSpeech()
        for _ in 0..<30 { try loop.step() }
        let last = heard.frames.lastIndex(of: 2_400)!
        #expect(Array(heard.frames[(last - 2_399)...last]) == answer)
        #expect(clock.heardPosition == 50_400)
        #expect(clock.heardSamples(in: 48_000..<50_400) == 2_400)
    }

    @Test("a card that goes while it is silenced takes what was cut with it: the next one begins with the next answer")
    func goesAsItIsSilenced() throws {
        var loop = try loop()
        var writer = buffer.makeWriter()
        writer.append(constant(3_000, 24_000))
        for _ in 0..<20 { try loop.step() }
        #expect(!heard.frames.isEmpty)
        heard.isGone = true
        writer.interrupt()
        writer.append(constant(-3_000, 2_400))
        #expect(throws: DeviceError.self) { try loop.step() }
        var reader = loop.finish()
        var samples = [Int16](repeating: 0, count: 2_400)
        var span = samples.mutableSpan
        let reading = reader.read(2_400, into: &span)
        #expect(reading.positions.lowerBound >= 24_000)
    }

    @Test("an interruption while nothing is heard leaves the device alone")
    func idleInterruption() throws {
        var writer = buffer.makeWriter()
        var loop = try loop()
        writer.append(constant(10_000, 100).span)  // still on its cushion
        for _ in 0..<2 { try loop.step() }
        writer.interrupt()
        for _ in 0..<10 { try loop.step() }
        #expect(state.counters.counts.flushes == 0)
        #expect(heard.frames.allSatisfy { $0 == 0 })
        #expect(clock.heardSamples(in: 0..<100) == 0)
    }

    @Test("a gap in mid-speech dies away in 30 ms, fades in after, and counts as an underrun (pitfall 42)")
    func underrun() throws {
        var writer = buffer.makeWriter()
        var loop = try loop(rate: 24_000)
        writer.append(constant(10_000, 2_400))
        for _ in 0..<20 { try loop.step() }
        writer.append(constant(10_000, 2_400))
        writer.endOfSpeech()
        for _ in 0..<20 { try loop.step() }
        #expect((5_510...5_520).contains(heard.frames.count { $0 != 0 }))  // and 720 that die away
        #expect((4_680...4_690).contains(heard.frames.count { $0 == 10_000 }))  // and 120 that fade in
        #expect(state.counters.counts.underruns == 1)
    }

    @Test("the output's meter reads what leaves, after the volume: a sine at -20 dBFS", arguments: [1, 0.5])
    func meter(volume: Float) throws {
        var writer = buffer.makeWriter()
        writer.append((0..<48_000).map { Int16((3_276.8 * sin(2 * Double.pi * 440 * Double($0) / 24_000)).rounded()) })
        state.setVolume(volume)
        var loop = try loop(rate: 44_100)
        for _ in 0..<150 { try loop.step() }
        let expected: Float = volume == 1 ? -20 : -26.02
        #expect(abs(state.meter.level.rms - expected) < 0.2)
        #expect(abs(state.meter.level.peak - expected) < 0.2)
    }

    @Test("the volume is applied, and changes without a jump")
    func volume() throws {
        var writer = buffer.makeWriter()
        writer.append(constant(10_000, 24_000))
        var loop = try loop(rate: 24_000)
        for _ in 0..<10 { try loop.step() }
        state.setVolume(0.5)
        for _ in 0..<10 { try loop.step() }
        #expect(heard.frames.last == 5_000)
        let steps = zip(heard.frames, heard.frames.dropFirst()).map { abs(Int($0) - Int($1)) }
        #expect(steps.filter { $0 > 0 && $0 < 10_000 }.allSatisfy { $0 <= 22 })
    }
}
