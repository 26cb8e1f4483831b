import AudioCore
import TestKit
import Testing

@testable import Assistant

/// What the devices' reports tell of their clocks.
@Suite(.timeLimit(.minutes(5)))
struct ClockProbeTests {
    /// Reports each 10 ms for `seconds`, of a clock that is off by that many parts in a million, told up to `jitter` s late.
    private func reports(off: Double, seconds: Double = 3, jitter: Double = 0, seed: UInt64 = 7) -> [ClockRate.Report] {
        var random = SeededGenerator(seed: seed)
        return (0..<Int(seconds * 100)).map { index in
            let time = Double(index) / 100
            return ClockRate.Report(
                time: 1_000 + time + Double.random(in: 0...1, using: &random) * jitter,
                sound: time * (1 + off / 1e6))
        }
    }

    @Test("a clock's rate is found within the uncertainty that is said", arguments: [-300.0, 0, 40, 1_000])
    func rate(off: Double) throws {
        for (jitter, seed) in [(0.0, 1), (0.0001, 2), (0.001, 3)] as [(Double, UInt64)] {
            let rate = try #require(ClockRate(reports(off: off, jitter: jitter, seed: seed)))
            #expect(abs(rate.partsPerMillion - off) <= rate.uncertainty, "\(rate)")
        }
        let exact = try #require(ClockRate(reports(off: off)))
        #expect(exact.uncertainty < 25)
    }

    @Test("reports that wander make it uncertain, and of less than a second nothing is said")
    func uncertain() throws {
        #expect(try #require(ClockRate(reports(off: 0, jitter: 0.009))).uncertainty > ClockProbe.most)
        #expect(ClockRate(reports(off: 0, seconds: 0.9)) == nil)
        #expect(ClockRate([]) == nil)
    }

    @Test("the first seconds do not count: a server's reports are worst then")
    func settling() throws {
        var reports = reports(off: 100, seconds: 6)
        for index in 0..<290 { reports[index].sound += 0.05 }
        let rate = try #require(ClockRate(reports))
        #expect(abs(rate.partsPerMillion - 100) <= rate.uncertainty && rate.uncertainty < 25)
    }

    private func finding(_ input: Double, _ output: Double, jitter: Double = 0) throws -> Finding {
        ClockProbe.finding(
            try #require(ClockRate(reports(off: input, jitter: jitter, seed: 1))),
            try #require(ClockRate(reports(off: output, jitter: jitter, seed: 2))))
    }

    @Test(
        "what the canceller bears is well, what it does not is a warning with a remedy, and what is not known is not said"
    )
    func findings() throws {
        let well = try finding(30, -20)
        #expect(well.state == .ok && well.words.contains("50 ppm apart"), "\(well)")
        let apart = try finding(400, -100)
        #expect(apart.state == .warning && apart.words.contains("500 ppm apart"), "\(apart)")
        #expect(apart.remedy?.contains("echo-test") == true)
        let unknown = try finding(0, 0, jitter: 0.009)
        #expect(unknown.state == .skipped && unknown.remedy?.contains("echo-test") == true, "\(unknown)")
    }

    @Test("it reads what the devices' threads wrote, and a pipe's sound has no clock")
    func tapes() {
        let probe = ClockProbe()
        let frame = [Int16](repeating: 0, count: 160)
        for index in 0..<200 {
            let time = Duration.milliseconds(10 * index)
            probe.input.write(frame.span, rate: .voice, at: time, position: index * 160)
            probe.output.write(frame.span, rate: .voice, at: time)
        }
        #expect(probe.finding()?.state == .ok)
        #expect(probe.finding() == nil, "once")
        for index in 0..<200 {
            probe.input.write(frame.span, rate: .voice, at: .milliseconds(10 * index), isTimed: false)
        }
        #expect(probe.finding() == nil)
    }
}
