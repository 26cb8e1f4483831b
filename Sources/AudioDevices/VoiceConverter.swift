import AudioCore
import AudioFrontEnd

/// From a source's frames to voice: mixed to mono, brought to 16 kHz, and kept until a frame of it is full.
///
/// The source puts its frames into `raw`, says how many, and takes voice out. RT safe after `init`.
struct VoiceConverter: ~Copyable {
    /// The longest frame that may be taken: 40 ms.
    static var longestFrame: Int { 640 }

    let rate: SampleRate
    /// Where the source puts interleaved frames, from the front.
    let raw: Scratch<UInt8>
    /// Samples at 16 kHz that are ready.
    private(set) var ready = 0
    private let downmix: Downmix
    private var resampler: Resampler
    private let mixed: Scratch<Int16>
    private let voice: Scratch<Int16>

    /// - Parameter capacity: frames that fit into `raw`.
    /// - Throws: `.other` for a rate that cannot be converted.
    init(rate: SampleRate, format: SampleFormat, channels: Int, capacity: Int) throws(DeviceError) {
        resampler = try Resampler(between: rate, and: .voice)
        self.rate = rate
        downmix = Downmix(format, channels: channels)
        raw = Scratch(bytes: capacity * downmix.bytesPerFrame)
        mixed = Scratch(samples: capacity)
        // What is left of a frame, a whole conversion, and the tail that `finish` adds.
        let converted = (capacity + resampler.lookahead) * SampleRate.voice.hertz / rate.hertz + 4
        voice = Scratch(samples: Self.longestFrame + converted)
    }

    /// How much later a sample comes out than it went in.
    var lag: Duration { rate.duration(of: resampler.lookahead) }

    /// Converts the first `count` frames of `raw`.
    ///
    /// - Precondition: less than `longestFrame` was ready.
    mutating func convert(_ count: Int) {
        precondition(ready < Self.longestFrame, "voice is taken as it gets ready")
        let bytes = raw.elements
        let mixed = self.mixed.elements
        let voice = self.voice.elements
        var mono = mixed.mutableSpan
        let frames = downmix.mix(bytes.span.bytes.extracting(0..<count * downmix.bytesPerFrame), into: &mono)
        var room = voice.mutableSpan
        let (consumed, produced) = resampler.process(mixed.span.extracting(0..<frames), into: &room, from: ready)
        precondition(consumed == frames, "\(frames - consumed) frames did not fit")
        ready += produced
    }

    /// Adds what the resampler still holds: the source is over.
    mutating func finish() {
        let voice = self.voice.elements
        var room = voice.mutableSpan
        ready += resampler.finish(into: &room, from: ready)
    }

    /// Moves voice into `frame`, as much as is ready and fits. - Returns: samples, at the front of `frame`.
    mutating func take(into frame: inout MutableSpan<Int16>) -> Int {
        let voice = self.voice.elements
        let count = min(ready, frame.count)
        for index in 0..<count { frame[index] = voice[index] }
        for index in 0..<ready - count { voice[index] = voice[count + index] }
        ready -= count
        return count
    }

    /// Forgets everything: what comes next has nothing before it.
    mutating func reset() {
        ready = 0
        resampler.reset()
    }
}
