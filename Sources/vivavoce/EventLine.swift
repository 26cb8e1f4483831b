import ControlProtocol
import Events
@preconcurrency import Glibc  // `stdout`, which C has as a variable
import LiveProtocol

/// An event as `watch` shows it to people: when, what, and its members in short.
enum EventLine {
    /// - Parameter json: the event's own line.
    static func text(_ name: String, _ json: String) -> String {
        guard let members = JSONValue(line: json.utf8)?.members else { return json }
        let time = members["at"]?.asString?.split(separator: "T").last?.prefix(8) ?? ""
        let left = members.filter { !["event", "at", "session", "marks"].contains($0.key) }
        let pairs = left.sorted { $0.key < $1.key }.map { "\($0.key)=\(short($0.value))" }
        return TerminalSafe.text(([String(time), name] + pairs).joined(separator: "  "))
    }

    private static func short(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text.contains(" ") || text.isEmpty ? "“\(text)”" : text
        default: String(decoding: value.serialized(), as: UTF8.self)
        }
    }
}

enum TerminalSafe {
    /// Without anything that a terminal would obey.
    static func text(_ text: String) -> String { TerminalText.sanitized(text) }
}

enum Output {
    /// A line to stdout, at once; when nobody reads it any more, the process ends quietly.
    static func line(_ text: String) {
        var bytes = Array(text.utf8)
        bytes.append(UInt8(ascii: "\n"))
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress! + sent, $0.count - sent) }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                fail(count < 0 ? errno : EIO)
            }
            sent += count
        }
    }

    /// Sees out what `print` has written, and lost: it keeps quiet about both.
    static func finish() {
        let isFlushed = fflush(stdout) == 0
        let number = errno
        guard isFlushed else { fail(number) }
        guard ferror(stdout) == 0 else { fail(EIO) }
    }

    private static func fail(_ number: CInt) -> Never {
        guard number != EPIPE else { exit(0) }
        Failure.print("cannot write to stdout: \(String(cString: strerror(number)))")
        exit(74)
    }
}
