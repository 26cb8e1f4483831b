import AudioCore
import AudioFrontEnd

/// One speaker's side of a recording: sound put where its time is, at 48 kHz, and silence everywhere else.
///
/// Pure. Frames count from the recording's beginning, at 48,000 a second. What a device says of the time jitters, and its
/// clock is not the machine's: as long as sound follows on sound, a small difference is made up for by playing a little
/// faster or slower (0.2 % at most, or all at once where it is silent), and a large one that stays is a gap or a cut.
struct SoundTrack: ~Copyable {
    static let rate = SampleRate(hertz: 48_000)
    /// A difference below this is left: 1 ms.
    private static let negligible = 48.0
    /// A difference above this, 10 ms, is a gap or a cut if it stays for so many stretches. One alone is a thread that was
    /// held up between two readings.
    private static let tolerance = 480.0
    private static let mostStrays = 3
    /// Reports of the time of which the middle one counts.
    private static let remembered = 15
    /// Frames of sound for each that is put in or left out.
    private static let stretching = 480
    /// The most that may wait: five minutes, of a pipe that brings sound faster than it is heard.
    private static let longest = 300 * rate.hertz

    /// The first frame that has not been taken.
    private(set) var begin = 0
    /// Frames of sound that could not be placed: they came too late, or were too many.
    private(set) var lost = 0
    private var pending: [Int16] = []
    private var taken = 0
    private var converter: Converter?
    /// Where what is fed next belongs if it follows on, and where what the converter gives next does; nil at first.
    private var fed: Double?
    private var given = 0
    /// By how much sound stood too early, by the newest reports.
    private var differences: [Double] = []
    private var strays = 0
    private var room = [Int16](repeating: 0, count: 4_096)

    /// The frame after the last one that has sound waiting.
    var end: Int { begin + pending.count - taken }

    /// Places one stretch.
    ///
    /// - Parameters:
    ///   - samples: mono at `rate`.
    ///   - frame: where the first of them belongs, by its device.
    ///   - isTimed: false for a pipe's, which follow on what came before wherever that ends.
    /// - Throws: for a rate that cannot be converted.
    mutating func put(
        _ samples: [Int16], rate: SampleRate, at frame: Double, isTimed: Bool
    ) throws(FrontEndError) {
        guard !samples.isEmpty else { return }
        if converter?.resampler.from != rate {
            converter = try Converter(rate)
            fed = nil
        }
        var correction = 0
        if let fed {
            let surprise = frame - fed
            if isTimed ? isStray(surprise) : surprise > Self.tolerance {
                begin(at: isTimed ? frame : max(frame, Double(end)))
            } else if isTimed {
                correction = self.correction(for: surprise, of: samples, rate)
            }
        } else {
            begin(at: isTimed ? frame : max(frame, Double(end)))
        }
        feed(samples.span, correctedBy: correction)
    }

    /// Forgets what was placed at `frame` or later.
    mutating func drop(from frame: Double) {
        let kept = max(0, min(end, Int(frame.rounded())) - begin)
        pending.removeSubrange(min(pending.count, taken + kept)...)
        fed = nil
    }

    /// Hands over all frames before `frame`, for one of two interleaved channels; where there is no sound they stay.
    ///
    /// - Parameter stereo: shape `[2 * (frame - begin)]` at least.
    mutating func take(until frame: Int, into stereo: inout [Int16], channel: Int) {
        guard frame > begin else { return }
        let count = min(frame - begin, pending.count - taken)
        for index in 0..<count { stereo[2 * index + channel] = pending[taken + index] }
        taken += count
        begin = frame
        if taken == pending.count || taken > pending.count / 2 {
            pending.removeFirst(taken)
            taken = 0
        }
    }

    // MARK: Where it belongs

    /// Whether sound that is off by so much does not follow on what came before.
    private mutating func isStray(_ surprise: Double) -> Bool {
        guard abs(surprise) > Self.tolerance else {
            strays = 0
            return false
        }
        strays += 1
        // Where it would follow on was given away: there was a gap, whatever the next report says.
        return strays >= Self.mostStrays || given < begin
    }

    /// - Returns: frames to put into this stretch, or to leave out of it.
    private mutating func correction(for surprise: Double, of samples: [Int16], _ rate: SampleRate) -> Int {
        guard strays == 0 else { return 0 }
        if differences.count == Self.remembered { differences.removeFirst() }
        differences.append(surprise)
        let difference = differences.sorted()[differences.count / 2]
        guard differences.count == Self.remembered, abs(difference) > Self.negligible else { return 0 }
        let frames = samples.count * Self.rate.hertz / rate.hertz
        let most = samples.allSatisfy { $0 == 0 } ? frames / 2 : max(1, frames / Self.stretching)
        let correction = max(-most, min(most, Int(difference)))
        for index in differences.indices { differences[index] -= Double(correction) }
        return correction
    }

    private mutating func begin(at frame: Double) {
        drainConverter()
        differences = []
        strays = 0
        given = Int(frame.rounded())
        // Time went back: what was placed there is what is cut.
        if given < end { drop(from: Double(given)) }
        fed = Double(given)
    }

    // MARK: The samples

    private mutating func feed(_ samples: Span<Int16>, correctedBy correction: Int) {
        guard let converter else { return }
        fed! += Double(samples.count) * Double(Self.rate.hertz) / Double(converter.resampler.from.hertz)
        fed! += Double(correction)
        var left = correction
        var offset = 0
        while offset < samples.count {
            var span = room.mutableSpan
            let rest = samples.extracting(offset..<samples.count)
            let (consumed, produced) = converter.resampler.process(rest, into: &span)
            if consumed == 0, produced == 0 { break }
            offset += consumed
            left -= append(produced, stretchedBy: left)
        }
        given += left  // nothing came out that could be stretched
    }

    /// What the filter still holds of the stretch that is over: a few samples, for which it may be too late.
    private mutating func drainConverter() {
        guard let converter else { return }
        let lost = lost
        while fed != nil {
            var span = room.mutableSpan
            let produced = converter.resampler.finish(into: &span)
            guard produced > 0 else { break }
            _ = append(produced, stretchedBy: 0)
        }
        converter.resampler.reset()
        self.lost = lost
    }

    /// Appends the front of `room`. - Returns: by how much it was stretched.
    private mutating func append(_ count: Int, stretchedBy correction: Int) -> Int {
        guard count > 1, correction != 0 else {
            append(room[0..<count])
            return 0
        }
        // In a straight line between neighbours: where it is done, one frame in hundreds.
        let correction = max(correction, 2 - count)
        let step = Double(count - 1) / Double(count + correction - 1)
        let stretched = (0..<count + correction).map { index in
            let position = Double(index) * step
            let left = min(Int(position), count - 2)
            let share = position - Double(left)
            return Int16((Double(room[left]) * (1 - share) + Double(room[left + 1]) * share).rounded())
        }
        append(stretched[...])
        return correction
    }

    private mutating func append(_ samples: ArraySlice<Int16>) {
        let fitting = samples.dropFirst(max(0, begin - given)).prefix(max(0, begin + Self.longest - given))
        let place = max(given, begin)
        let beforeAll = -given  // sound from before the recording is nothing lost
        given += samples.count
        lost += samples.count - fitting.count - max(0, min(samples.count, beforeAll))
        guard !fitting.isEmpty else { return }
        if place > end { pending.append(contentsOf: repeatElement(0, count: place - end)) }
        pending.append(contentsOf: fitting)
    }
}

/// A resampler that can be exchanged.
private final class Converter {
    var resampler: Resampler

    init(_ rate: SampleRate) throws(FrontEndError) { resampler = try Resampler(from: rate, to: SoundTrack.rate) }
}
