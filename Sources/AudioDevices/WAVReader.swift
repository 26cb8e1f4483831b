import AudioCore
import AudioFrontEnd

/// Reads a RIFF/WAVE stream, header first, then frames: any rate, PCM of 8 to 32 bits or floats, up to 64 channels.
///
/// Layout (Microsoft/IBM *Multimedia Programming Interface*, 1991; `WAVE_FORMAT_EXTENSIBLE`, 2001), little-endian:
///
///     "RIFF" size "WAVE"  { chunk id (4)  size (4)  bytes, padded to even }*
///     "fmt ": tag (2) channels (2) rate (4) bytes/s (4) bytes/frame (2) bits (2)
///             extensible: extra size (2) valid bits (2) channel mask (4) subformat (16, begins with a tag)
///
/// Never seeks, so a named pipe will do. A file that was cut short is read to where it ends, and sizes that lie are not
/// believed. Nothing in a file can make it trap.
struct WAVReader<Bytes: ByteReader & ~Copyable>: ~Copyable {
    let rate: SampleRate
    let format: SampleFormat
    let channels: Int
    private var bytes: Bytes
    /// Bytes of sound that are left by the header's word; nil reads to the end.
    private var left: UInt64?

    var bytesPerFrame: Int { format.bytes * channels }

    /// Reads the header, up to the first byte of sound.
    ///
    /// - Parameter name: how errors call the stream.
    /// - Throws: `.badFormat` with what was found instead.
    init(_ bytes: consuming Bytes, name: String) throws(DeviceError) {
        var bytes = bytes
        var header = ChunkReader(name: name)
        let found = try header.read(from: &bytes)
        rate = found.rate
        format = found.format
        channels = found.channels
        left = found.dataSize
        self.bytes = bytes
    }

    /// Fills `buffer` with whole frames. - Returns: frames read, fewer than fit only at the end.
    mutating func readFrames(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DeviceError) -> Int {
        var size = buffer.count / bytesPerFrame * bytesPerFrame
        if let left, left < UInt64(size) { size = Int(left) }
        let count = try bytes.fill(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
        if let left { self.left = left - UInt64(count) }
        return count / bytesPerFrame
    }
}

/// What stands before the sound.
private struct ChunkReader {
    struct Found {
        var rate: SampleRate
        var format: SampleFormat
        var channels: Int
        var dataSize: UInt64?
    }

    let name: String

    mutating func read<Bytes: ByteReader & ~Copyable>(from bytes: inout Bytes) throws(DeviceError) -> Found {
        let head = try bytes.take(12)
        guard head.count == 12, head.id(at: 0) == "RIFF" || head.id(at: 0) == "RF64",
            head.id(at: 8) == "WAVE"
        else {
            throw bad("it does not begin with RIFF and WAVE")
        }
        let riffSize = head.uint32(at: 4)
        var found: Found?
        while true {
            let chunk = try bytes.take(8)
            guard chunk.count == 8 else {
                throw bad(found == nil ? "it ends before it says its format" : "it holds no sound")
            }
            let size = chunk.uint32(at: 4)
            switch chunk.id(at: 0) {
            case "fmt ":
                found = try format(size: size, from: &bytes)
            case "data":
                guard var found else { throw bad("its sound comes before its format") }
                // Writers that stream leave 0 or all ones for a size they never learned.
                let isUnknown = size == .max || size == 0 && (riffSize == 0 || riffSize == .max)
                found.dataSize = isUnknown ? nil : UInt64(size)
                return found
            default:
                guard try bytes.skip(UInt64(size) + UInt64(size & 1)) else {
                    throw bad(found == nil ? "it ends before it says its format" : "it holds no sound")
                }
            }
        }
    }

    private func format<Bytes: ByteReader & ~Copyable>(
        size: UInt32, from bytes: inout Bytes
    ) throws(DeviceError) -> Found {
        // 40 is the extensible form; what a longer one adds is nobody's.
        let body = try bytes.take(Int(min(size, 40)))
        guard body.count == min(size, 40), body.count >= 16 else {
            throw bad("its format is cut short")
        }
        _ = try bytes.skip(UInt64(size) - UInt64(body.count) + UInt64(size & 1))
        var tag = body.uint16(at: 0)
        if tag == 0xFFFE {
            guard body.count == 40 else { throw bad("its extensible format is cut short") }
            tag = body.uint16(at: 24)
        }
        let channels = Int(body.uint16(at: 2))
        guard (1...Downmix.maximumChannels).contains(channels) else { throw bad("it claims \(channels) channels") }
        let hertz = body.uint32(at: 4)
        guard (1_000...768_000).contains(hertz) else { throw bad("it claims a rate of \(hertz) Hz") }
        let frame = Int(body.uint16(at: 12))
        let bits = body.uint16(at: 14)
        // A container may be wider than its samples, which then stand at its upper end.
        guard frame % channels == 0, Int(bits) <= frame / channels * 8,
            let format = sampleFormat(tag: tag, bytes: frame / channels)
        else {
            throw bad("its samples are of a kind not known here (tag \(tag), \(bits) bits, \(frame) bytes a frame)")
        }
        return Found(rate: SampleRate(hertz: Int(hertz)), format: format, channels: channels)
    }

    private func sampleFormat(tag: UInt16, bytes: Int) -> SampleFormat? {
        switch (tag, bytes) {
        case (1, 1): .unsigned8
        case (1, 2): .signed16
        case (1, 3): .signed24
        case (1, 4): .signed32
        case (3, 4): .float32
        case (3, 8): .float64
        default: nil
        }
    }

    private func bad(_ found: String) -> DeviceError {
        DeviceError(.badFormat, "\(name) is no WAV file that can be read: \(found)", remedy: "Give PCM or float WAV")
    }
}

extension [UInt8] {
    /// A chunk's four letters; what is no text compares as nothing known.
    fileprivate func id(at offset: Int) -> String { String(decoding: self[offset..<offset + 4], as: UTF8.self) }

    fileprivate func uint16(at offset: Int) -> UInt16 { UInt16(self[offset]) | UInt16(self[offset + 1]) << 8 }

    fileprivate func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) | UInt32(uint16(at: offset + 2)) << 16
    }
}
