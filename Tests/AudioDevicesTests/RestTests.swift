import AudioCore
import AudioFrontEnd
import Testing

@testable import AudioDevices

/// A card that may stand still, at 24 kHz, and lets nobody be woken out of its periods.
private struct RestingCard: OutputDevice, ~Copyable {
    let rate = SampleRate.speech
    let period = 240
    let canRest = true
    let tape: Tape

    mutating func waitForRoom(_ wake: Wake) -> Bool {
        tape.play(max(0, tape.waiting - 2 * period))
        return true
    }

    mutating func write(_ frames: Span<Int16>) { for index in frames.indices { tape.add(frames[index]) } }
    mutating func delay() -> Int { tape.waiting }
    mutating func drop() -> DroppedSound { DroppedSound(unheard: tape.drop(), isSeamless: false) }
    mutating func finish() {}
}

@Suite("Devices at rest", .timeLimit(.minutes(5)))
struct RestTests {
    private let buffer = SpeechBuffer()
    private let clock = PlaybackClock()
    private let state = PlaybackState()
    private let heard = Tape()
    private let wake: Wake

    init() throws { wake = try Wake() }

    private func loop() throws -> PlaybackLoop<RestingCard, NoTap> {
        PlaybackLoop(
            RestingCard(tape: heard), speech: buffer.makeReader(cushion: .milliseconds(50)),
            through: try Resampler(from: .speech, to: .speech), clock: clock, tap: NoTap(), state: state, wake: wake)
    }

    /// Half a second and a little.
    private func stayQuiet(_ loop: inout PlaybackLoop<RestingCard, NoTap>) throws {
        for _ in 0..<60 where !state.isAtRest { try step(&loop) }
    }

    /// A step that cannot wait for ever.
    private func step(_ loop: inout PlaybackLoop<RestingCard, NoTap>) throws {
        wake.signal()
        try loop.step()
    }

    @Test("a loudspeaker that nobody needs is emptied and left alone")
    func rests() throws {
        var loop = try loop()
        try stayQuiet(&loop)
        #expect(!state.isAtRest)  // nobody has allowed it
        state.setMayRest(true)
        try stayQuiet(&loop)
        #expect(state.isAtRest && heard.waiting == 0)
        let periods = state.counters.counts.periods
        for _ in 0..<10 { try step(&loop) }
        #expect(state.isAtRest && heard.waiting == 0 && state.counters.counts.periods == periods)
    }

    @Test("what is said to one at rest is heard whole, and counted where it lies")
    func speech() throws {
        var writer = buffer.makeWriter()
        let first = (0..<3_000).map { Int16(truncatingIfNeeded: $0 &* 7_919 | 1) }
        writer.append(first)
        writer.endOfSpeech()
        var loop = try loop()
        for _ in 0..<30 { try loop.step() }
        state.setMayRest(true)
        try stayQuiet(&loop)
        #expect(state.isAtRest)
        let before = heard.frames.count
        let second = (0..<3_000).map { Int16(truncatingIfNeeded: $0 &* 104_729 | 1) }
        writer.append(second)
        writer.endOfSpeech()
        for _ in 0..<30 { try loop.step() }
        #expect(!state.isAtRest)
        #expect(Array(heard.frames[before...].drop { $0 == 0 }.prefix(3_000)) == second)
        #expect(clock.heardPosition == 6_000)
    }

    @Test("speech at no volume is still speech: what holds it does not rest")
    func silentSpeech() throws {
        var writer = buffer.makeWriter()
        writer.append([Int16](repeating: 9_000, count: 24_000))
        writer.endOfSpeech()
        state.setVolume(0)
        state.setMayRest(true)
        var loop = try loop()
        for _ in 0..<200 where clock.heardPosition < 24_000 {
            try step(&loop)
            #expect(!state.isAtRest || clock.heardPosition == 24_000)
        }
        #expect(clock.heardPosition == 24_000)
    }

    @Test("a chime, and the end of the permission, bring it back")
    func broughtBack() throws {
        var loop = try loop()
        state.setMayRest(true)
        try stayQuiet(&loop)
        state.ask(for: Chime.allCases[0])
        for _ in 0..<20 { try step(&loop) }
        #expect(!state.isAtRest && heard.frames.contains { $0 != 0 })
        for _ in 0..<200 where !state.isAtRest { try step(&loop) }
        #expect(state.isAtRest)
        state.setMayRest(false)
        try loop.step()
        try loop.step()
        #expect(!state.isAtRest && heard.waiting > 0)
    }

    @Test("speech that is held keeps it neither awake nor asleep for ever")
    func held() throws {
        var writer = buffer.makeWriter()
        writer.append([Int16](repeating: 9_000, count: 24_000))
        writer.endOfSpeech()
        var loop = try loop()
        for _ in 0..<20 { try loop.step() }
        state.setMayRest(true)
        buffer.hold()
        for _ in 0..<100 { try step(&loop) }
        let position = clock.heardPosition
        #expect(position < 24_000 && !state.isAtRest)
        buffer.letGoOn()
        for _ in 0..<120 { try step(&loop) }
        #expect(clock.heardPosition == 24_000)
    }

    @Test("a microphone at rest is not read, muted or not")
    func microphone() throws {
        let (capture, toggles) = (CaptureState(), Counter())
        let input = ScriptedInput(
            script: [InputReading](repeating: .samples(160, capturedAt: .zero), count: 9), listening: toggles)
        let ring = SampleRing(minimumCapacity: 4_000)
        var loop = CaptureLoop(
            input, stage: PassThrough(), voice: ring.makeProducer(), state: capture, wake: wake,
            activity: VoiceActivity(), onPacket: {})
        _ = try loop.step()
        capture.setResting(true)
        _ = try loop.step()
        capture.setMuted(true)
        _ = try loop.step()
        capture.setResting(false)
        _ = try loop.step()
        #expect(toggles.value == 1 && capture.isAtRest)
        capture.setMuted(false)
        _ = try loop.step()
        #expect(toggles.value == 2 && !capture.isAtRest)
        #expect(loop.finish().position == 320)
    }
}
