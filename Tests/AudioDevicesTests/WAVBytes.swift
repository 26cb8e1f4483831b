import AudioFrontEnd

@testable import AudioDevices

/// A file in memory, handed out in pieces of at most `piece` bytes.
struct ArrayBytes: ByteReader {
    var bytes: [UInt8]
    var piece = Int.max

    mutating func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let count = min(bytes.count, buffer.count, piece)
        for index in 0..<count { buffer[index] = bytes[index] }
        bytes.removeFirst(count)
        return count
    }
}

/// Writes WAV files by its own reading of the format, so that a mistake in the reader cannot agree with itself.
struct WAVBytes {
    var tag: UInt16 = 1
    var channels = 1
    var rate = 16_000
    var bits = 16
    var isExtensible = false
    /// Chunks between the format and the sound, odd sizes included.
    var extras: [(id: String, bytes: [UInt8])] = []
    /// What the header says of the sound's size, when it lies.
    var claimedSize: UInt32?
    var claimedRIFFSize: UInt32?

    static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    func file(_ sound: [UInt8]) -> [UInt8] {
        let frame = channels * bits / 8
        var format = Self.little(isExtensible ? 0xFFFE : Int(tag), 2) + Self.little(channels, 2)
        format += Self.little(rate, 4) + Self.little(rate * frame, 4) + Self.little(frame, 2) + Self.little(bits, 2)
        if isExtensible {
            format += Self.little(22, 2) + Self.little(bits, 2) + Self.little(0, 4) + Self.little(Int(tag), 2)
            format += [0, 0, 0, 0, 16, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        var body = Array("WAVEfmt ".utf8) + Self.little(format.count, 4) + format
        for extra in extras {
            body += Array(extra.id.utf8) + Self.little(extra.bytes.count, 4) + extra.bytes
            if extra.bytes.count % 2 == 1 { body.append(0) }
        }
        body += Array("data".utf8) + Self.little(Int(claimedSize ?? UInt32(sound.count)), 4) + sound
        return Array("RIFF".utf8) + Self.little(Int(claimedRIFFSize ?? UInt32(body.count)), 4) + body
    }

    /// 16-bit samples as bytes.
    static func bytes(_ samples: [Int16]) -> [UInt8] { samples.flatMap { little(Int($0), 2) } }

    /// The sound of a canonical mono 16-bit file, by its header's word, or nil if the header is wrong.
    static func samples(ofFile file: [UInt8], rate: Int = 24_000) -> [Int16]? {
        guard file.count >= 44 else { return nil }
        let size = (0..<4).reduce(0) { $0 | Int(file[40 + $1]) << ($1 * 8) }
        let expected = WAVBytes(rate: rate).file([UInt8](repeating: 0, count: size))
        guard Array(file[..<44]) == Array(expected[..<44]), file.count >= 44 + size else { return nil }
        return stride(from: 44, to: 44 + size, by: 2).map {
            Int16(bitPattern: UInt16(file[$0]) | UInt16(file[$0 + 1]) << 8)
        }
    }
}
