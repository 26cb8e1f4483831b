import AudioFrontEnd
import Testing

@Suite("Formats and channels", .timeLimit(.minutes(5)))
struct MixTests {
    private func mix(_ bytes: [UInt8], _ format: SampleFormat, channels: Int) -> [Int16] {
        let downmix = Downmix(format, channels: channels)
        var output = [Int16](repeating: 0, count: bytes.count)
        var span = output.mutableSpan
        let frames = downmix.mix(bytes.span.bytes, into: &span)
        return Array(output[..<frames])
    }

    @Test(
        "known bytes read as known samples",
        arguments: [
            (.unsigned8, [0, 128, 255], [-32_768, 0, 32_512]),
            (.signed16, [0x34, 0x12, 0x00, 0x80], [0x1234, -32_768]),
            (.signed24, [0xFF, 0x34, 0x12, 0x00, 0x00, 0x80], [0x1235, -32_768]),
            (.signed24in32, [0x00, 0x34, 0x12, 0xAA, 0x00, 0x00, 0x80, 0xFF], [0x1234, -32_768]),
            (.signed32, [0x00, 0x00, 0x34, 0x12, 0xFF, 0xFF, 0xFF, 0x7F], [0x1234, 32_767]),
            (
                .float32, [0, 0, 0, 0x3F, 0, 0, 0x80, 0xBF, 0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x7F],
                [16_384, -32_768, 0, 32_767]
            ),
            (.float64, [0, 0, 0, 0, 0, 0, 0xE0, 0x3F], [16_384]),
        ] as [(SampleFormat, [UInt8], [Int16])])
    func known(format: SampleFormat, bytes: [UInt8], samples: [Int16]) {
        #expect(mix(bytes, format, channels: 1) == samples)
    }

    @Test("what goes up comes down the same, in every format", arguments: SampleFormat.allCases, [1, 2, 6])
    func thereAndBack(format: SampleFormat, channels: Int) {
        let samples: [Int16] = [0, 1, -1, 256, 12_345, -12_345, 32_767, -32_768]
        let upmix = Upmix(format, channels: channels)
        var bytes = [UInt8](repeating: 0xEE, count: samples.count * upmix.bytesPerFrame)
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        upmix.spread(samples.span, into: &raw)
        // Of six channels the first two carry sound; read those as if they were all.
        let front = stride(from: 0, to: bytes.count, by: upmix.bytesPerFrame).flatMap {
            Array(bytes[$0..<$0 + min(2, channels) * format.bytes])
        }
        let expected = format == .unsigned8 ? samples.map { ($0 >> 8) << 8 } : samples
        #expect(mix(front, format, channels: min(2, channels)) == expected)
    }

    @Test("stereo is averaged, opposite channels cancel, and full scale does not clip")
    func stereo() {
        #expect(mix([0x00, 0x10, 0x00, 0x30], .signed16, channels: 2) == [0x2000])
        #expect(mix([0x00, 0x10, 0x00, 0xF0], .signed16, channels: 2) == [0])
        #expect(mix([0xFF, 0x7F, 0xFF, 0x7F], .signed16, channels: 2) == [32_767])
    }

    @Test("of 5.1 the centre weighs most, and the low-frequency channel nothing")
    func surround() {
        func only(_ channel: Int) -> Int16 {
            var bytes = [UInt8](repeating: 0, count: 12)
            bytes[channel * 2 + 1] = 0x40
            return mix(bytes, .signed16, channels: 6)[0]
        }
        #expect(only(2) > only(0))
        #expect(only(0) == only(1))
        #expect(only(0) > only(4))
        #expect(only(3) == 0)
        #expect(mix([UInt8](repeating: 0x7F, count: 12), .signed16, channels: 6) == [0x7F7F])
    }

    @Test("a frame that is not whole is left alone")
    func partial() {
        #expect(mix([1, 2, 3, 4, 5], .signed16, channels: 2).count == 1)
        #expect(mix([1], .signed16, channels: 1).isEmpty)
    }
}
