import Glibc
import Synchronization

/// The way into the journal by its own protocol, by which an entry has fields and may have several lines.
///
/// Used by one thread at a time, that of the `OutputQueue` which keeps the entries in order.
package final class Journal: Sendable {
    /// Where systemd-journald listens (systemd.io/JOURNAL_NATIVE_PROTOCOL).
    package static let socketPath = "/run/systemd/journal/socket"

    /// Who says it; by the stream of stderr the unit says so, here nobody else does.
    let identifier: String
    private let path: String
    private let stream: CInt
    /// Connected at the first entry, and again at the next one after a failure.
    private let connection = Mutex<CInt?>(nil)

    /// - Parameters:
    ///   - path: of its socket.
    ///   - stream: where entries go that the socket does not take, as lines; the service's stderr.
    package init(identifier: String, path: String = Journal.socketPath, stream: CInt = STDERR_FILENO) {
        self.identifier = identifier
        self.path = path
        self.stream = stream
    }

    deinit { connection.withLock { _ = $0.map { close($0) } } }

    /// Sends an entry, or else writes it to the stream, without its fields. Waits while the journal is busy.
    ///
    /// - Parameter bytes: the entry's.
    /// - Returns: errno of the stream where neither took it; nil otherwise.
    func write(_ bytes: [UInt8], of entry: JournalEntry) -> CInt? {
        isSent(bytes) ? nil : OutputQueue.writeAll(Array(entry.lines.utf8), to: stream)
    }

    private func isSent(_ bytes: [UInt8]) -> Bool {
        connection.withLock { connection in
            guard let descriptor = connection ?? Self.connected(to: path) else { return false }
            connection = descriptor
            var sent = 0
            repeat { sent = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) } while sent < 0 && errno == EINTR
            if sent >= 0 { return true }
            // Too large for it, or nobody reads there any more: a new connection tells which.
            close(descriptor)
            connection = nil
            return false
        }
    }

    /// - Returns: nil where nobody listens, and for a path that no socket can have.
    private static func connected(to path: String) -> CInt? {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: target.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let isConnected = withUnsafePointer(to: &target) { target in
            target.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }
}
