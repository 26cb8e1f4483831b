import Dispatch
import Glibc
import Synchronization

/// Writes to descriptors in order, on a queue of its own, so that a reader that stalls (a stopped terminal, a full
/// pipe) stalls nothing but the output.
package final class OutputQueue: Sendable {
    private struct State {
        var waiting = 0
        var failure: CInt?
    }

    /// Bytes that may wait for a reader that stalls; more is refused.
    package static let bound = 1 << 20

    private let queue = DispatchQueue(label: "vivavoce.output")
    private let state = Mutex(State())

    package init() {}

    /// Bytes that wait to be written.
    package var waiting: Int { state.withLock { $0.waiting } }

    /// errno of the first write that failed; nothing is written after it. `EPIPE`: the reader is gone.
    package var failure: CInt? { state.withLock { $0.failure } }

    /// Queues bytes behind those that wait. Any thread; never waits.
    ///
    /// - Returns: false when more than `bound` bytes would wait, or after a failure; nothing of `bytes` is written then.
    @discardableResult
    package func write(_ bytes: some Collection<UInt8>, to descriptor: CInt) -> Bool {
        let bytes = Array(bytes)
        return enqueue(bytes.count) { Self.writeAll(bytes, to: descriptor) }
    }

    /// Queues an entry likewise. One that the journal's socket does not take is no failure, but one that its stream does not
    /// take either.
    func write(_ entry: JournalEntry, to journal: Journal) -> Bool {
        let bytes = entry.bytes(from: journal.identifier)
        return enqueue(bytes.count) { journal.write(bytes, of: entry) }
    }

    /// - Parameters:
    ///   - size: bytes that wait meanwhile.
    ///   - write: in its turn; returns errno of what failed.
    private func enqueue(_ size: Int, _ write: @escaping @Sendable () -> CInt?) -> Bool {
        guard size > 0 else { return true }
        let isAccepted = state.withLock { state in
            guard state.failure == nil, state.waiting + size <= Self.bound else { return false }
            state.waiting += size
            return true
        }
        guard isAccepted else { return false }
        queue.async {
            let failure = self.failure ?? write()
            self.state.withLock { state in
                state.waiting -= size
                state.failure = state.failure ?? failure
            }
        }
        return true
    }

    /// Waits until everything queued so far is written, or has failed.
    package func drain() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    /// As `drain()`, but blocks the thread, and gives up after `limit`: for the way out of the process.
    ///
    /// - Returns: whether everything was written.
    @discardableResult
    package func drain(within limit: Duration) -> Bool {
        let written = DispatchSemaphore(value: 0)
        queue.async { written.signal() }
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        return written.wait(timeout: .now() + .milliseconds(Int(milliseconds))) == .success && failure == nil
    }

    /// Writes all of it, blocking.
    ///
    /// - Returns: errno of the call that failed; nil when all was written.
    static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                // Somebody who shares the terminal made it non-blocking.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, 1000)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}
