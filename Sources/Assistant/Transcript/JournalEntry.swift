import Events

/// What an entry of the journal says beside its text, by a name to search for.
package struct JournalField: Sendable, Equatable {
    package let name: String
    package let value: String

    /// - Parameters:
    ///   - member: as an event or a log line calls it: `device` is `VIVAVOCE_DEVICE`.
    ///   - value: made safe to print; the first 32 KiB count.
    package init(_ member: String, _ value: String) {
        name = VariableName.of(member)
        self.value = TerminalText.sanitized(value)
    }
}

/// One entry of the journal.
package struct JournalEntry: Sendable, Equatable {
    /// Of one value, bytes: an entry is one datagram, of which a socket takes some 200 KiB.
    private static let longest = 32 * 1_024

    /// One line, or several.
    package var message: String
    package var priority: LogPriority
    package var fields: [JournalField]

    package init(_ message: String, _ priority: LogPriority, fields: [JournalField] = []) {
        self.message = message
        self.priority = priority
        self.fields = fields
    }

    /// The entry in the journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): for each field a line `NAME=value`; of a
    /// value with line ends, a line `NAME`, its length in bytes as a little-endian 64-bit number, the value and a line end.
    ///
    /// - Parameter identifier: who says it.
    package func bytes(from identifier: String) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ name: String, _ value: String) {
            let value = Self.beginning(of: value)
            bytes += name.utf8
            if value.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                for shift in stride(from: 0, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: value.count >> shift))
                }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += value
            bytes.append(UInt8(ascii: "\n"))
        }
        add("MESSAGE", message)
        add("PRIORITY", "\(priority.rawValue)")
        add("SYSLOG_IDENTIFIER", identifier)
        for field in fields { add(field.name, field.value) }
        return bytes
    }

    /// The entry without its fields, as a service's stderr may have it: lines, each with the priority before it.
    package var lines: String { priority.marking(message) + "\n" }

    /// What counts of a value; never half a character, which would make the journal take it for no text.
    private static func beginning(of value: String) -> [UInt8] {
        let bytes = Array(value.utf8)
        guard bytes.count > longest else { return bytes }
        let end = bytes[...longest].lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        return Array(bytes[..<end])
    }
}
