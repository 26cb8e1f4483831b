/// Base64 as clients of the Live API really send it: either alphabet, with or without padding (RFC 4648, 4 and 5).
enum Base64 {
    /// - Returns: nil when a character belongs to neither alphabet, padding is misplaced, or a lone character is left.
    static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count / 4 * 3)
        var held: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let digit = values[Int(byte)]
            guard digit != 0xFF, padding == 0 else { return nil }
            held = held << 6 | UInt32(digit)
            count += 1
            if count == 4 {
                output.append(UInt8(truncatingIfNeeded: held >> 16))
                output.append(UInt8(truncatingIfNeeded: held >> 8))
                output.append(UInt8(truncatingIfNeeded: held))
                held = 0
                count = 0
            }
        }
        guard padding == 0 || padding + count == 4 else { return nil }
        switch count {
        case 0: return output
        case 2: output.append(UInt8(truncatingIfNeeded: held >> 4))
        case 3:
            output.append(UInt8(truncatingIfNeeded: held >> 10))
            output.append(UInt8(truncatingIfNeeded: held >> 2))
        default: return nil
        }
        return output
    }

    /// Standard alphabet, padded: what the real service sends.
    static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0) }
            for place in 0..<4 {
                let isPadding = place > count
                output.append(isPadding ? UInt8(ascii: "=") : digits[Int(group >> UInt32(18 - 6 * place)) & 63])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
        table[Int(UInt8(ascii: "-"))] = 62
        table[Int(UInt8(ascii: "_"))] = 63
        return table
    }()
}
