import Synchronization

/// What one period got from a `SpeechReader`.
package struct SpeechReading: Equatable, Sendable {
    /// Where the samples lie in the speech; empty when nothing plays.
    package var positions: Range<Int>
    /// The interruption since the last reading: everything before this position is void, also what the device still
    /// holds. Nil when there was none.
    package var cut: Int?
    /// Speech whose end is known ends with these samples.
    package var endsSpeech: Bool

    package init(positions: Range<Int>, cut: Int? = nil, endsSpeech: Bool = false) {
        self.positions = positions
        self.cut = cut
        self.endsSpeech = endsSpeech
    }
}

/// The playing end of a `SpeechBuffer`: for one thread, usually a device's. Everything here is RT safe.
package struct SpeechReader: ~Copyable, Sendable {
    private let buffer: SpeechBuffer
    private var cushion: Cushion
    private var cutSeen = 0

    init(_ buffer: SpeechBuffer, cushion: Cushion) {
        self.buffer = buffer
        self.cushion = cushion
    }

    /// Of what is read.
    package var rate: SampleRate { buffer.rate }
    /// Samples read or dropped since the buffer was made: the position of the next one.
    package var position: Int { buffer.consumed.load(ordering: .relaxed) }
    /// Gaps in mid-speech because it did not arrive in time.
    package var underruns: Int { cushion.underruns }

    /// Moves the next speech to the front of `target`, as much as there is and as its cushion admits.
    ///
    /// - Parameters:
    ///   - target: where samples go; what lies behind them is left alone.
    ///   - wanted: samples for this period, and the time that passes until the next call.
    /// - Precondition: `wanted <= target.count`.
    package mutating func read(_ wanted: Int, into target: inout MutableSpan<Int16>) -> SpeechReading {
        precondition(0 <= wanted && wanted <= target.count, "\(wanted) samples for a span of \(target.count)")
        // `written` first: whoever sees a sample then sees every interruption and end that came before it.
        let written = buffer.written.load(ordering: .acquiring)
        let cut = buffer.cut.load(ordering: .acquiring)
        let end = buffer.end.load(ordering: .acquiring)
        var start = position
        var reading = SpeechReading(positions: start..<start)
        if cut > cutSeen {  // equal positions cut nothing new: all that lay before it is gone
            cutSeen = cut
            start = max(start, cut)
            cushion.cut()
            reading.cut = cut
        }
        if end == start { cushion.finish() }
        let waiting = max(0, written - start)
        let finished = min(max(0, end - start), waiting)
        let count = cushion.admit(wanted: wanted, waiting: waiting, finished: finished)
        copy(from: start, count: count, into: &target)
        reading.positions = start..<start + count
        reading.endsSpeech = count > 0 && start < end && end <= start + count
        buffer.consumed.store(start + count, ordering: .releasing)  // gives segments back to the writer
        return reading
    }

    private func copy(from start: Int, count: Int, into target: inout MutableSpan<Int16>) {
        guard count > 0 else { return }
        unsafe target.withUnsafeMutableBufferPointer { target in
            var done = 0
            while done < count {
                let (entry, offset) = buffer.place(of: start + done)
                let part = min(count - done, SpeechBuffer.segmentSize - offset)
                // SAFETY: these positions lie below `written`, which was acquired, so their segment is there and stays
                // until `consumed` passes it; `done + part` ≤ `count` ≤ target.count.
                unsafe (target.baseAddress! + done).update(from: buffer.segments[entry]! + offset, count: part)
                done += part
            }
        }
    }
}
