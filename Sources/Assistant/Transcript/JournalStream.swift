import Glibc
package import Logging

/// How grave a line is, as syslog(3) counts it.
package enum LogPriority: Int, Sendable, Hashable, CaseIterable {
    case critical = 2
    case error, warning, notice, info, debug

    package init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace, .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }

    /// Each line with its priority before it, which the journal takes off again (sd-daemon(3)): for what is written to
    /// stderr. Without it, all lines are `info` there.
    package func marking(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "<\(rawValue)>\($0)" }
            .joined(separator: "\n")
    }
}

/// The journal as a service's output, beside which there is no terminal, file or pipe to keep tidy.
package enum JournalStream {
    /// Whether a descriptor leads there: `JOURNAL_STREAM` has the device and the inode of the stream that the service
    /// manager gave, and what was redirected since is another (systemd.exec(5)).
    package static func isBehind(_ descriptor: CInt, environment: [String: String]) -> Bool {
        guard let parts = environment["JOURNAL_STREAM"]?.split(separator: ":", omittingEmptySubsequences: false),
            parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1])
        else { return false }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }
}
