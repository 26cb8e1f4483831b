import AudioCore
import AudioFrontEnd

/// A PCM device as microphone: its frames mixed to mono and brought to 16 kHz.
struct CardInput<Device: PCM & ~Copyable>: InputDevice, ~Copyable {
    private var pcm: Device
    private let name: String
    private let counters: DeviceCounters
    private var recovery = PCMRecovery()
    private var rateWatch: RateWatch
    private let downmix: Downmix
    private var resampler: Resampler
    private let rate: SampleRate
    private let raw: Scratch<UInt8>
    private let mixed: Scratch<Int16>
    /// Samples at 16 kHz that wait to fill a frame, at the front.
    private let voice: Scratch<Int16>
    private var ready = 0
    /// When the newest of them stood at the converter.
    private var newest = Duration.zero
    private var isListening = true

    /// Starts the device. - Throws: when it will not start.
    init(_ pcm: consuming Device, name: String, counters: DeviceCounters) throws(DeviceError) {
        let configuration = pcm.configuration
        let resampler = try Resampler(between: configuration.rate, and: .voice)
        var pcm = pcm
        let code = pcm.start()
        if code < 0 { throw .alsa(code, "cannot start", name) }
        self.resampler = resampler
        rate = configuration.rate
        downmix = Downmix(configuration.format, channels: configuration.channels)
        rateWatch = RateWatch(claimed: rate)
        mixed = Scratch(samples: configuration.period)
        raw = Scratch(bytes: configuration.period * downmix.bytesPerFrame)
        // A period and a frame, whatever the device takes for a period.
        voice = Scratch(samples: configuration.period * SampleRate.voice.hertz / rate.hertz + 2 + 640)
        self.pcm = pcm
        self.name = name
        self.counters = counters
    }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        let voice = self.voice.elements
        precondition(frame.count <= 640, "frames of up to 40 ms")
        guard isListening else {
            wake.wait()
            return .woken
        }
        while ready < frame.count {
            let count = pcm.read(into: raw.elements)
            if count > 0 {
                recovery.succeeded()
                try take(count)
            } else if count < 0 {
                try recover(from: count)
            } else {
                let deadline = MonotonicClock().now + StallWatch.patience
                switch pcm.wait(wake, until: deadline) {
                case .woken: return .woken
                case .late: throw .stalled(name, direction: .input)
                case .ready: break
                }
            }
        }
        let time = newest - SampleRate.voice.duration(of: ready) - rate.duration(of: resampler.lookahead)
        for index in frame.indices { frame[index] = voice[index] }
        for index in 0..<ready - frame.count { voice[index] = voice[frame.count + index] }
        ready -= frame.count
        return .samples(frame.count, capturedAt: time)
    }

    mutating func setListening(_ isListening: Bool) throws(DeviceError) {
        self.isListening = isListening
        ready = 0
        resampler.reset()
        rateWatch.restart()
        guard isListening else {
            _ = pcm.drop()
            return
        }
        let prepared = pcm.prepare()
        let code = prepared < 0 ? prepared : pcm.start()
        if code < 0 { try recover(from: code) }
    }

    /// Mixes and resamples `count` frames of `raw`.
    private mutating func take(_ count: Int) throws(DeviceError) {
        let mixed = self.mixed.elements
        var span = mixed.mutableSpan
        let raw = self.raw.elements
        let bytes = raw.span.bytes.extracting(0..<count * downmix.bytesPerFrame)
        let frames = downmix.mix(bytes, into: &span)
        let samples = self.voice.elements
        var voice = samples.mutableSpan
        let (consumed, produced) = resampler.process(mixed.span.extracting(0..<frames), into: &voice, from: ready)
        assert(consumed == frames, "a period and a frame fit")
        ready += produced
        let now = MonotonicClock().now
        newest = now - rate.duration(of: max(0, pcm.delay()))
        guard let measured = rateWatch.observe(count, now: now) else { return }
        throw .wrongRate(name, claimed: rate, measured: measured)
    }

    private mutating func recover(from code: Int) throws(DeviceError) {
        let hasRestarted = try recovery.recover(
            &pcm, from: code, name: name, restarting: true, counters: counters)
        if hasRestarted { rateWatch.restart() }
    }
}

/// How long a device may give or take nothing before it counts as dead.
enum StallWatch {
    /// Far longer than any buffer, far shorter than a person's patience.
    static var patience: Duration { .seconds(2) }
}
