import Synchronization

/// The one owner of what this process prints: transcript, notices, log lines, and the live rows of a terminal.
///
/// Callable from any thread; never waits for a reader. Where nobody reads, lines are dropped and their number is told
/// once there is room again.
package final class Console: Sendable {
    package struct Layout: Sendable, Equatable {
        /// Where data goes: 1, or 2 when stdout carries audio.
        package var transcript: CInt
        /// Where everything else goes.
        package var notices: CInt
        /// The terminal's size when `transcript` is one that shows live rows, else nil.
        package var screen: TerminalScreen?
        /// Whether notices appear on that same terminal and so must go above the live rows.
        package var noticesShareScreen: Bool
        /// Whether `notices` is the journal, which is told how grave each is.
        package var noticesAreJournal: Bool

        package init(
            transcript: CInt = 1, notices: CInt = 2, screen: TerminalScreen? = nil, noticesShareScreen: Bool = false,
            noticesAreJournal: Bool = false
        ) {
            self.transcript = transcript
            self.notices = notices
            self.screen = screen
            self.noticesShareScreen = noticesShareScreen
            self.noticesAreJournal = noticesAreJournal
        }
    }

    private struct State {
        var layout: Layout
        var frame = TerminalScreen.Frame()
        var dropped = 0
        var isClosed = false
    }

    private let queue: OutputQueue
    private let state: Mutex<State>

    package init(_ layout: Layout, queue: OutputQueue = OutputQueue()) {
        self.queue = queue
        state = Mutex(State(layout: layout))
    }

    /// Whether there are live rows to show.
    package var hasScreen: Bool { state.withLock { $0.layout.screen != nil } }

    /// errno of the write that failed; `EPIPE` when the transcript's reader is gone.
    package var failure: CInt? { queue.failure }

    /// Prints one line of data, without its line end.
    package func print(_ line: String) {
        state.withLock { state in
            guard !drawAbove([line], &state) else { return }
            write(line + "\n", to: state.layout.transcript, &state)
        }
    }

    /// Prints what is no data: a notice, a warning, a log line; possibly several lines.
    package func notice(_ text: String, _ priority: LogPriority = .notice) {
        state.withLock { state in
            if state.layout.noticesShareScreen, drawAbove(text.split(separator: "\n").map(String.init), &state) {
                return
            }
            write(state.layout.marked(text, priority) + "\n", to: state.layout.notices, &state)
        }
    }

    /// Brings the live rows to what `frame` says. Does nothing without a terminal, and skips frames that come while
    /// earlier ones are still being written: only the last one counts.
    package func show(_ frame: TerminalScreen.Frame) {
        state.withLock { state in
            guard !state.isClosed, state.layout.screen != nil else { return }
            state.frame = frame
            guard queue.waiting == 0 else { return }
            write(state.layout.screen!.draw(frame), to: state.layout.transcript, &state)
        }
    }

    /// Takes the terminal's new size and draws the live rows anew.
    package func resize(columns: Int, rows: Int) {
        state.withLock { state in
            guard !state.isClosed, state.layout.screen != nil else { return }
            state.layout.screen!.resize(columns: columns, rows: rows)
            write(state.layout.screen!.draw(state.frame), to: state.layout.transcript, &state)
        }
    }

    /// Takes the live rows away for good; lines can still be printed.
    package func close() {
        state.withLock { state in
            guard !state.isClosed, state.layout.screen != nil else { return }
            write(state.layout.screen!.close(), to: state.layout.transcript, &state)
            state.layout.screen = nil
            state.isClosed = true
        }
    }

    /// Waits until what was printed so far is written.
    package func drain() async { await queue.drain() }

    /// As `drain()`, blocking, for at most `limit`.
    package func drain(within limit: Duration) { queue.drain(within: limit) }

    // MARK: With the state's lock held

    /// - Returns: false when there is no screen to draw on.
    private func drawAbove(_ lines: [String], _ state: inout State) -> Bool {
        guard state.layout.screen != nil else { return false }
        write(state.layout.screen!.draw(state.frame, printing: lines), to: state.layout.transcript, &state)
        return true
    }

    private func write(_ text: String, to descriptor: CInt, _ state: inout State) {
        if state.dropped > 0, queue.waiting < OutputQueue.bound / 2 {
            let notice = "vivavoce: \(state.dropped) pieces of output were dropped because nobody read them"
            if queue.write((state.layout.marked(notice, .warning) + "\n").utf8, to: state.layout.notices) {
                state.dropped = 0
            }
        }
        if !queue.write(text.utf8, to: descriptor) { state.dropped += 1 }
    }
}

extension Console.Layout {
    fileprivate func marked(_ notice: String, _ priority: LogPriority) -> String {
        noticesAreJournal ? priority.marking(notice) : notice
    }
}
