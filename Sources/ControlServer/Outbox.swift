import FlyingSocks
import FoundationEssentials
import Glibc
import Synchronization

/// What goes out to one client: answers and events, one line after the other.
///
/// Nothing is queued here: whoever writes waits until the client has taken it, so a client that reads nothing holds
/// up itself alone.
actor Outbox {
    private let socket: AsyncSocket
    private var isBusy = false
    /// The connection's two writers at most.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private nonisolated let progress = Progress()

    init(_ socket: AsyncSocket) { self.socket = socket }

    /// - Throws: when the client is gone.
    func send(_ line: Data) async throws {
        while isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        progress.begin()
        defer {
            progress.end()
            isBusy = false
            if !waiting.isEmpty { waiting.removeFirst().resume() }
        }
        try await socket.write(line)
    }

    /// For how long the client has not taken what it is being sent; nil where nothing waits for it.
    nonisolated var stalledFor: Duration? { progress.stalledFor }

    /// Ends both directions; whoever reads or writes finds the end. Any thread.
    nonisolated func cut() { shutdown(socket.socket.file.rawValue, CInt(SHUT_RDWR)) }

    private final class Progress: Sendable {
        private let since = Mutex<ContinuousClock.Instant?>(nil)

        func begin() { since.withLock { $0 = .now } }
        func end() { since.withLock { $0 = nil } }
        var stalledFor: Duration? { since.withLock { $0.map { .now - $0 } } }
    }
}
