import AudioCore
import AudioFrontEnd
import Foundation
import Testing

@Suite("Resampler", .timeLimit(.minutes(5)))
struct ResamplerTests {
    /// Every rate that a device or a file brings, each way.
    static let ways = [
        (44_100, 16_000), (48_000, 16_000), (24_000, 48_000), (24_000, 44_100), (8_000, 16_000), (22_050, 16_000),
        (96_000, 16_000), (16_000, 16_000), (24_000, 16_000), (11_025, 24_000),
    ]

    /// Resamples a whole signal, offered in pieces of the sizes given, tail included.
    private func resample(_ input: [Int16], from: Int, to: Int, pieces: [Int] = [441]) throws -> [Int16] {
        var resampler = try Resampler(from: SampleRate(hertz: from), to: SampleRate(hertz: to))
        var output: [Int16] = []
        var room = [Int16](repeating: 0, count: 700)
        var start = 0
        var turn = 0
        while start < input.count {
            let piece = min(pieces[turn % pieces.count], input.count - start)
            turn += 1
            var span = room.mutableSpan
            let (consumed, produced) = resampler.process(input.span.extracting(start..<start + piece), into: &span)
            output += room[..<produced]
            start += consumed
        }
        while true {
            var span = room.mutableSpan
            let produced = resampler.finish(into: &span)
            guard produced > 0 else { return output }
            output += room[..<produced]
        }
    }

    @Test("a tone keeps its pitch, and all else lies 60 dB below it (pitfall 31)", arguments: ways)
    func tone(from: Int, to: Int) throws {
        for hertz in [440.0, 1_000, 3_000] {
            let output = try resample(sine(hertz, rate: from, count: from), from: from, to: to)
            let settled = output[(to / 10)..<(to * 9 / 10)]
            let ratio = signalToNoise(settled, hertz: hertz, rate: to)
            #expect(ratio >= 60, "\(hertz) Hz from \(from) to \(to): \(ratio) dB")
        }
    }

    @Test("what lies above the new band is gone, not folded into it", arguments: [44_100, 48_000])
    func aliases(from: Int) throws {
        let output = try resample(sine(9_500, rate: from, count: from), from: from, to: 16_000)
        let power = output[1_600..<14_400].reduce(0.0) { $0 + Double($1) * Double($1) } / 12_800
        #expect(power < 16_384 * 16_384 / 2 * 1e-6)  // 60 dB below the tone that went in
    }

    @Test("a stream comes out as long as it went in, to the sample", arguments: ways)
    func length(from: Int, to: Int) throws {
        for count in [1, 2, 159, 1_000, from, from + 1] {
            let output = try resample([Int16](repeating: 100, count: count), from: from, to: to)
            #expect(output.count == (count * to + from - 1) / from)
        }
    }

    @Test("however the input is cut, the output is the same", arguments: [[1], [7, 1, 300], [441], [2_000]])
    func pieces(sizes: [Int]) throws {
        let input = sine(1_234, rate: 44_100, count: 10_000)
        #expect(
            try resample(input, from: 44_100, to: 16_000, pieces: sizes)
                == resample(input, from: 44_100, to: 16_000))
    }

    @Test("it asks for exactly the input that a device's period needs", arguments: ways)
    func needed(from: Int, to: Int) throws {
        var resampler = try Resampler(from: SampleRate(hertz: from), to: SampleRate(hertz: to))
        var period = [Int16](repeating: 0, count: to / 100)
        var taken = 0
        for turn in 1...200 {
            let input = [Int16](repeating: 0, count: resampler.inputNeeded(for: period.count))
            var span = period.mutableSpan
            let (consumed, produced) = resampler.process(input.span, into: &span)
            #expect(produced == period.count)
            #expect((0...1).contains(input.count - consumed))  // one may be needed again for the next
            taken += consumed
            #expect(taken <= (turn * from + 99) / 100 + resampler.lookahead + 1)
        }
    }

    @Test(
        "the output stands where the input stood: a click keeps its time",
        arguments: [(24_000, 48_000), (48_000, 16_000)])
    func alignment(from: Int, to: Int) throws {
        var input = [Int16](repeating: 0, count: from / 10)
        for index in 0..<12 { input[from / 20 + index] = 10_000 }
        let output = try resample(input, from: from, to: to)
        let centre = output.indices.max { abs(Int(output[$0])) < abs(Int(output[$1])) }!
        let expected = Double(from / 20) / Double(from) + 6 / Double(from)
        #expect(abs(Double(centre) / Double(to) - expected) < 0.0003)
    }

    @Test("after a reset it is as new")
    func reset() throws {
        var resampler = try Resampler(from: .speech, to: SampleRate(hertz: 48_000))
        let input = sine(1_000, rate: 24_000, count: 240)
        var first = [Int16](repeating: 0, count: 480)
        var second = first
        var span = first.mutableSpan
        let before = resampler.process(input.span, into: &span)
        resampler.reset()
        var other = second.mutableSpan
        let after = resampler.process(input.span, into: &other)
        #expect(before == after)
        #expect(first == second)
    }

    @Test("a ratio past all sense is refused in words")
    func refused() {
        #expect(throws: FrontEndError.self) {
            _ = try Resampler(from: SampleRate(hertz: 1_000_000), to: SampleRate(hertz: 1), quality: 11)
        }
    }
}
