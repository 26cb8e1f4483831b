import AudioCore
import AudioFrontEnd
import Glibc
import Testing

@testable import AudioDevices

/// Everything that breaks into speech, listened to for clicks.
@Suite("Clicks", .timeLimit(.minutes(5)))
struct ClickTests {
    private let buffer = SpeechBuffer()
    private let clock = PlaybackClock()
    private let state = PlaybackState()
    private let heard = Tape()
    private let wake: Wake

    init() throws { wake = try Wake() }

    private func loop() throws -> PlaybackLoop<FakeCard, NoTap> {
        let resampler = try Resampler(from: .speech, to: .speech)
        return PlaybackLoop(
            FakeCard(rate: 24_000, tape: heard), speech: buffer.makeReader(cushion: .milliseconds(50)),
            through: resampler, clock: clock, tap: NoTap(), state: state, wake: wake)
    }

    /// 200 Hz, from its crest, so that a fade left out steps by 10,000.
    private func tone(_ count: Int) -> [Int16] {
        (0..<count).map { Int16(10_000 * cos(2 * Double.pi * 200 * Double($0) / 24_000)) }
    }

    /// The largest second difference: a step of `n` is one of `n`; the tone itself has 27, and up to 33 while it fades,
    /// 60 where the volume begins to change.
    private func roughness(from start: Int) -> Int {
        let all = heard.frames[start...].map { Int($0) }
        return zip(zip(all, all.dropFirst()), all.dropFirst(2)).map { abs($0.0 - 2 * $0.1 + $1) }.max() ?? 0
    }

    @Test("neither a gap, nor a hold, nor a cut, nor a change of volume, nor a chime in between clicks")
    func everything() throws {
        var writer = buffer.makeWriter { [wake] in if $0 == .interruption { wake.signal() } }
        var loop = try loop()
        writer.append(tone(24_000))
        for _ in 0..<20 { try loop.step() }
        let start = heard.frames.count  // the tone begins at its crest, which is its own click
        state.setVolume(0.2)
        for _ in 0..<10 { try loop.step() }
        state.setVolume(1)
        for _ in 0..<10 { try loop.step() }
        #expect(roughness(from: start) < 70)
        state.ask(for: .wake)
        for _ in 0..<20 { try loop.step() }
        buffer.hold()
        wake.signal()
        for _ in 0..<7 { try loop.step() }
        buffer.letGoOn()
        for _ in 0..<15 { try loop.step() }
        #expect(roughness(from: start) < 70 + 640)  // the chime's 988 and 659 Hz have 438 and 195
        for _ in 0..<60 { try loop.step() }
        #expect(clock.heardPosition == 24_000)
        let torn = heard.frames.count - 12_000
        writer.append(tone(24_000))  // goes on where the tone was
        for _ in 0..<33 { try loop.step() }
        state.ask(for: .muted)
        for _ in 0..<2 { try loop.step() }
        writer.interrupt()
        for _ in 0..<10 { try loop.step() }
        #expect(roughness(from: torn) < 70 + 87)  // the chime's 440 Hz
        #expect(heard.frames.suffix(240).allSatisfy { $0 == 0 })
        #expect((state.counters.counts.underruns, state.counters.counts.flushes) == (1, 2))
    }

    @Test("a chime is heard whole, and is no speech", arguments: Chime.allCases)
    func chime(chime: Chime) throws {
        var loop = try loop()
        for _ in 0..<5 { try loop.step() }
        state.ask(for: chime)
        state.ask(for: chime)  // twice at once is once
        for _ in 0..<100 {
            try loop.step()
            #expect(!clock.isSpeaking && clock.heardPosition == 0)
        }
        let expected = chime.samples(at: .speech).drop { $0 == 0 }
        let sound = heard.frames.drop { $0 == 0 }
        #expect(sound.prefix(expected.count) == expected)
        #expect(sound.dropFirst(expected.count).allSatisfy { $0 == 0 })
    }

    @Test("chimes asked for together follow one another, and those of before the device was opened are not played")
    func chimesInTurn() throws {
        state.ask(for: .trouble)
        var loop = try loop()
        state.ask(for: .wake)
        state.ask(for: .muted)
        for _ in 0..<100 { try loop.step() }
        let first = Chime.wake.samples(at: .speech)
        let second = Chime.muted.samples(at: .speech)
        let loud = heard.frames.count { $0 != 0 }
        #expect(abs(loud - (first + second).count { $0 != 0 }) == 0)
    }
}
