/// Writes JSON texts, on one line or spread over many, as the real service does.
struct JSONWriter {
    private let isPretty: Bool
    private var bytes: [UInt8] = []

    /// - Returns: UTF-8. Pretty texts end with a newline.
    static func write(_ value: JSON, pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(isPretty: pretty)
        writer.write(value, depth: 0)
        if pretty { writer.bytes.append(0x0A) }
        return writer.bytes
    }

    private init(isPretty: Bool) {
        self.isPretty = isPretty
    }

    private mutating func write(_ value: JSON, depth: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .number(let number): write(number)
        case .string(let text): write(text)
        case .array(let elements):
            write(open: "[", close: "]", count: elements.count, depth: depth) { writer, index in
                writer.write(elements[index], depth: depth + 1)
            }
        case .object(let members):
            write(open: "{", close: "}", count: members.count, depth: depth) { writer, index in
                writer.write(members[index].name)
                writer.bytes += (writer.isPretty ? ": " : ":").utf8
                writer.write(members[index].value, depth: depth + 1)
            }
        }
    }

    private mutating func write(
        open: String, close: String, count: Int, depth: Int, element: (inout JSONWriter, Int) -> Void
    ) {
        bytes += open.utf8
        for index in 0..<count {
            if index > 0 { bytes += ",".utf8 }
            newLine(depth: depth + 1)
            element(&self, index)
        }
        if count > 0 { newLine(depth: depth) }
        bytes += close.utf8
    }

    private mutating func newLine(depth: Int) {
        guard isPretty else { return }
        bytes.append(0x0A)
        bytes += [UInt8](repeating: 0x20, count: 2 * depth)
    }

    private mutating func write(_ number: Double) {
        if let whole = Int64(exactly: number) {
            bytes += String(whole).utf8
        } else if number.isFinite {
            bytes += String(number).utf8
        } else {
            bytes += "null".utf8  // JSON has no other word for it
        }
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                bytes += "\\u00\(hex.count == 1 ? "0" : "")\(hex)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
