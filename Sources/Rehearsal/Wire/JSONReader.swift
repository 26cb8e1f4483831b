/// Reads one JSON text (RFC 8259). Nothing in it can make the reader trap or recurse without end.
struct JSONReader {
    /// Where and why a text is not JSON.
    struct Malformed: Error, Equatable {
        let offset: Int
        let reason: String
    }

    /// Nesting beyond this is refused. The protocol itself needs about ten levels.
    static let deepest = 100

    private let bytes: [UInt8]
    private var next = 0

    /// - Parameter bytes: the whole text, UTF-8.
    static func read(_ bytes: [UInt8]) throws(Malformed) -> JSON {
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.next == bytes.count else { throw reader.malformed("something follows the value") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func value(depth: Int) throws(Malformed) -> JSON {
        guard depth < Self.deepest else { throw malformed("nested too deeply") }
        guard next < bytes.count else { throw malformed("the text ends where a value is due") }
        switch bytes[next] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(Malformed) -> JSON {
        next += 1
        var members: [JSON.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard next < bytes.count, bytes[next] == UInt8(ascii: "\"") else { throw malformed("a name is due") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw malformed("a colon is due") }
            skipSpace()
            members.append(JSON.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw malformed("a comma or closing brace is due") }
        }
    }

    private mutating func array(depth: Int) throws(Malformed) -> JSON {
        next += 1
        var elements: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw malformed("a comma or closing bracket is due") }
        }
    }

    private mutating func string() throws(Malformed) -> String {
        next += 1
        let start = next
        // Base64 makes most strings long and free of escapes, so those are taken in one piece.
        guard let end = bytes[start...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") })
        else { throw malformed("the text ends inside a string") }
        var text = Array(bytes[start..<end])
        next = end
        while true {
            guard next < bytes.count else { throw malformed("the text ends inside a string") }
            let byte = bytes[next]
            next += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw malformed("not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape() throws(Malformed) -> [UInt8] {
        guard next < bytes.count else { throw malformed("the text ends inside a string") }
        let byte = bytes[next]
        next += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw malformed("half a surrogate") }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw malformed("half a surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed("half a surrogate") }
            return Array(String(Character(scalar)).utf8)
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(Malformed) -> UInt32 {
        guard next + 4 <= bytes.count else { throw malformed("the text ends inside a string") }
        var code: UInt32 = 0
        for byte in bytes[next..<next + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw malformed("no hexadecimal") }
            code = code << 4 | UInt32(digit)
        }
        next += 4
        return code
    }

    private mutating func number() throws(Malformed) -> Double {
        let start = next
        let allowed = "+-.eE0123456789".utf8
        while next < bytes.count, allowed.contains(bytes[next]) { next += 1 }
        let text = String(decoding: bytes[start..<next], as: UTF8.self)
        // Double takes more than JSON does: a leading plus, a bare or trailing point, leading zeros.
        let digits = text.drop { $0 == "-" }
        guard let first = digits.first, first.isNumber, text.last?.isNumber == true, !text.dropFirst().hasPrefix("-"),
            first != "0" || digits.dropFirst().first?.isNumber != true, let number = Double(text), number.isFinite
        else {
            next = start
            throw malformed("a value is due")
        }
        return number
    }

    private mutating func literal(_ word: String) throws(Malformed) {
        guard bytes[next...].starts(with: word.utf8) else { throw malformed("a value is due") }
        next += word.utf8.count
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next < bytes.count, bytes[next] == byte else { return false }
        next += 1
        return true
    }

    private mutating func skipSpace() {
        while next < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[next]) { next += 1 }
    }

    private func malformed(_ reason: String) -> Malformed {
        Malformed(offset: next, reason: reason)
    }
}
