import Synchronization

/// The one owner of what this process prints: transcript, notices, log lines, and the live rows of a terminal.
///
/// Callable from any thread; never waits for a reader. Where nobody reads, lines are dropped and their number is told
/// once there is room again.
package final class Console: Sendable {
    package struct Layout: Sendable {
        /// Where data goes: 1, or 2 when stdout carries audio.
        package var transcript: CInt
        /// Where everything else goes.
        package var notices: CInt
        /// The terminal's size when `transcript` is one that shows live rows, else nil.
        package var screen: TerminalScreen?
        /// Whether notices appear on that same terminal and so must go above the live rows.
        package var noticesShareScreen: Bool
        /// Where notices go instead when stderr is the journal: each is one entry, with its priority and its fields.
        package var journal: Journal?

        package init(
            transcript: CInt = 1, notices: CInt = 2, screen: TerminalScreen? = nil, noticesShareScreen: Bool = false,
            journal: Journal? = nil
        ) {
            self.transcript = transcript
            self.notices = notices
            self.screen = screen
            self.noticesShareScreen = noticesShareScreen
            self.journal = journal
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
    ///
    /// - Parameters:
    ///   - stamp: a time, which stands before it where nobody else notes one; the journal does.
    ///   - fields: for the journal, to search by.
    package func notice(
        _ text: String, _ priority: LogPriority = .notice, stamp: String? = nil, fields: [JournalField] = []
    ) {
        let entry = JournalEntry(text, priority, fields: fields)
        let stamped = stamp.map { "\($0) \(text)" } ?? text
        state.withLock { state in
            if state.layout.noticesShareScreen, drawAbove(stamped.split(separator: "\n").map(String.init), &state) {
                return
            }
            tellDropped(&state)
            if !put(entry, stamped, state.layout) { state.dropped += 1 }
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
        tellDropped(&state)
        if !queue.write(text.utf8, to: descriptor) { state.dropped += 1 }
    }

    private func tellDropped(_ state: inout State) {
        guard state.dropped > 0, queue.waiting < OutputQueue.bound / 2 else { return }
        let text = "vivavoce: \(state.dropped) pieces of output were dropped because nobody read them"
        if put(JournalEntry(text, .warning), text, state.layout) { state.dropped = 0 }
    }

    /// - Parameter line: the entry where there is no journal.
    /// - Returns: whether there was room.
    private func put(_ entry: JournalEntry, _ line: String, _ layout: Layout) -> Bool {
        guard let journal = layout.journal else { return queue.write((line + "\n").utf8, to: layout.notices) }
        return queue.write(entry, to: journal)
    }
}
