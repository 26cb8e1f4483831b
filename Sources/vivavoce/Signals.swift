import Dispatch
import Glibc

/// Signals as a stream of their numbers.
enum Signals {
    /// Those that ask a conversation to end, and the one that tells of a new window size.
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGWINCH]

    /// Takes the signals for as long as the stream is read; the process's own way to end on them is gone from then on.
    ///
    /// Bound: 16. A burst beyond that says nothing new.
    static func stream() -> AsyncStream<CInt> {
        let (stream, feed) = AsyncStream.makeStream(of: CInt.self, bufferingPolicy: .bufferingNewest(16))
        let queue = DispatchQueue(label: "vivavoce.signals")
        // SAFETY: a Dispatch source may be used from any thread.
        nonisolated(unsafe) let sources = numbers.map { number in
            signal(number, SIG_IGN)  // Dispatch sees ignored signals too, and only then does the process live on
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { feed.yield(number) }
            source.resume()
            return source
        }
        feed.onTermination = { _ in for source in sources { source.cancel() } }
        return stream
    }
}
