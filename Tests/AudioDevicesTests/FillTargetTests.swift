import AudioCore
import AudioFrontEnd
import Glibc
import Testing

@testable import AudioDevices

@Suite("Fill target", .timeLimit(.minutes(5)))
struct FillTargetTests {
    private let rate = SampleRate(hertz: 48_000)
    private var fill = FillTarget(buffer: 9_600, period: 480, rate: SampleRate(hertz: 48_000))

    private var held: Duration { rate.duration(of: fill.frames) }

    /// Plays on, a period at a time. - Returns: how long until the target changed; nil when it did not within the hour.
    private mutating func playUntilChange() -> Duration? {
        let before = fill.frames
        for period in 1...360_000 {
            fill.wrote(480)
            if fill.frames != before { return .milliseconds(10) * period }
        }
        return nil
    }

    @Test("little is held until the device runs dry, then more each time, up to its buffer")
    mutating func growth() {
        #expect(held == .milliseconds(60))
        var seen: [Duration] = []
        for _ in 0..<8 {
            fill.ranDry()
            seen.append(held)
        }
        #expect(seen == [80, 100, 120, 140, 160, 180, 200, 200].map { .milliseconds($0) })
    }

    @Test("in calm minutes it goes back to the least, and stays there")
    mutating func shrinkage() {
        for _ in 0..<2 { fill.ranDry() }
        for expected in [90, 80, 70, 60] {
            #expect(playUntilChange() == FillTarget.calm)
            #expect(held == .milliseconds(expected))
        }
        #expect(playUntilChange() == nil)
    }

    @Test("what was given up too early is kept twice as long the next time")
    mutating func backoff() {
        fill.ranDry()
        var calm = FillTarget.calm
        for _ in 0..<6 {
            #expect(playUntilChange() == calm)
            fill.ranDry()
            calm = min(calm * 2, FillTarget.longestCalm)
        }
        #expect(calm == FillTarget.longestCalm)
        for _ in 0..<3 { fill.ranDry() }
        #expect(playUntilChange() == calm)
    }

    @Test(
        "a device with a small buffer is filled, one with long periods gets two of them",
        arguments: [(1_920, 480, 1_920), (16_384, 4_096, 8_192), (960, 480, 960)])
    func bounds(buffer: Int, period: Int, expected: Int) {
        #expect(FillTarget(buffer: buffer, period: period, rate: rate).frames == expected)
    }
}

@Suite("Loudspeaker that is not filled", .timeLimit(.minutes(5)))
struct FillingTests {
    private let hardware = FakeHardware()
    private let counters = DeviceCounters()
    private let clock = SteppedClock()
    private let wake: Wake
    private let silence = [Int16](repeating: 1, count: 480)

    init() throws {
        wake = try Wake()
        hardware.configuration.buffer = 9_600
        hardware.clock = clock
    }

    private func output() -> CardOutput<FakePCM, SteppedClock> {
        CardOutput(FakePCM(hardware: hardware), name: "fake", clock: clock, counters: counters)
    }

    /// - Returns: the most and the least that the device held when a period had been written.
    private func play(
        _ periods: Int, on output: inout CardOutput<FakePCM, SteppedClock>
    ) throws -> ClosedRange<Int> {
        var held: [Int] = []
        for _ in 0..<periods {
            #expect(try output.waitForRoom(wake))
            try output.write(silence.span)
            held.append(try output.delay())
        }
        return held.min()!...held.max()!
    }

    @Test("it holds 60 ms of the 200 that it could, for as long as it is served in time")
    func little() throws {
        var output = output()
        _ = try play(6, on: &output)
        let held = try play(1_000, on: &output)
        #expect(held.upperBound <= 2_880)
        #expect(held.lowerBound >= 2_880 - 60)  // an eighth of a period
        #expect(counters.counts.xruns == 0)
        #expect(try output.drop().unheard <= 2_880)
    }

    @Test("once it ran dry it holds more, and what it holds is still what it says")
    func more() throws {
        var output = output()
        _ = try play(100, on: &output)
        clock.advance(by: .milliseconds(100))
        _ = try play(20, on: &output)
        #expect(counters.counts.xruns == 1)
        let held = try play(500, on: &output)
        #expect((3_840 - 60...3_840).contains(held.lowerBound))
        #expect(held.upperBound <= 3_840)
    }

    @Test("we came too late: that is our xrun, and by how much is known")
    func ours() throws {
        var output = output()
        _ = try play(100, on: &output)
        clock.advance(by: .milliseconds(75))
        _ = try play(1, on: &output)
        #expect(counters.counts.xruns == 1)
        #expect(counters.counts.lateXruns == 1)
        #expect((75...80).contains(counters.counts.lateMilliseconds))
    }

    @Test("a server that ran dry although we were in time made the xrun itself")
    func theirs() throws {
        var output = output()
        _ = try play(100, on: &output)
        hardware.answers = [-Int(EPIPE)]
        _ = try play(1, on: &output)
        #expect(counters.counts.xruns == 1)
        #expect(counters.counts.lateXruns == 0)
        #expect(counters.counts.lateMilliseconds == 0)
    }

    @Test("a wake-up ends the wait for room at once: an interruption does not wait for a period")
    func wakeUp() throws {
        var output = output()
        _ = try play(6, on: &output)
        let before = clock.now
        wake.signal()
        #expect(try !output.waitForRoom(wake))
        #expect(clock.now == before)
    }

    @Test("one that stops playing is said to be stalled, though its buffer is not full")
    func stalled() throws {
        var output = output()
        _ = try play(6, on: &output)
        hardware.isDead = true
        var thrown: DeviceError?
        do throws(DeviceError) { _ = try output.waitForRoom(wake) } catch { thrown = error }
        #expect(thrown?.code == .stalled)
    }
}
