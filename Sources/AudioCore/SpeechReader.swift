import Synchronization

/// What one period got from a `SpeechReader`: an interruption, or speech, or nothing.
package struct SpeechReading: Equatable, Sendable {
    /// Where the samples lie in the speech; empty when nothing plays, and always together with a cut.
    package var positions: Range<Int>
    /// There was an interruption since the last reading: everything before this position is void, also what the
    /// device still holds. See to that, then read again.
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
    /// The furthest position that was ever reached, as of the last time that something was read again.
    private var furthest = 0

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

    /// Moves the next speech into `target`, as much as there is and as its cushion admits.
    ///
    /// - Parameters:
    ///   - wanted: samples for this period, and the time that passes until the next call. 0 only looks for a cut.
    ///   - target: where samples go; what lies around them is left alone.
    ///   - start: where in `target`.
    ///   - isCushioned: false takes speech as it comes, for a reader that jitter does not hurt.
    /// - Precondition: `start + wanted <= target.count`.
    package mutating func read(
        _ wanted: Int, into target: inout MutableSpan<Int16>, from start: Int = 0, isCushioned: Bool = true
    ) -> SpeechReading {
        precondition(wanted >= 0 && start >= 0 && start + wanted <= target.count, "\(wanted) samples at \(start)")
        // `written` first: whoever sees a sample then sees every interruption and end that came before it.
        let written = buffer.written.load(ordering: .acquiring)
        let cut = buffer.cut.load(ordering: .acquiring)
        let end = buffer.end.load(ordering: .acquiring)
        let position = position
        if cut > cutSeen {  // equal positions cut nothing new: all that lay before it is gone
            cutSeen = cut
            cushion.cut()
            // An interruption of `dropWaiting` may come late, when what lay behind it has been read already.
            let next = max(cut, position)
            buffer.consumed.store(next, ordering: .releasing)
            return SpeechReading(positions: next..<next, cut: next)
        }
        if end == position { cushion.finish() }
        let waiting = written - position
        let finished = min(max(0, end - position), waiting)
        let count =
            isCushioned
            ? cushion.admit(wanted: wanted, waiting: waiting, finished: finished)
            : min(wanted, waiting)
        copy(from: position, count: count, into: &target, from: start)
        buffer.consumed.store(position + count, ordering: .releasing)  // gives segments back to the writer
        let positions = position..<position + count
        return SpeechReading(positions: positions, endsSpeech: position < end && end <= position + count)
    }

    /// Goes back to speech that was read and has not been heard, because the device that held it is gone. Not behind an
    /// interruption, and by `SpeechBuffer.kept` at most.
    ///
    /// - Parameter position: of the first sample to be read again; one that lies ahead is nothing to go back to.
    package mutating func rewind(to position: Int) {
        furthest = max(furthest, self.position)
        let earliest = max(furthest - buffer.kept, cutSeen)
        let next = max(position, earliest)
        if next < self.position { buffer.consumed.store(next, ordering: .releasing) }
    }

    private func copy(from position: Int, count: Int, into target: inout MutableSpan<Int16>, from start: Int) {
        guard count > 0 else { return }
        unsafe target.withUnsafeMutableBufferPointer { target in
            var done = 0
            while done < count {
                let (entry, offset) = buffer.place(of: position + done)
                let part = min(count - done, SpeechBuffer.segmentSize - offset)
                // SAFETY: these positions lie below `written`, which was acquired, so their segment is there and stays
                // until `consumed` passes it; `start + done + part` ≤ `start + count` ≤ target.count.
                let to = unsafe target.baseAddress! + start + done
                unsafe to.update(from: buffer.segments[entry]! + offset, count: part)
                done += part
            }
        }
    }
}
