// The inside of string literals: where it ends, what it stands for.

extension JSONCursor {
    /// Lends the bytes that a token stands for: where they lie, or in a copy when some are escaped.
    func withBytes<Result>(of token: StringToken, in text: Span<UInt8>, _ body: (Span<UInt8>) -> Result) -> Result {
        let raw = text.extracting(token.range)
        return token.hasEscapes ? body(unescaped(raw).span) : body(raw)
    }

    /// The string that a token stands for; what is no UTF-8 is repaired. Up to 15 bytes need no heap.
    func decoded(_ token: StringToken, in text: Span<UInt8>) -> String {
        withBytes(of: token, in: text) { String(repairing: $0) }
    }

    /// The bytes that the inside of a string literal stands for.
    ///
    /// Surrogates without their partner become U+FFFD, and a backslash before anything else stands for that byte.
    func unescaped(_ raw: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < raw.count else {
                bytes.append(byte)
                continue
            }
            let escape = raw[index]
            index += 1
            switch escape {
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "u"):
                let scalar = unescapedScalar(raw, &index)
                bytes.append(contentsOf: String(scalar).utf8)
            default: bytes.append(escape)
            }
        }
        return bytes
    }

    /// The scalar of a `\u` sequence (two of them for a pair of surrogates), standing behind the `u`.
    private func unescapedScalar(_ raw: Span<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        guard let unit = hexadecimal(raw, at: index) else { return "\u{FFFD}" }
        index += 4
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
            raw[index + 1] == UInt8(ascii: "u"), let low = hexadecimal(raw, at: index + 2), 0xDC00...0xDFFF ~= low
        else { return "\u{FFFD}" }
        index += 6
        return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)) ?? "\u{FFFD}"
    }

    private func hexadecimal(_ raw: Span<UInt8>, at start: Int) -> UInt16? {
        guard start + 4 <= raw.count else { return nil }
        var unit: UInt16 = 0
        for index in start..<start + 4 {
            let digit: UInt8
            switch raw[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = raw[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = raw[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = raw[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

extension String {
    /// Text from UTF-8; what is none is replaced by U+FFFD.
    init(repairing bytes: Span<UInt8>) {
        // SAFETY: the pointer is read inside the closure only.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension Span<UInt8> {
    /// The offset of the first quote or backslash at or after `start`, or `count`. Eight bytes a step: most of a
    /// message is one long string of base64.
    func firstQuoteOrBackslash(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            // SAFETY: eight bytes from `index` lie inside the span, and any bits make a UInt64.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard !word.hasByte(UInt8(ascii: "\"")), !word.hasByte(UInt8(ascii: "\\")) else { break }
            index += 8
        }
        while index < count, self[index] != UInt8(ascii: "\""), self[index] != UInt8(ascii: "\\") { index += 1 }
        return index < count ? index : count
    }
}

extension UInt64 {
    /// Whether one of the eight bytes equals `byte`: the matching byte becomes zero, and only a zero borrows.
    fileprivate func hasByte(_ byte: UInt8) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let difference = self ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & (ones << 7) != 0
    }
}
