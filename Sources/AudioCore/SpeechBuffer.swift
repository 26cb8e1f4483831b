import Synchronization

/// What happened to a `SpeechBuffer`, beside reading.
package enum SpeechChange: Equatable, Sendable { case speech, interruption, end, hold }

/// Holds speech between the socket, which delivers minutes of it in one burst (pitfall 43), and the device, which
/// takes it a period at a time.
///
/// One thread writes through `SpeechWriter` and may allocate; one plays through `SpeechReader` and never allocates,
/// frees or locks. Positions count mono samples since the buffer was made and only grow, dropped ones included, so a
/// position names a moment of speech for good. Storage is a table of segments, filled in by the writer as speech
/// comes and taken back by the writer once it has been heard, so an idle buffer is small.
///
/// Speech can be held: `hold` stops it where the listener is, and `letGoOn` lets it go on from there. What the device
/// had taken and not played is then read once more, so reading goes back; what has been heard never comes again.
///
/// Bound: `limit`. Beyond it the newest speech is refused and counted, because what plays next must stay whole.
/// An interruption is a position too: whatever lies before it and has not been read is dropped. So a late `interrupt`
/// cannot cut the answer that follows it (pitfall 39).
@safe package final class SpeechBuffer: Sendable {
    /// 0.68 s at 24 kHz, 32 KiB: small beside an answer, large beside the cost of a segment.
    static let segmentSize = 1 << 14

    package let rate: SampleRate
    /// The most that can wait, in samples.
    package let limit: Int
    // SAFETY: the table's address never changes. A segment's pointer is stored before `written` is released past its
    // start, and taken back after `consumed` has been acquired past its end.
    nonisolated(unsafe) let segments: UnsafeMutableBufferPointer<UnsafeMutablePointer<Int16>?>

    /// Samples written; released by the writer with the samples and every mark before them.
    let written = Atomic<Int>(0)
    /// The newest interruption: everything before it is dropped.
    let cut = Atomic<Int>(0)
    /// The newest end of an answer.
    let end = Atomic<Int>(0)
    /// Samples heard or dropped, which nobody reads again; released by the reader with the segments it gives back.
    let consumed = Atomic<Int>(0)
    /// Nothing is read for now. Ended by a cut after the cut is stored, so whoever sees the end sees the cut.
    let held = Atomic<Bool>(false)
    /// Samples that came after the buffer was full.
    let refusedSamples = Atomic<Int>(0)
    private let hasWriter = Atomic<Bool>(false)
    private let hasReader = Atomic<Bool>(false)

    /// - Parameters:
    ///   - rate: of everything that is written and read.
    ///   - limit: the most that may wait; ten minutes is more than a service sends ahead.
    package init(rate: SampleRate = .speech, limit: Duration = .seconds(600)) {
        self.rate = rate
        self.limit = rate.frames(in: limit)
        precondition(self.limit > 0, "a speech buffer that holds nothing")
        // One more than the limit fills, because reading and writing both may stand inside a segment.
        let needed = self.limit / Self.segmentSize + 2
        unsafe segments = .allocate(capacity: 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount))
        unsafe segments.initialize(repeating: nil)
    }

    deinit {
        for index in unsafe segments.indices { unsafe segments[index]?.deallocate() }
        unsafe segments.deallocate()
    }

    /// Samples that wait to be heard or dropped; readable from any thread, and a moment old.
    package var waiting: Int {
        let consumed = consumed.load(ordering: .acquiring)  // first, so that the difference is never negative
        return written.load(ordering: .acquiring) - consumed
    }

    /// What was written before this position and had not been heard is not played any more. Grows only. Any thread.
    package var cutPosition: Int { cut.load(ordering: .acquiring) }

    /// Samples refused because `limit` was reached; readable from any thread.
    package var refused: Int { refusedSamples.load(ordering: .relaxed) }

    /// Drops what has been written so far and not been heard, at the reader's next period: an interruption made
    /// here, by any thread, where the writer's own lies in the order of the service's messages. Ends a hold.
    package func dropWaiting() {
        // Never back behind an interruption of the writer's that came meanwhile.
        cut.max(written.load(ordering: .acquiring), ordering: .releasing)
        held.store(false, ordering: .releasing)
    }

    /// Stops the speech where the listener is, at the reader's next period, and keeps all that has not been heard.
    /// What is written meanwhile is kept behind it. Any thread; again changes nothing.
    ///
    /// It lasts until `letGoOn`, `dropWaiting` or the writer's `interrupt`. Whoever holds because of something heard
    /// lets go on when told of an interruption: one that came a moment before the hold did not end it. A reader that
    /// takes speech as it comes, a pipe's, is not held.
    package func hold() { held.store(true, ordering: .releasing) }

    /// Goes on with the first sample that was not heard. Any thread; without a hold it changes nothing.
    package func letGoOn() { held.store(false, ordering: .releasing) }

    /// Whether speech is held. The answer under way is not over then, although nobody speaks. Any thread.
    package var isHeld: Bool { held.load(ordering: .acquiring) }

    /// The writing end, for the socket thread.
    ///
    /// - Parameter onChange: called on the writer's thread after each call that changes something. It wakes a reader
    ///   that must not wait for its next period, or has none, and must not block. Whoever calls `dropWaiting` or
    ///   `hold` sees to that alone.
    /// - Precondition: it has not been taken before.
    package func makeWriter(onChange: @escaping @Sendable (SpeechChange) -> Void = { _ in }) -> SpeechWriter {
        precondition(!hasWriter.exchange(true, ordering: .relaxed), "a speech buffer has one writer")
        return SpeechWriter(self, onChange: onChange)
    }

    /// The playing end.
    ///
    /// - Parameters:
    ///   - cushion: speech that is held before the first of it plays, to begin with; zero plays what there is.
    ///   - bounds: between which the cushion follows the network's jitter; nil leaves it as it is.
    /// - Precondition: it has not been taken before.
    package func makeReader(
        cushion: Duration = .milliseconds(100), within bounds: ClosedRange<Duration>? = nil
    ) -> SpeechReader {
        precondition(!hasReader.exchange(true, ordering: .relaxed), "a speech buffer has one reader")
        let depths = bounds.map { rate.frames(in: $0.lowerBound)...rate.frames(in: $0.upperBound) }
        return SpeechReader(self, cushion: Cushion(depth: rate.frames(in: cushion), within: depths))
    }

    /// Where the slot of `position` lies: its entry in the table, and its place in that segment.
    func place(of position: Int) -> (entry: Int, offset: Int) {
        (unsafe position / Self.segmentSize & (segments.count - 1), position % Self.segmentSize)
    }
}
