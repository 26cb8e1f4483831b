/// JSON that came in as text: checks that it is one whole value and drops the white space between its tokens.
///
/// Nothing is decoded: numbers and escapes stay as they were written. Costs time linear in the text's length.
package struct JSONText: ~Copyable {
    /// How deep arrays and objects may lie in each other; a service's metadata has less than ten.
    private static let deepest = 64

    private let input: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    private init(_ text: String) {
        input = Array(text.utf8)
        output.reserveCapacity(input.count)
    }

    /// - Returns: the value on one line as UTF-8, or nil when the text is anything but one JSON value (RFC 8259), or
    ///   nests deeper than 64.
    package static func compact(_ text: String) -> [UInt8]? {
        var scanner = JSONText(text)
        guard scanner.value(depth: 0) else { return nil }
        scanner.skipSpace()
        return scanner.position == scanner.input.count ? scanner.output : nil
    }

    /// One member of an object, on one line, otherwise as it was written.
    ///
    /// - Parameter key: of characters that JSON does not escape.
    /// - Returns: nil where the text does not begin with an object, or that has no such member; of several the last.
    package static func member(_ key: String, of text: String) -> String? {
        var scanner = JSONText(text)
        var found: String?
        scanner.skipSpace()
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        repeat {
            scanner.skipSpace()
            scanner.output.removeAll(keepingCapacity: true)
            guard scanner.string() else { return found }
            let isWanted = scanner.output.elementsEqual("\"\(key)\"".utf8)
            scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ":")) else { return nil }
            scanner.output.removeAll(keepingCapacity: true)
            guard scanner.value(depth: 1) else { return nil }
            if isWanted { found = String(decoding: scanner.output, as: UTF8.self) }
            scanner.skipSpace()
        } while scanner.take(UInt8(ascii: ","))
        return found
    }

    private var next: UInt8? { position < input.count ? input[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func copy() {
        output.append(input[position])
        position += 1
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        copy()
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return depth < Self.deepest && object(depth: depth + 1)
        case UInt8(ascii: "["): return depth < Self.deepest && array(depth: depth + 1)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> Bool {
        copy()
        skipSpace()
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            skipSpace()
            guard string() else { return false }
            skipSpace()
            guard take(UInt8(ascii: ":")), value(depth: depth) else { return false }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) -> Bool {
        copy()
        skipSpace()
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard value(depth: depth) else { return false }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for byte in word.description.utf8 where !take(byte) { return false }
        return true
    }

    private mutating func string() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while let byte = next {
            copy()
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = next else { return false }
        copy()
        guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
        for _ in 0..<4 {
            guard let digit = next, Character(Unicode.Scalar(digit)).isHexDigit else { return false }
            copy()
        }
        return true
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { guard digits() else { return false } }
        if take(UInt8(ascii: ".")) { guard digits() else { return false } }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            copy()
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return digits()
        }
        return true
    }

    /// One digit or more.
    private mutating func digits() -> Bool {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { copy() }
        return position > start
    }
}
