extension JSONValue {
    /// Parses one JSON text (RFC 8259) in UTF-8; whitespace and a byte order mark around it are allowed.
    ///
    /// Invalid UTF-8 is repaired with U+FFFD, integers beyond 64 bits become doubles, and nesting beyond
    /// `JSONCursor.maximumDepth` levels is a failure, so hostile text costs linear time and little stack.
    package init(parsing text: Span<UInt8>) throws(DecodingFailure) {
        var cursor = JSONCursor(text)
        self = try cursor.value(in: text)
        try cursor.expectEnd(in: text)
    }

    package init(parsing text: String) throws(DecodingFailure) {
        try self.init(parsing: Array(text.utf8).span)
    }

    /// JSON text without whitespace, members in their order.
    package func serialized() -> [UInt8] {
        var text: [UInt8] = []
        text.append(json: self)
        return text
    }
}

extension [UInt8] {
    /// Deeper values than this are written as `null`. Whatever was parsed is much shallower, so only a value that
    /// was built level by level in memory can get here, and it must not overflow the stack.
    private static var deepestWritten: Int { 512 }

    mutating func append(json value: JSONValue, depth: Int = 0) {
        guard depth <= Self.deepestWritten else {
            append(ascii: "null")
            return
        }
        switch value {
        case .null: append(ascii: "null")
        case .bool(let flag): append(ascii: flag ? "true" : "false")
        case .integer(let number): append(contentsOf: String(number).utf8)
        case .number(let number):
            // JSON has no word for these; protocol buffers write them as strings, which a reader here takes back.
            guard number.isFinite else {
                append(jsonString: number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
                return
            }
            append(contentsOf: String(number).utf8)
        case .string(let text): append(jsonString: text)
        case .array(let elements):
            append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(json: element, depth: depth + 1)
            }
            append(UInt8(ascii: "]"))
        case .object(let members):
            append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(jsonString: member.name)
                append(UInt8(ascii: ":"))
                append(json: member.value, depth: depth + 1)
            }
            append(UInt8(ascii: "}"))
        }
    }

    /// A quoted JSON string: only what must be escaped is.
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case UInt8(ascii: "\n"): append(ascii: "\\n")
            case UInt8(ascii: "\r"): append(ascii: "\\r")
            case UInt8(ascii: "\t"): append(ascii: "\\t")
            case 0..<0x20:
                append(ascii: "\\u00")
                append(contentsOf: String(0x100 + UInt16(byte), radix: 16).utf8.dropFirst())
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func append(ascii text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount {
            // SAFETY: the index lies below the count, and callers pass string literals.
            unsafe append(text.utf8Start[index])
        }
    }
}
