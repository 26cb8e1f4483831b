/// Appends JSON to a buffer: objects member by member, always on one line.
///
/// Whatever is written is safe to split at line ends and to show on a terminal: beside what RFC 8259 section 7
/// demands, it escapes DEL, the C1 controls and the two Unicode line separators.
package struct JSONWriter: Sendable, ~Copyable {
    /// UTF-8 of what was written so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() { bytes.reserveCapacity(256) }

    // MARK: Objects and arrays

    /// Writes `{`, what `body` writes, and `}`.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes `"key":{…}`.
    package mutating func object(_ key: StaticString, _ body: (inout JSONWriter) -> Void) {
        write(key: key)
        object(body)
    }

    package mutating func member(_ key: StaticString, _ value: String) {
        write(key: key)
        write(quoted: value)
        needsComma = true
    }

    package mutating func member(_ key: StaticString, _ value: some BinaryInteger) {
        write(key: key)
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    package mutating func member(_ key: StaticString, _ value: Bool) {
        write(key: key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
        needsComma = true
    }

    package mutating func member(_ key: StaticString, _ values: [String]) {
        write(key: key)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(quoted: value)
        }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes counts by name, in the order of their names, so that equal counts give equal lines.
    package mutating func member(_ key: StaticString, _ counts: [String: Int]) {
        object(key) { writer in
            for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
                writer.separate()
                writer.write(quoted: name)
                writer.bytes.append(UInt8(ascii: ":"))
                writer.bytes.append(contentsOf: String(count).utf8)
                writer.needsComma = true
            }
        }
    }

    /// Writes a number with one digit after the point, such as a level in dBFS.
    ///
    /// - Precondition: `value` is finite. JSON has no other numbers, and silence has no level: leave the member out.
    package mutating func member(_ key: StaticString, tenths value: Double) {
        precondition(value.isFinite, "JSON cannot hold an infinite level")
        let tenths = Int((min(max(value, -1e9), 1e9) * 10).rounded())
        write(key: key)
        if tenths < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(contentsOf: "\(tenths.magnitude / 10).\(tenths.magnitude % 10)".utf8)
        needsComma = true
    }

    /// Writes JSON that somebody else made, without the white space between its tokens; text that is not exactly one
    /// JSON value is written as a string, so the line is valid whatever came in.
    package mutating func member(_ key: StaticString, embedding json: String) {
        write(key: key)
        if let compact = JSONText.compact(json) {
            bytes.append(contentsOf: compact)
        } else {
            write(quoted: json)
        }
        needsComma = true
    }

    // MARK: Members that are left out when there is nothing to say

    package mutating func member(_ key: StaticString, ifPresent value: String?) {
        if let value { member(key, value) }
    }

    package mutating func member(_ key: StaticString, ifPresent value: Int?) {
        if let value { member(key, value) }
    }

    // MARK: Tokens

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func write(key: StaticString) {
        separate()
        write(quoted: key.description)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func write(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes.append(contentsOf: #"\""#.utf8)
            case "\\": bytes.append(contentsOf: #"\\"#.utf8)
            case "\n": bytes.append(contentsOf: #"\n"#.utf8)
            case "\r": bytes.append(contentsOf: #"\r"#.utf8)
            case "\t": bytes.append(contentsOf: #"\t"#.utf8)
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes.append(contentsOf: "\\u".utf8)
                bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
                bytes.append(contentsOf: digits.utf8)
            default: bytes.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has an encoding
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
