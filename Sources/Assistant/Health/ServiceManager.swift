import Glibc

/// Who started us and wants to hear how we are: systemd, or what speaks its protocol (sd_notify(3), sd_watchdog_enabled(3)).
package struct ServiceManager: Equatable, Sendable {
    /// What it is told; a datagram holds a line each.
    package enum Notice: Equatable, Sendable {
        /// Started, or reloaded.
        case ready
        /// For people; kept to one line.
        case status(String)
        case stopping
        /// - Parameter microseconds: the time on CLOCK_MONOTONIC.
        case reloading(microseconds: Int)
        /// Alive and well.
        case watchdog
    }

    /// As `NOTIFY_SOCKET` has it: a path, or `@` and a name of the abstract kind.
    private let address: String
    /// How long it waits for a `watchdog` before it ends us; nil where it does not.
    package let patience: Duration?

    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - process: its id; the watchdog may be meant for another.
    /// - Returns: nil where nobody wants to hear.
    /// - Throws: `.configuration` for a socket that cannot be one, and a time that is none.
    package init?(environment: [String: String], process: Int32) throws(AssistantError) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        guard address.hasPrefix("/") || address.hasPrefix("@"), (2...Self.longest).contains(address.utf8.count) else {
            throw AssistantError(
                .configuration, "NOTIFY_SOCKET is \(address), which no Unix socket can be",
                remedy: "It is a path or @name of up to \(Self.longest) bytes; without it, no service manager is told")
        }
        self.address = address
        patience = try Self.patience(environment, process)
    }

    /// Tells it. Any thread; does not wait.
    ///
    /// - Returns: why it could not be told, as an errno; nil when it was.
    package func tell(_ notices: [Notice]) -> CInt? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        var name = Array(address.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
        // An abstract name is as long as the address says; a path's end may stand there or not.
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count)
        let text = Array(notices.map(\.text).joined(separator: "\n").utf8)
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
        let sent = withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                sendto(descriptor, text, text.count, flags, target, length)
            }
        }
        return sent == text.count ? nil : errno
    }

    /// Bytes in `sun_path`, but for the end of a path.
    private static let longest = 107

    private static func patience(
        _ environment: [String: String], _ process: Int32
    ) throws(AssistantError) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"] else { return nil }
        if let meant = environment["WATCHDOG_PID"], Int32(meant) != process { return nil }
        guard let microseconds = Int64(text), microseconds > 0 else {
            throw AssistantError(
                .configuration, "WATCHDOG_USEC is \(text), which is no time in microseconds",
                remedy: "Unset it to run without a watchdog")
        }
        return .microseconds(microseconds)
    }
}

extension ServiceManager.Notice {
    /// The line, as sd_notify(3) has it.
    var text: String {
        switch self {
        case .ready: "READY=1"
        case .status(let words): "STATUS=" + String(words.map { $0.isNewline ? " " : $0 })
        case .stopping: "STOPPING=1"
        case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
        case .watchdog: "WATCHDOG=1"
        }
    }
}
