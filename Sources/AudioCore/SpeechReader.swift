import Synchronization

/// What one period got from a `SpeechReader`: an interruption, or speech, or nothing.
package struct SpeechReading: Equatable, Sendable {
    /// Where the samples lie in the speech; empty when nothing plays, and always together with a cut or a hold.
    package var positions: Range<Int>
    /// There was an interruption since the last reading: everything before this position is void, also what the
    /// device still holds. See to that, then read again.
    package var cut: Int?
    /// Speech whose end is known ends with these samples.
    package var endsSpeech: Bool
    /// Speech is held. What the device has not played must not be heard: silence it, and `goBack`.
    package var isHeld: Bool
    /// Speech ran dry in the middle of an answer, behind these samples or before.
    package var isTorn: Bool
    /// These samples go on in the middle of an answer, behind a gap.
    package var resumes: Bool

    package init(
        positions: Range<Int>, cut: Int? = nil, endsSpeech: Bool = false, isHeld: Bool = false, isTorn: Bool = false,
        resumes: Bool = false
    ) {
        self.positions = positions
        self.cut = cut
        self.endsSpeech = endsSpeech
        self.isHeld = isHeld
        self.isTorn = isTorn
        self.resumes = resumes
    }
}

/// The playing end of a `SpeechBuffer`: for one thread, usually a device's. Everything here is RT safe.
///
/// What was read stays in the buffer until it is given back, so that reading can go back to what was not heard.
package struct SpeechReader: ~Copyable, Sendable {
    private let buffer: SpeechBuffer
    private var cushion: Cushion
    private var cutSeen = 0
    /// Samples read or dropped since the buffer was made: the position of the next one.
    package private(set) var position = 0
    /// The next sample lies in the middle of an answer, behind a gap.
    private var resumes = false

    init(_ buffer: SpeechBuffer, cushion: Cushion) {
        self.buffer = buffer
        self.cushion = cushion
    }

    /// Of what is read.
    package var rate: SampleRate { buffer.rate }
    /// Gaps in mid-speech because it did not arrive in time.
    package var underruns: Int { cushion.underruns }

    /// There is speech to read, or an interruption to see to.
    package var hasNews: Bool {
        buffer.written.load(ordering: .acquiring) > position || buffer.cut.load(ordering: .acquiring) > cutSeen
    }

    /// Copies the next speech into `target`, as much as there is and as its cushion admits.
    ///
    /// - Parameters:
    ///   - wanted: samples for this period, and the time that passes until the next call. 0 only looks for a cut or a
    ///     hold.
    ///   - target: where samples go; what lies around them is left alone.
    ///   - start: where in `target`.
    ///   - isCushioned: false takes speech as it comes, for a reader that jitter does not hurt and that cannot be held.
    /// - Precondition: `start + wanted <= target.count`.
    package mutating func read(
        _ wanted: Int, into target: inout MutableSpan<Int16>, from start: Int = 0, isCushioned: Bool = true
    ) -> SpeechReading {
        precondition(wanted >= 0 && start >= 0 && start + wanted <= target.count, "\(wanted) samples at \(start)")
        // `held` before `cut`: whoever sees that a cut ended the hold sees the cut. `written` before both marks: whoever
        // sees a sample sees every interruption and end that came before it.
        let isHeld = isCushioned && buffer.isHeld
        let written = buffer.written.load(ordering: .acquiring)
        let cut = buffer.cut.load(ordering: .acquiring)
        let end = buffer.end.load(ordering: .acquiring)
        if cut > cutSeen {  // equal positions cut nothing new: all that lay before it is gone
            cutSeen = cut
            cushion.cut()
            // An interruption of `dropWaiting` may come late, when what lay behind it has been read already.
            position = max(cut, position)
            resumes = false
            giveBack(before: position)
            return SpeechReading(positions: position..<position, cut: position)
        }
        if isHeld {
            cushion.cut()
            return SpeechReading(positions: position..<position, isHeld: true)
        }
        if end == position {
            cushion.finish()
            resumes = false
        }
        let waiting = written - position
        let finished = min(max(0, end - position), waiting)
        let count =
            isCushioned
            ? cushion.admit(wanted: wanted, waiting: waiting, finished: finished)
            : min(wanted, waiting)
        copy(from: position, count: count, into: &target, from: start)
        return advance(count, end: end)
    }

    /// Nobody needs the samples before `position` any more: they have been heard, or were dropped.
    package mutating func giveBack(before position: Int) {
        precondition(position <= self.position, "\(position) has not been read")
        buffer.consumed.store(position, ordering: .releasing)  // gives segments back to the writer
    }

    /// Nothing before it can be gone back to.
    package var givenBack: Int { buffer.consumed.load(ordering: .relaxed) }

    /// Reads on from `position`, which was read and not heard.
    ///
    /// - Precondition: it has not been given back.
    package mutating func goBack(to position: Int) {
        precondition(position <= self.position, "\(position) has not been read")
        precondition(position >= buffer.consumed.load(ordering: .relaxed), "\(position) was given back")
        self.position = position
        resumes = true
        cushion.cut()
    }

    private mutating func advance(_ count: Int, end: Int) -> SpeechReading {
        let positions = position..<position + count
        position += count
        let isTorn = cushion.isStarved
        defer { resumes = isTorn || resumes && count == 0 }
        return SpeechReading(
            positions: positions, endsSpeech: positions.lowerBound < end && end <= position, isTorn: isTorn,
            resumes: resumes && count > 0)
    }

    private func copy(from position: Int, count: Int, into target: inout MutableSpan<Int16>, from start: Int) {
        guard count > 0 else { return }
        unsafe target.withUnsafeMutableBufferPointer { target in
            var done = 0
            while done < count {
                let (entry, offset) = buffer.place(of: position + done)
                let part = min(count - done, SpeechBuffer.segmentSize - offset)
                // SAFETY: these positions lie below `written`, which was acquired, and were not given back, so their
                // segment is there; `start + done + part` ≤ `start + count` ≤ target.count.
                let to = unsafe target.baseAddress! + start + done
                unsafe to.update(from: buffer.segments[entry]! + offset, count: part)
                done += part
            }
        }
    }
}
