import AudioCore
import AudioFrontEnd

/// Both speakers on one clock: takes what the tapes hold, and gives stereo frames as far as they are certain.
///
/// Pure but for the tapes. Times are the machine's monotonic clock since boot; frames count from `origin`.
struct RecordingMix: ~Copyable {
    /// How long after a moment its frames are given: by then both devices have brought what belongs there, and it is
    /// known whether the voice is sent.
    static let delay = Duration.milliseconds(400)

    /// The voice is placed this far ahead of what is given: a converter keeps its newest few samples for later.
    private static let margin = Duration.milliseconds(30)

    private let taps: RecordingTaps
    private let origin: Duration
    private var voice = SoundTrack()
    private var speech = SoundTrack()
    /// What was played last was no pipe's.
    private var speechIsTimed = true
    /// A stretch of voice that is too young to be known to be sent.
    private var held: (stamp: SoundStamp, samples: [Int16])?
    private var scratch: [Int16] = []
    /// Of sound whose rate nothing converts.
    private var unusable = Duration.zero

    init(_ taps: RecordingTaps, origin: Duration) {
        self.taps = taps
        self.origin = origin
    }

    /// Frames given so far.
    var begin: Int { speech.begin }

    /// Sound that is missing from what was given, so far.
    var lost: Duration {
        let late = SoundTrack.rate.duration(of: voice.lost + speech.lost)
        return taps.voice.lost + taps.speech.lost + late + unusable
    }

    /// Gives all that is certain.
    ///
    /// - Returns: interleaved at 48 kHz, left the voice, right the speech: shape `[2 n]`.
    mutating func frames(at now: Duration) -> [Int16] {
        listen(until: now - Self.delay + Self.margin)
        return take(until: frame(now - Self.delay))
    }

    /// Gives the rest: nothing more will come. What a device was still to play is not in it; what a pipe was given is.
    mutating func rest(at now: Duration) -> [Int16] {
        listen(until: nil)
        let last = max(frame(now), voice.end)
        return take(until: speechIsTimed ? last : max(last, speech.end))
    }

    private func frame(_ time: Duration) -> Int { Int(position(time).rounded(.down)) }
    private func position(_ time: Duration) -> Double { (time - origin) / .nanoseconds(1) * 48e-6 }

    /// Whole milliseconds of it, so that a file can begin wherever one ends.
    private mutating func take(until last: Int) -> [Int16] {
        let frame = last - last % 48
        guard frame > begin else { return [] }
        var stereo = [Int16](repeating: 0, count: 2 * (frame - begin))
        voice.take(until: frame, into: &stereo, channel: 0)
        speech.take(until: frame, into: &stereo, channel: 1)
        return stereo
    }

    private mutating func listen(until time: Duration?) {
        while let stamp = taps.speech.next(into: &scratch) {
            speechIsTimed = stamp.kind != .arrived
            if stamp.kind == .dropped {
                speech.drop(from: position(stamp.time))
            } else {
                unusable += Self.put(scratch, stamp, at: position(stamp.time), on: &speech)
            }
        }
        while let (stamp, samples) = nextVoice() {
            if let time, stamp.time > time {
                held = (stamp, samples)
                break
            }
            var sent = samples
            taps.wanted.silence(&sent, from: stamp.position)
            unusable += Self.put(sent, stamp, at: position(stamp.time), on: &voice)
        }
    }

    private mutating func nextVoice() -> (SoundStamp, [Int16])? {
        if let held = held.take() { return (held.stamp, held.samples) }
        guard let stamp = taps.voice.next(into: &scratch) else { return nil }
        return (stamp, scratch)
    }

    /// - Returns: how much of it nothing could be done with.
    private static func put(
        _ samples: [Int16], _ stamp: SoundStamp, at frame: Double, on track: inout SoundTrack
    ) -> Duration {
        do throws(FrontEndError) {
            try track.put(samples, rate: stamp.rate, at: frame, isTimed: stamp.kind == .timed)
            return .zero
        } catch {
            return stamp.rate.duration(of: stamp.count)
        }
    }
}
