/// A place in a JSON text and the steps from one token to the next: a pull reader over UTF-8 bytes that builds
/// nothing the caller did not ask for.
///
/// The text is handed to every call instead of being kept, because a span cannot be stored; it must be the same one.
/// Stays inside it whatever it holds: every step checks, and nesting ends at `maximumDepth`. A thrown failure leaves
/// the cursor where it stood, and no further step makes sense. Does not allocate except for the values it returns.
struct JSONCursor {
    /// Levels of nesting taken. The protocol's own messages have about ten; the bits of a word hold the kinds of 64.
    static var maximumDepth: Int { 64 }

    /// What the next value is, told by its first byte.
    enum Kind {
        case object
        case array
        case string
        case number
        case literal
    }

    /// The inside of a string literal, still in the text.
    struct StringToken {
        /// Bytes between the quotes.
        var range: Range<Int>
        /// Some of the bytes are escape sequences.
        var hasEscapes: Bool
    }

    /// Byte offset of the next token, or of the whitespace before it.
    private(set) var offset = 0
    private var depth = 0

    /// Stands at the start of the text, behind a byte order mark.
    init(_ text: Span<UInt8>) {
        if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { offset = 3 }
    }
}

// MARK: - Structure

extension JSONCursor {
    /// The kind of the value that comes next.
    mutating func kind(in text: Span<UInt8>) throws(DecodingFailure) -> Kind {
        skipWhitespace(in: text)
        guard offset < text.count else { throw failure("message ends inside a value") }
        switch text[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
        default: throw failure("no JSON value")
        }
    }

    /// Steps over the opening bracket of the object or array that comes next.
    mutating func enter(in text: Span<UInt8>) throws(DecodingFailure) {
        guard depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
        depth += 1
        offset += 1
    }

    /// The name of the object's next member, standing before its value; nil once the object is closed and left.
    ///
    /// - Parameter isFirst: true before the first call for an object; cleared here.
    mutating func nextName(in text: Span<UInt8>, isFirst: inout Bool) throws(DecodingFailure) -> String? {
        guard try advance(in: text, closing: UInt8(ascii: "}"), isFirst: &isFirst) else { return nil }
        let name = try string(in: text)
        try step(over: UInt8(ascii: ":"), in: text)
        return decoded(name, in: text)
    }

    /// Whether the array has another element, standing before it; false once the array is closed and left.
    ///
    /// - Parameter isFirst: true before the first call for an array; cleared here.
    mutating func hasElement(in text: Span<UInt8>, isFirst: inout Bool) throws(DecodingFailure) -> Bool {
        try advance(in: text, closing: UInt8(ascii: "]"), isFirst: &isFirst)
    }

    /// Checks that nothing but whitespace is left.
    mutating func expectEnd(in text: Span<UInt8>) throws(DecodingFailure) {
        skipWhitespace(in: text)
        guard offset == text.count else { throw failure("text after the end of the message") }
    }

    private mutating func advance(
        in text: Span<UInt8>, closing: UInt8, isFirst: inout Bool
    ) throws(DecodingFailure) -> Bool {
        skipWhitespace(in: text)
        guard offset < text.count else { throw failure("message ends inside brackets") }
        if text[offset] == closing {
            offset += 1
            depth -= 1
            return false
        }
        if !isFirst { try step(over: UInt8(ascii: ","), in: text) }
        isFirst = false
        return true
    }

    private mutating func step(over byte: UInt8, in text: Span<UInt8>) throws(DecodingFailure) {
        skipWhitespace(in: text)
        guard offset < text.count, text[offset] == byte else {
            throw failure("no “\(Character(Unicode.Scalar(byte)))” where one belongs")
        }
        offset += 1
    }

    private mutating func skipWhitespace(in text: Span<UInt8>) {
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): offset += 1
            default: return
            }
        }
    }

    private func failure(_ problem: String) -> DecodingFailure { DecodingFailure(problem, offset: offset) }
}

// MARK: - Values

extension JSONCursor {
    /// Steps over the next value, whatever it is, without building or recursing.
    mutating func skipValue(in text: Span<UInt8>) throws(DecodingFailure) {
        let outerDepth = depth
        var objects: UInt64 = 0  // the innermost container opened here is the lowest bit: 1 object, 0 array
        var isFirst = true
        repeat {
            let isInside = depth > outerDepth
            if isInside {
                let isObject = objects & 1 == 1
                let closing = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                guard try advance(in: text, closing: closing, isFirst: &isFirst) else {
                    objects >>= 1
                    isFirst = false  // the container that we are back in has had this one
                    continue
                }
                if isObject {
                    _ = try string(in: text)
                    try step(over: UInt8(ascii: ":"), in: text)
                }
            }
            switch try kind(in: text) {
            case .object:
                try enter(in: text)
                objects = objects << 1 | 1
                isFirst = true
            case .array:
                try enter(in: text)
                objects <<= 1
                isFirst = true
            case .string: _ = try string(in: text)
            case .number: _ = try numberRange(in: text)
            case .literal: _ = try literal(in: text)
            }
        } while depth > outerDepth
    }

    /// The next value as a tree; for members that are not speech.
    mutating func value(in text: Span<UInt8>) throws(DecodingFailure) -> JSONValue {
        switch try kind(in: text) {
        case .object:
            try enter(in: text)
            var members: [JSONValue.Member] = []
            var isFirst = true
            while let name = try nextName(in: text, isFirst: &isFirst) {
                members.append(JSONValue.Member(name, try value(in: text)))  // recursion ends at `maximumDepth`
            }
            return .object(members)
        case .array:
            try enter(in: text)
            var elements: [JSONValue] = []
            var isFirst = true
            while try hasElement(in: text, isFirst: &isFirst) { elements.append(try value(in: text)) }
            return .array(elements)
        case .string:
            let token = try string(in: text)
            return .string(decoded(token, in: text))
        case .number:
            let digits = String(repairing: text.extracting(try numberRange(in: text)))
            if let whole = Int64(digits) { return .integer(whole) }
            guard let number = Double(digits) else { throw failure("no number") }
            return .number(number)
        case .literal: return try literal(in: text)
        }
    }

    /// The string literal that comes next. Anything else is a failure.
    mutating func string(in text: Span<UInt8>) throws(DecodingFailure) -> StringToken {
        skipWhitespace(in: text)
        guard offset < text.count, text[offset] == UInt8(ascii: "\"") else { throw failure("no string") }
        let start = offset + 1
        var end = start
        var hasEscapes = false
        while true {
            end = text.firstQuoteOrBackslash(from: end)
            guard end < text.count else { throw failure("message ends inside a string") }
            if text[end] == UInt8(ascii: "\"") { break }
            hasEscapes = true
            end += 2  // whatever is escaped, it does not end the string
        }
        offset = end + 1
        return StringToken(range: start..<end, hasEscapes: hasEscapes)
    }

    private mutating func numberRange(in text: Span<UInt8>) throws(DecodingFailure) -> Range<Int> {
        let start = offset
        if text[offset] == UInt8(ascii: "-") { offset += 1 }
        try skipDigits(in: text)
        if offset < text.count, text[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(in: text)
        }
        if offset < text.count, text[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < text.count, text[offset] == UInt8(ascii: "+") || text[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try skipDigits(in: text)
        }
        return start..<offset
    }

    private mutating func skipDigits(in text: Span<UInt8>) throws(DecodingFailure) {
        let start = offset
        while offset < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[offset] { offset += 1 }
        guard offset > start else { throw failure("no digit where one belongs") }
    }

    private mutating func literal(in text: Span<UInt8>) throws(DecodingFailure) -> JSONValue {
        let words: [3 of (StaticString, JSONValue)] = [("true", .bool(true)), ("false", .bool(false)), ("null", .null)]
        for index in words.indices where text.hasWord(words[index].0, at: offset) {
            offset += words[index].0.utf8CodeUnitCount
            return words[index].1
        }
        throw failure("no JSON value")
    }
}

extension Span<UInt8> {
    fileprivate func hasWord(_ word: StaticString, at start: Int) -> Bool {
        guard start + word.utf8CodeUnitCount <= count else { return false }
        for index in 0..<word.utf8CodeUnitCount {
            // SAFETY: the index lies below the word's count, and callers pass string literals.
            guard unsafe word.utf8Start[index] == self[start + index] else { return false }
        }
        return true
    }
}
