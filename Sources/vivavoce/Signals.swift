import CProcess
import Dispatch
import Glibc

/// The signals that a conversation answers to; they do not end the process while this is open.
final class Signals: Sendable {
    /// Those that ask for the end, the one that tells of a new window size, and those that are the key to talk.
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGUSR1, SIGUSR2]

    /// Numbers as they arrive. Bound: 16, the newest are kept; a burst beyond that says nothing new.
    let arrivals: AsyncStream<CInt>

    private let feed: AsyncStream<CInt>.Continuation
    private let given = DispatchSemaphore(value: 0)
    // SAFETY: a Dispatch source may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// - Precondition: no other is open.
    init() {
        let (arrivals, feed) = AsyncStream.makeStream(of: CInt.self, bufferingPolicy: .bufferingNewest(16))
        self.arrivals = arrivals
        self.feed = feed
        let descriptor = vv_signals_take(Self.numbers, CInt(Self.numbers.count))
        precondition(descriptor >= 0, "signals can be taken once at a time, and need a pipe")
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "vivavoce.signals"))
        source.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(descriptor, &bytes, bytes.count)
            for byte in bytes.prefix(max(0, count)) { feed.yield(CInt(byte)) }
        }
        // Only now: giving back ends the pipe, and an event of its end that meets the cancelling is one too many for
        // libdispatch's event loop, which looks at what it has just freed (about once in a hundred ends).
        source.setCancelHandler { [given] in
            vv_signals_give_back()
            Glibc.close(descriptor)
            given.signal()
        }
        source.resume()
    }

    /// Gives the signals back and ends `arrivals`. Waits for Dispatch to let go of them, which takes microseconds.
    func close() {
        source.cancel()
        given.wait()
        feed.finish()
    }
}
