import AudioCore
import Foundation
import Testing

@testable import AudioDevices

@Suite("File as microphone", .timeLimit(.minutes(5)))
struct FileInputTests {
    private let clock = SteppedClock()

    /// Plays a whole file. - Returns: its samples at 16 kHz, and the time that it took.
    private func play(_ file: [UInt8]) throws -> (samples: [Int16], time: Duration) {
        var input = try FileInput(WAVReader(ArrayBytes(bytes: file), name: "test"), clock: clock)
        let wake = try Wake()
        let start = clock.now
        var samples: [Int16] = []
        var frame = [Int16](repeating: 0, count: 160)
        while true {
            var span = frame.mutableSpan
            guard case .samples(let count, let time) = try input.read(into: &span, wake: wake) else { break }
            #expect(time == start + SampleRate.voice.duration(of: samples.count))
            samples += frame[..<count]
        }
        return (samples, clock.now - start)
    }

    @Test("a 44.1 kHz stereo tone arrives as the same tone, 16 kHz mono, all else 60 dB below it (pitfall 31)")
    func tone() throws {
        let stereo = (0..<44_100).flatMap { index -> [Int16] in
            let sample = Int16((12_000 * sin(2 * .pi * 1_000 * Double(index) / 44_100)).rounded())
            return [sample, sample]
        }
        let (samples, time) = try play(WAVBytes(channels: 2, rate: 44_100).file(WAVBytes.bytes(stereo)))
        #expect(samples.count == 16_000)
        #expect(time >= .seconds(1) && time <= .milliseconds(1_010))
        let ratio = toneToNoise(samples[800..<15_200], hertz: 1_000, rate: 16_000)
        #expect(ratio >= 60, "\(ratio) dB")
    }

    @Test(
        "a file at 16 kHz mono arrives bit for bit, its last samples included", arguments: [0, 1, 159, 160, 161, 5_000])
    func exact(count: Int) throws {
        let sound = (0..<count).map { Int16(truncatingIfNeeded: $0 &* 7_919) }
        #expect(try play(WAVBytes().file(WAVBytes.bytes(sound))).samples == sound)
    }

    @Test("a wake-up interrupts the wait and loses nothing")
    func woken() throws {
        let sound = (0..<320).map { Int16($0) }
        var input = try FileInput(
            WAVReader(ArrayBytes(bytes: WAVBytes().file(WAVBytes.bytes(sound))), name: "test"), clock: clock)
        let wake = try Wake()
        var frame = [Int16](repeating: 0, count: 160)
        var span = frame.mutableSpan
        wake.signal()
        #expect(try input.read(into: &span, wake: wake) == .woken)
        #expect(try input.read(into: &span, wake: wake) == .samples(160, capturedAt: .seconds(1_000)))
        #expect(span[159] == 159)
    }
}

/// How far all that is not a sine of exactly `hertz` lies below it, in dB.
func toneToNoise(_ samples: ArraySlice<Int16>, hertz: Double, rate: Int) -> Double {
    // Over a whole number of periods sine and cosine are orthogonal, so projecting is fitting.
    var (a, b, total) = (0.0, 0.0, 0.0)
    for (index, sample) in samples.enumerated() {
        let phase = 2 * .pi * hertz * Double(index) / Double(rate)
        a += Double(sample) * sin(phase)
        b += Double(sample) * cos(phase)
        total += Double(sample) * Double(sample)
    }
    let signal = 2 * (a * a + b * b) / Double(samples.count)
    return 10 * log10(signal / max(total - signal, 1e-9))
}
