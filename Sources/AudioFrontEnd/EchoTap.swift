package import AudioCore

/// The playback thread's end of an `EchoReference`: brings what leaves to 16 kHz and puts it where its time is.
package struct EchoTap: ReferenceTap {
    private let tape: Tape

    init(_ reference: EchoReference) { tape = Tape(reference) }

    /// RT safe but for the first period at a new rate, for which a resampler is made, as the device was a moment before.
    package mutating func willLeave(_ frames: Span<Int16>, rate: SampleRate, at time: Duration) {
        tape.willLeave(frames, rate: rate, at: time.nanoseconds)
    }

    /// RT safe.
    package mutating func dropped(from time: Duration) { tape.dropped(from: time.nanoseconds) }
}

/// Where the tap is. Touched by the playback thread alone.
private final class Tape: @unchecked Sendable {
    // @unchecked: one owner, which is handed to one thread.
    /// Reports that differ from what is expected by no more than this are jitter: 20 ms.
    private static let tolerance: Int64 = 20_000_000
    private static let chunk = 4_096
    /// A device that begins to play knows its delay only when it runs. So the first reports of a stretch, as a mean over
    /// two of them or so, say where it lies and nothing about the clocks.
    private static let settling = 16
    private static let settlingShare = 2.0

    private let reference: EchoReference
    private var converter: Converter?
    private let output = UnsafeMutableBufferPointer<Int16>.allocate(capacity: chunk)
    /// The position after what was written last.
    private var end = 0
    /// Where the newest stretch without a gap began, and frames of the device since then.
    private var start = 0
    private var fed = 0
    /// Reports about this stretch that are still to say where it lies, and before which position it cannot lie.
    private var settling = Tape.settling
    private var earliest = 0
    private var origin: Int64?

    init(_ reference: EchoReference) { self.reference = reference }

    deinit { output.deallocate() }

    func willLeave(_ frames: Span<Int16>, rate: SampleRate, at time: Int64) {
        if converter?.rate != rate {
            converter = Converter(rate)
            begin(at: end)
        }
        guard let converter else { return }
        place(time, rate)
        fed += frames.count
        var offset = 0
        while offset < frames.count {
            var room = output.mutableSpan
            let rest = frames.extracting(offset..<frames.count)
            let (consumed, produced) = converter.resampler.process(rest, into: &room)
            for index in 0..<produced { reference.put(output[index], at: end + index) }
            end += produced
            offset += consumed
            if consumed == 0, produced == 0 { break }
        }
        publish()
    }

    func dropped(from time: Int64) {
        guard let origin else { return }
        let position = max(0, Int((time - origin) / EchoReference.period))
        guard position < end else { return }
        begin(at: position)
        publish()
    }

    /// Finds the place of what leaves at `time`: right after the last, unless the report says that there was a gap.
    private func place(_ time: Int64, _ rate: SampleRate) {
        guard let origin else {
            self.origin = time - Int64(end) * EchoReference.period
            return
        }
        let expected = Int64(start) * EchoReference.period + rate.duration(of: fed).nanoseconds
        let surprise = time - origin - expected
        guard abs(surprise) > Self.tolerance else {
            if settling > 0 {
                settling -= 1
                shift(by: Int((Double(surprise) / Double(EchoReference.period) / Self.settlingShare).rounded()))
                return
            }
            // A moving mean over some two seconds of periods: the clocks' drift shows, their jitter hardly.
            self.origin = origin + surprise / 128
            return
        }
        let position = Int((time - origin) / EchoReference.period)
        guard position >= end, position - end < EchoReference.capacity else {
            // Out of order, or after so long a pause that nothing before it matters: the line begins anew here.
            begin(at: end)
            self.origin = time - Int64(end) * EchoReference.period
            return
        }
        for silent in end..<position { reference.put(0, at: silent) }
        begin(at: position)
        self.origin = time - Int64(position) * EchoReference.period
    }

    private func begin(at position: Int) {
        converter?.resampler.reset()
        start = position
        end = position
        fed = 0
        settling = Self.settling
        earliest = position
    }

    /// Moves the stretch to a later place, or an earlier one, but not over what left before it. It is short, and most of
    /// it has not left.
    private func shift(by asked: Int) {
        let count = max(asked, earliest - start)
        guard count != 0, abs(count) + end - earliest < EchoReference.capacity else { return }
        let positions = start..<end
        if count > 0 {
            for position in positions.reversed() { reference.copy(position, to: position + count) }
            for position in start..<start + count { reference.put(0, at: position) }
        } else {
            for position in positions { reference.copy(position, to: position + count) }
        }
        start += count
        end += count
    }

    private func publish() {
        if let origin { reference.publish(end: end, origin: origin) }
    }
}

/// A resampler that lives in a class, so that it can be exchanged.
private final class Converter {
    let rate: SampleRate
    var resampler: Resampler

    /// - Returns: nil for a rate that cannot be converted, which no device that was opened has.
    init?(_ rate: SampleRate) {
        guard let made = try? Resampler(from: rate, to: .voice) else { return nil }
        self.rate = rate
        resampler = made
    }
}
