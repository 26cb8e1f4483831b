import Synchronization

/// The writing end of a `SpeechBuffer`: for one thread, which may allocate but never waits here.
package struct SpeechWriter: ~Copyable, Sendable {
    private let buffer: SpeechBuffer
    private let onChange: @Sendable (SpeechChange) -> Void
    /// Segments before this index have been taken back from the reader.
    private var reclaimed = 0
    /// Played segments kept for what comes next; the rest go back to the system.
    private var spares = SpareSegments()

    init(_ buffer: SpeechBuffer, onChange: @escaping @Sendable (SpeechChange) -> Void) {
        self.buffer = buffer
        self.onChange = onChange
    }

    /// Samples taken since the buffer was made: the position of the next one. Grows only.
    package var position: Int { buffer.written.load(ordering: .relaxed) }

    /// Takes what fits under the buffer's limit; the rest is refused and counted.
    ///
    /// - Parameter samples: mono, native byte order, shape `[n]`, at the buffer's rate.
    /// - Returns: samples taken.
    @discardableResult
    package mutating func append(_ samples: Span<Int16>) -> Int {
        let start = position  // `written` is ours alone
        let consumed = reclaim()
        let count = max(0, min(samples.count, buffer.limit - (start - consumed)))
        if count < samples.count { buffer.refusedSamples.add(samples.count - count, ordering: .relaxed) }
        guard count > 0 else { return 0 }
        unsafe samples.withUnsafeBufferPointer { samples in
            var done = 0
            while done < count {
                let (entry, offset) = buffer.place(of: start + done)
                if offset == 0 { unsafe buffer.segments[entry] = spares.take() }
                let part = min(count - done, SpeechBuffer.segmentSize - offset)
                // SAFETY: `offset + part` lies inside the segment, which the reader cannot see before the release
                // below; `done + part` lies inside `samples`.
                unsafe (buffer.segments[entry]! + offset).update(from: samples.baseAddress! + done, count: part)
                done += part
            }
        }
        buffer.written.store(start + count, ordering: .releasing)  // publishes samples, segments and earlier marks
        onChange(.speech)
        return count
    }

    /// Drops everything written so far that has not been played, at the reader's next period. What is appended from
    /// now on is not touched.
    package mutating func interrupt() {
        buffer.cut.store(position, ordering: .releasing)
        reclaim()
        onChange(.interruption)
    }

    /// Nothing more belongs to the speech written so far: its tail plays without waiting for a cushion (pitfall 44).
    package mutating func endOfSpeech() {
        buffer.end.store(position, ordering: .releasing)
        reclaim()
        onChange(.end)
    }

    /// Takes back the segments that have been read to their end and are not wanted again. - Returns: the reader's position.
    @discardableResult
    private mutating func reclaim() -> Int {
        let consumed = buffer.consumed.load(ordering: .acquiring)  // pairs with the reader's release
        while (reclaimed + 1) * SpeechBuffer.segmentSize <= consumed - buffer.kept {
            let (entry, _) = buffer.place(of: reclaimed * SpeechBuffer.segmentSize)
            // SAFETY: the reader has passed this segment by more than it ever goes back.
            if let segment = unsafe buffer.segments[entry] { unsafe spares.give(segment) }
            unsafe buffer.segments[entry] = nil
            reclaimed += 1
        }
        return consumed
    }
}
