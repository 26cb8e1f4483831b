/// Base64 (RFC 4648) between wire text and 16-bit samples, without a buffer in between.
///
/// Written and read three samples (six bytes, eight characters) at a time: a whole number of all three.
enum Base64 {
    /// Characters for that many bytes, padding included.
    static func encodedCount(ofBytes count: Int) -> Int { (count + 2) / 3 * 4 }
}

// MARK: - Encoding

extension Base64 {
    /// Writes samples as the base64 of their little-endian bytes, in the standard alphabet with padding.
    ///
    /// Takes them in any number of spans; what does not fill a group of three waits for the next span.
    struct SampleEncoder {
        private var position: Int
        private var waiting: UInt64 = 0  // the low 16 bits are the youngest sample's bytes
        private var waitingCount = 0

        /// - Parameter position: offset of the first character in the output.
        init(at position: Int) { self.position = position }

        /// - Precondition: the output holds `encodedCount` bytes for all samples, from the start position on.
        mutating func encode(_ samples: Span<Int16>, into output: inout MutableRawSpan) {
            var index = 0
            while waitingCount > 0, index < samples.count {
                push(samples[index], into: &output)
                index += 1
            }
            while index + 3 <= samples.count {
                let group = wireBytes(samples[index]) << 32 | wireBytes(samples[index + 1]) << 16
                output.storeBytes(
                    of: Base64.characters(group | wireBytes(samples[index + 2])), toByteOffset: position,
                    as: UInt64.self)
                position += 8
                index += 3
            }
            while index < samples.count {
                push(samples[index], into: &output)
                index += 1
            }
        }

        /// Writes what still waits, with its padding.
        mutating func finish(into output: inout MutableRawSpan) {
            guard waitingCount > 0 else { return }
            // One sample is 2 bytes: 3 characters and 1 pad. Two are 4 bytes: 6 characters and 2 pads.
            let word = Base64.characters(waiting << (48 - 16 * UInt64(waitingCount)))
            for index in 0..<waitingCount * 4 {
                let isPad = index >= waitingCount * 3
                let character = isPad ? UInt8(ascii: "=") : UInt8(truncatingIfNeeded: word >> (8 * UInt64(index)))
                output.storeBytes(of: character, toByteOffset: position + index, as: UInt8.self)
            }
            position += waitingCount * 4
            waitingCount = 0
        }

        private mutating func push(_ sample: Int16, into output: inout MutableRawSpan) {
            waiting = waiting << 16 | wireBytes(sample)
            waitingCount += 1
            guard waitingCount == 3 else { return }
            output.storeBytes(
                of: Base64.characters(waiting & 0xFFFF_FFFF_FFFF), toByteOffset: position, as: UInt64.self)
            position += 8
            waitingCount = 0
        }

        /// The sample's two bytes in the order of the wire, the first one higher.
        private func wireBytes(_ sample: Int16) -> UInt64 { UInt64(UInt16(bitPattern: sample).byteSwapped) }
    }

    /// The base64 of any bytes, appended; for images and other things that are not in a hurry.
    static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        text.reserveCapacity(text.count + encodedCount(ofBytes: bytes.count))
        var index = 0
        while index < bytes.count {
            var group: UInt64 = 0
            let count = min(6, bytes.count - index)
            for offset in 0..<count { group |= UInt64(bytes[index + offset]) << (40 - 8 * UInt64(offset)) }
            let word = characters(group)
            let characterCount = (count * 8 + 5) / 6
            for offset in 0..<characterCount { text.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(offset)))) }
            for _ in characterCount..<encodedCount(ofBytes: count) { text.append(UInt8(ascii: "=")) }
            index += count
        }
    }

    /// The eight characters of the low 48 bits, the first character in the lowest byte.
    ///
    /// All eight at once, by arithmetic on the bytes of a word; no table that has to be in the cache once in 20 ms.
    private static func characters(_ bits: UInt64) -> UInt64 {
        // 48 bits → 2 × 24 in 32 → 4 × 12 in 16 → 8 × 6 in 8, the highest bits in the highest byte.
        var values = (bits & 0xFFFF_FF00_0000) << 8 | (bits & 0x0000_00FF_FFFF)
        values = (values & 0x00FF_F000_00FF_F000) << 4 | (values & 0x0000_0FFF_0000_0FFF)
        values = (values & 0x0FC0_0FC0_0FC0_0FC0) << 2 | (values & 0x003F_003F_003F_003F)
        // A…Z is value + 65, and each later range moves by another constant: a…z +6, 0…9 −75, "+" −15, "/" +3.
        // Bytes may borrow from each other in between; the sum is right in every byte, and so is the whole.
        let characters =
            values &+ 65 &* ones &+ 6 &* flags(values, atLeast: 26) &- 75 &* flags(values, atLeast: 52)
            &- 15 &* flags(values, atLeast: 62) &+ 3 &* flags(values, atLeast: 63)
        return characters.bigEndian
    }

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    /// 1 in every byte whose value (0…63) is at least `limit`, else 0.
    private static func flags(_ values: UInt64, atLeast limit: UInt64) -> UInt64 {
        (values &+ (128 &- limit) &* ones) >> 7 & ones
    }
}

// MARK: - Decoding

extension Base64 {
    /// What became of a text.
    struct Outcome: Equatable {
        /// Samples handed over, in order from the start of the text.
        var samples = 0
        /// Offset of the first character that belongs to no base64, or of the end of a text that breaks off.
        var faultOffset: Int?
        /// A byte was left over behind the last whole sample.
        var hasOddByte = false
    }

    /// Decodes little-endian samples and hands them over in native order, in pieces.
    ///
    /// Both alphabets, padding optional. Up to the first fault everything is handed over; after it nothing.
    static func decodeSamples(_ text: Span<UInt8>, _ deliver: (Span<Int16>) -> Void) -> Outcome {
        // On the stack; 64 ms at 24 kHz, so that a usual message is one piece. A multiple of three fills up evenly.
        var chunk = [1536 of Int16](repeating: 0)
        var outcome = Outcome()
        let characterCount = text.count - paddingCount(of: text)
        let values = Base64.values
        let table = values.span
        var filled = 0
        var index = 0
        while index + 8 <= characterCount {
            // SAFETY: eight bytes from `index` lie inside the span, and any bits make a UInt64.
            let word = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let group = bits(ofEight: word, table)
            guard group >> 48 == 0 else { break }  // the careful loop below says where
            chunk[filled] = sample(group >> 32)
            chunk[filled + 1] = sample(group >> 16)
            chunk[filled + 2] = sample(group)
            filled += 3
            index += 8
            if filled == chunk.count {
                deliver(chunk.span)
                outcome.samples += filled
                filled = 0
            }
        }
        var waiting: UInt64 = 0
        var waitingBits: UInt64 = 0
        while index < characterCount {
            let value = values[Int(text[index])]
            guard value < 64 else {
                outcome.faultOffset = index
                break
            }
            waiting = waiting << 6 | UInt64(value)
            waitingBits += 6
            index += 1
            if waitingBits >= 16 {
                waitingBits -= 16
                chunk[filled] = sample(waiting >> waitingBits)
                filled += 1
            }
        }
        if filled > 0 {
            deliver(chunk.span.extracting(first: filled))
            outcome.samples += filled
        }
        if outcome.faultOffset == nil {
            if characterCount % 4 == 1 { outcome.faultOffset = characterCount }
            outcome.hasOddByte = waitingBits >= 8
        }
        return outcome
    }

    /// The bytes of a text in either alphabet, padding optional; nil when it is not base64.
    static func decodeBytes(_ text: Span<UInt8>) -> [UInt8]? {
        let characterCount = text.count - paddingCount(of: text)
        guard characterCount % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characterCount / 4 * 3 + 2)
        let values = Base64.values
        var waiting: UInt32 = 0
        var waitingBits: UInt32 = 0
        for index in 0..<characterCount {
            let value = values[Int(text[index])]
            guard value < 64 else { return nil }
            waiting = waiting << 6 | UInt32(value)
            waitingBits += 6
            if waitingBits >= 8 {
                waitingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: waiting >> waitingBits))
            }
        }
        return bytes
    }

    private static func paddingCount(of text: Span<UInt8>) -> Int {
        var count = 0
        while count < 2, count < text.count, text[text.count - 1 - count] == UInt8(ascii: "=") { count += 1 }
        return count
    }

    /// The 48 bits of eight characters, the first in the lowest byte of `word`; bits above them are set when one of
    /// the characters is none.
    @inline(__always)
    private static func bits(ofEight word: UInt64, _ values: Span<UInt8>) -> UInt64 {
        var bits: UInt64 = 0
        var anyBits: UInt8 = 0
        for index in 0..<8 {
            let character = UInt8(truncatingIfNeeded: word >> (8 * UInt64(index)))
            // SAFETY: the table has an entry for each of the 256 bytes.
            let value = unsafe values[unchecked: Int(character)]
            anyBits |= value
            bits = bits << 6 | UInt64(value & 63)
        }
        return bits | UInt64(anyBits & 0x80) << 56
    }

    /// The sample whose two bytes, as on the wire, are the low 16 bits.
    private static func sample(_ bits: UInt64) -> Int16 {
        Int16(bitPattern: UInt16(truncatingIfNeeded: bits).byteSwapped)
    }

    /// The value of every character in both alphabets; 255 for what is none.
    private static let values: [256 of UInt8] = {
        var values = [256 of UInt8](repeating: 255)
        for value in 0..<26 {
            values[Int(UInt8(ascii: "A")) + value] = UInt8(value)
            values[Int(UInt8(ascii: "a")) + value] = UInt8(26 + value)
        }
        for value in 0..<10 { values[Int(UInt8(ascii: "0")) + value] = UInt8(52 + value) }
        for plus in [UInt8(ascii: "+"), UInt8(ascii: "-")] { values[Int(plus)] = 62 }
        for slash in [UInt8(ascii: "/"), UInt8(ascii: "_")] { values[Int(slash)] = 63 }
        return values
    }()
}
