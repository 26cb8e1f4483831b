import AudioCore
import AudioFrontEnd
import Testing

@testable import AudioDevices

@Suite("WAV files", .timeLimit(.minutes(5)))
struct WAVReaderTests {
    /// All frames of a file, by the reader's own word on their size.
    private func frames(_ file: [UInt8], piece: Int = .max) throws(DeviceError) -> [UInt8] {
        var reader = try WAVReader(ArrayBytes(bytes: file, piece: piece), name: "test")
        let scratch = Scratch(bytes: 3 * reader.bytesPerFrame)
        var all: [UInt8] = []
        while true {
            let count = try reader.readFrames(into: scratch.elements)
            guard count > 0 else { return all }
            all += scratch.elements[..<(count * reader.bytesPerFrame)]
        }
    }

    @Test(
        "every common kind of sample is told apart",
        arguments: [
            (1, 8, .unsigned8), (1, 16, .signed16), (1, 24, .signed24), (1, 32, .signed32), (3, 32, .float32),
            (3, 64, .float64),
        ] as [(UInt16, Int, SampleFormat)], [false, true])
    func formats(kind: (tag: UInt16, bits: Int, format: SampleFormat), isExtensible: Bool) throws {
        for (channels, rate) in [(1, 16_000), (2, 44_100), (6, 48_000)] {
            let wav = WAVBytes(
                tag: kind.tag, channels: channels, rate: rate, bits: kind.bits, isExtensible: isExtensible)
            let reader = try WAVReader(ArrayBytes(bytes: wav.file([])), name: "test")
            let found = (reader.format, reader.channels, reader.rate.hertz)
            #expect(found == (kind.format, channels, rate))
        }
    }

    @Test("chunks that are not sound are passed over, odd ones too, however the bytes come", arguments: [1, 3, 1_000])
    func chunks(piece: Int) throws {
        var wav = WAVBytes()
        wav.extras = [("LIST", [1, 2, 3]), ("bext", [UInt8](repeating: 9, count: 700)), ("junk", [])]
        let sound = (0..<200).map { UInt8($0) }
        #expect(try frames(wav.file(sound), piece: piece) == sound)
    }

    @Test("what follows the sound is not played, and a file cut short is read to its end")
    func ends() throws {
        var wav = WAVBytes()
        #expect(try frames(wav.file([1, 2, 3, 4]) + Array("LIST....".utf8)) == [1, 2, 3, 4])
        wav.claimedSize = 1_000_000
        #expect(try frames(wav.file([1, 2, 3, 4])) == [1, 2, 3, 4])
        #expect(try frames(wav.file([1, 2, 3])) == [1, 2])
        wav.claimedSize = .max
        #expect(try frames(wav.file([1, 2, 3, 4])) == [1, 2, 3, 4])
        wav.claimedSize = 0
        #expect(try frames(wav.file([1, 2, 3, 4])) == [])
        wav.claimedRIFFSize = 0  // a writer that never learned its sizes
        #expect(try frames(wav.file([1, 2, 3, 4])) == [1, 2, 3, 4])
    }

    @Test(
        "what is no sound file is said to be none, in words",
        arguments: [
            [], Array("RIFF".utf8), Array("this is a text file, not sound".utf8), [UInt8](repeating: 0, count: 100),
            Array("RIFF\u{4}\0\0\0WAVE".utf8), Array("RIFX\u{4}\0\0\0WAVEfmt ".utf8),
            WAVBytes(tag: 6, bits: 8).file([]), WAVBytes(tag: 0x55).file([]), WAVBytes(channels: 0).file([]),
            WAVBytes(channels: 65).file([]), WAVBytes(rate: 0).file([]), WAVBytes(rate: 999).file([]),
            WAVBytes(rate: 1_000_000).file([]), WAVBytes(bits: 12).file([]), Array(WAVBytes().file([]).dropLast(9)),
        ] as [[UInt8]])
    func noWAV(file: [UInt8]) {
        let error = #expect(throws: DeviceError.self) { try frames(file) }
        #expect(error?.code == .badFormat)
    }

    @Test("no damage to a file makes it trap or run for ever")
    func damage() {
        var wav = WAVBytes(channels: 2, isExtensible: true)
        wav.extras = [("LIST", [1, 2, 3])]
        let good = wav.file([UInt8](repeating: 7, count: 64))
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            var bad = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bad[Int.random(in: 0..<bad.count, using: &generator)] = [0, 1, 127, 128, 255].randomElement(
                    using: &generator)!
            }
            bad = Array(bad.prefix(Int.random(in: 0...bad.count, using: &generator)))
            _ = try? frames(bad)
        }
    }
}

/// A linear congruential generator: the same damage in every run. (Knuth, MMIX.)
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}
