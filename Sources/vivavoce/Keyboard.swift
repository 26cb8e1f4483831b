import CProcess
import Dispatch
import Glibc

/// Keys from the terminal device, one by one and unseen, so that stdin stays free for audio.
final class Keyboard: Sendable {
    /// What was typed, as it came. Bound: 64 reads, the oldest are kept; nobody types that far ahead.
    let input: AsyncStream<[UInt8]>

    private let feed: AsyncStream<[UInt8]>.Continuation
    // SAFETY: a Dispatch source may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Takes the terminal until `close()`.
    ///
    /// - Returns: nil where nobody can press keys: without a terminal, in its background, or with all output elsewhere.
    init?() {
        guard isatty(STDOUT_FILENO) == 1 || isatty(STDERR_FILENO) == 1 else { return nil }
        // For writing too: on a crash, the cursor is given back through it.
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard terminal >= 0 else { return nil }
        guard vv_terminal_enter(terminal, VV_TERMINAL_KEYS) == 0 else {
            Glibc.close(terminal)
            return nil
        }
        let (input, feed) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingOldest(64))
        self.input = input
        self.feed = feed
        source = DispatchSource.makeReadSource(fileDescriptor: terminal, queue: DispatchQueue(label: "vivavoce.keys"))
        source.setEventHandler {
            // In the background the keys are the shell's, and reading would stop the process.
            guard vv_terminal_is_ours(terminal) == 1 else {
                usleep(100_000)
                return
            }
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = read(terminal, &bytes, bytes.count)
            if count > 0 {
                feed.yield(Array(bytes[..<count]))
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                feed.finish()  // the terminal is gone
            }
        }
        source.setCancelHandler { Glibc.close(terminal) }
        source.resume()
    }

    /// Asks the terminal to tell when keys go up, or no more; one that does says so in `input`.
    func reportReleases(_ wanted: Bool) { vv_terminal_report_releases(wanted ? 1 : 0) }

    /// Gives the terminal back and ends `input`.
    func close() {
        Self.restoreTerminal()
        source.cancel()
        feed.finish()
    }

    /// Puts the terminal back as it was found. Any thread; does nothing when it is.
    static func restoreTerminal() { vv_terminal_leave() }
}
