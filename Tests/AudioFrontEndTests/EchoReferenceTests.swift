import AudioCore
import Foundation
import Testing

@testable import AudioFrontEnd

@Suite("The echo's reference")
struct EchoReferenceTests {
    /// A sine of 200 Hz at half of full scale, as it stands at `seconds`.
    private func tone(_ seconds: Double) -> Float { 0.5 * Float(sin(2 * .pi * 200 * seconds)) }

    /// Tells the tap `seconds` of the tone in periods of 10 ms, from `start` on by a loudspeaker whose clock is `ppm`
    /// off, with reports that jitter by up to `jitter` seconds.
    private func play(
        _ tap: inout EchoTap, from start: Double, seconds: Double, rate: SampleRate = .voice, ppm: Double = 0,
        jitter: Double = 0
    ) {
        var random = Seeded(7)
        let count = rate.hertz / 100
        for period in 0..<Int(seconds * 100) {
            let first = start + Double(period) * 0.01 * (1 - ppm * 1e-6)
            let samples = (0..<count).map { index in
                tone(first + Double(index) / Double(rate.hertz) * (1 - ppm * 1e-6))
            }
            let report = first + jitter * Double(random.unit())
            tap.willLeave(samples.integers.span, rate: rate, at: .nanoseconds(Int64((report * 1e9).rounded())))
        }
    }

    private func read(_ reader: inout ReferenceReader, at seconds: Double) -> [Float] {
        var frame = [Float](repeating: 0, count: 160)
        frame.withUnsafeMutableBufferPointer {
            reader.read(at: .nanoseconds(Int64((seconds * 1e9).rounded())), into: $0.baseAddress!)
        }
        return frame
    }

    /// The largest difference between a frame and the tone at that time.
    private func error(_ frame: [Float], at seconds: Double) -> Float {
        frame.indices.map { abs(frame[$0] - tone(seconds + Double($0) / 16_000)) }.max() ?? 0
    }

    /// By how many samples a frame is later than the tone, of the 80 that one of its periods has.
    private func lag(_ frame: [Float], at seconds: Double) -> Int {
        (0..<80).min {
            error(frame, at: seconds - Double($0) / 16_000) < error(frame, at: seconds - Double($1) / 16_000)
        }!
    }

    @Test("gives what left at a time, whatever the device's rate", arguments: [8_000, 16_000, 24_000, 44_100, 48_000])
    func rates(hertz: Int) {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        play(&tap, from: 5, seconds: 1, rate: SampleRate(hertz: hertz))
        for frame in 10..<60 {
            let time = 5 + Double(frame) * 0.01
            #expect(error(read(&reader, at: time), at: time) < 0.01)
        }
    }

    @Test("is silent before anything left, in a gap and after the end")
    func gaps() {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        #expect(read(&reader, at: 0.5).allSatisfy { $0 == 0 })
        play(&tap, from: 1, seconds: 0.5)
        play(&tap, from: 2, seconds: 0.5)
        #expect(error(read(&reader, at: 1.2), at: 1.2) < 0.01)
        #expect(read(&reader, at: 1.7).allSatisfy { $0 == 0 })
        #expect(error(read(&reader, at: 2.2), at: 2.2) < 0.01)
        #expect(read(&reader, at: 2.6).allSatisfy { $0 == 0 })
    }

    @Test("forgets what was dropped before it left")
    func dropped() {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        play(&tap, from: 1, seconds: 1)
        tap.dropped(from: .milliseconds(1_500))
        #expect(error(read(&reader, at: 1.4), at: 1.4) < 0.01)
        #expect(read(&reader, at: 1.6).allSatisfy { $0 == 0 })
        play(&tap, from: 1.7, seconds: 0.5)
        #expect(read(&reader, at: 1.6).allSatisfy { $0 == 0 })
        #expect(error(read(&reader, at: 1.8), at: 1.8) < 0.01)
    }

    @Test(
        "a device that begins late is found where it is, and what was played before stays there",
        arguments: [0.015, 0.003])
    func lateBeginning(late: Double) {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        play(&tap, from: 1, seconds: 1)
        tap.dropped(from: .milliseconds(1_500))
        // Four periods are written before it runs, and are reported to leave at once.
        for period in 0..<60 {
            let leaves = 1.5 + late + Double(period) * 0.01
            let samples = (0..<160).map { tone(leaves + Double($0) / 16_000) }
            let report = period < 4 ? 1.5 + Double(period) * 0.01 : leaves
            tap.willLeave(samples.integers.span, rate: .voice, at: .nanoseconds(Int64((report * 1e9).rounded())))
        }
        #expect(error(read(&reader, at: 1.45), at: 1.45) < 0.01)
        for time in stride(from: 1.7, to: 2, by: 0.01) {
            // Two samples of a tone of 200 Hz.
            #expect(error(read(&reader, at: time), at: time) < 0.08)
        }
    }

    @Test("goes on when another device with another rate is opened")
    func rateChange() {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        play(&tap, from: 1, seconds: 0.5, rate: SampleRate(hertz: 48_000))
        play(&tap, from: 1.6, seconds: 0.5, rate: SampleRate(hertz: 44_100))
        #expect(error(read(&reader, at: 1.3), at: 1.3) < 0.01)
        #expect(error(read(&reader, at: 1.8), at: 1.8) < 0.01)
    }

    @Test("follows a loudspeaker whose clock is off, through reports that jitter", arguments: [-200.0, 50, 200])
    func drift(ppm: Double) {
        let reference = EchoReference()
        var tap = reference.makeTap()
        var reader = reference.makeReader()
        var (beforeLast, last): (Float, Float) = (0, 0)
        var (largestStep, largestBend): (Float, Float) = (0, 0)
        var settled: [Int] = []
        // Five minutes: what is within 5 ms counts as jitter, and the loop is slow.
        for second in 0..<300 {
            let start = 1 + Double(second) * (1 - ppm * 1e-6)
            play(&tap, from: start, seconds: 1, ppm: ppm, jitter: 0.001)
            // The reader stays half a second behind, at its own and exact rate.
            guard second > 0 else { continue }
            for frame in 0..<100 {
                let time = 0.5 + Double(second) + Double(frame) * 0.01
                let samples = read(&reader, at: time)
                if frame == 0, second == 285 || second == 299 { settled.append(lag(samples, at: time)) }
                for sample in samples {
                    if second > 1 {
                        largestStep = max(largestStep, abs(sample - last))
                        largestBend = max(largestBend, abs(sample - 2 * last + beforeLast))
                    }
                    (beforeLast, last) = (last, sample)
                }
            }
        }
        #expect(abs(reader.drift * 1e6 - ppm) < 40)
        // The tone itself climbs by 0.039 a sample at most: a click would climb faster.
        #expect(largestStep < 0.042)
        // And bends by 0.0031; the second difference passes nothing of it, and all of a click.
        #expect(largestBend < 0.005)
        // What stays is some milliseconds of lag, which counts as the echo's way: it moves by less than 0.05 ms a second.
        #expect(settled.count == 2)
        #expect(abs(settled[0] - settled[1]) <= 11)
    }
}
