import AudioCore

/// A PCM device as microphone: its frames mixed to mono and brought to 16 kHz.
struct CardInput<Device: PCM & ~Copyable>: InputDevice, ~Copyable {
    private var pcm: Device
    private let name: String
    private let counters: DeviceCounters
    private var recovery = PCMRecovery()
    private var punctuality = Punctuality()
    /// What the device holds before it runs over.
    private let capacity: Duration
    private var rateWatch: RateWatch
    private var converter: VoiceConverter
    /// When the newest sample of the converter stood at the device's.
    private var newest = Duration.zero
    private var isListening = true
    private var isHurried = true
    /// How long it is left alone where nobody waits for its sound: each look at a sound server costs several of its
    /// thread's. Far less than a device holds.
    private static var stride: Duration { .milliseconds(40) }
    /// Periods that are read at once, at most: a stride, and what is late.
    private static var mostPeriods: Int { 6 }

    /// Starts the device.
    ///
    /// - Parameter trueRate: at which it runs, whatever it says; nil believes it.
    /// - Throws: when it will not start.
    init(
        _ pcm: consuming Device, name: String, at trueRate: SampleRate? = nil, counters: DeviceCounters
    ) throws(DeviceError) {
        let configuration = pcm.configuration
        let rate = trueRate ?? configuration.rate
        let converter = try VoiceConverter(
            rate: rate, format: configuration.format, channels: configuration.channels,
            capacity: Self.mostPeriods * configuration.period)
        var pcm = pcm
        let code = pcm.start()
        if code < 0 { throw .alsa(code, "cannot start", name) }
        self.converter = converter
        rateWatch = RateWatch(claimed: rate)
        capacity = rate.duration(of: configuration.buffer)
        self.pcm = pcm
        self.name = name
        self.counters = counters
    }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        guard isListening else {
            wake.wait()
            return .woken
        }
        var hasStridden = isHurried
        while converter.ready < frame.count {
            punctuality.look(at: MonotonicClock().now)
            let count = pcm.read(into: converter.raw.elements)
            if count > 0 {
                recovery.succeeded()
                punctuality.served()
                converter.convert(count)
                try stamp(count)
            } else if count < 0 {
                try recover(from: count)
            } else if !hasStridden {
                hasStridden = true
                let end = MonotonicClock().now + Self.stride
                punctuality.expect(at: end)
                if wake.wait(until: end) { return .woken }
            } else {
                let deadline = MonotonicClock().now + StallWatch.patience
                let outcome = pcm.wait(wake, until: deadline)
                punctuality.expect(at: MonotonicClock().now)
                switch outcome {
                case .woken: return .woken
                case .late: throw .stalled(name, direction: .input)
                case .ready: break
                }
            }
        }
        let time = newest - SampleRate.voice.duration(of: converter.ready)
        let count = converter.take(into: &frame)
        return .samples(count, capturedAt: time)
    }

    mutating func setHurried(_ isHurried: Bool) { self.isHurried = isHurried }

    mutating func setListening(_ isListening: Bool) throws(DeviceError) {
        self.isListening = isListening
        punctuality = Punctuality()
        converter.reset()
        rateWatch.restart()
        guard isListening else {
            _ = pcm.drop()
            return
        }
        let prepared = pcm.prepare()
        let code = prepared < 0 ? prepared : pcm.start()
        if code < 0 { try recover(from: code) }
    }

    /// Notes when what was just read was captured, and at which rate it really comes.
    private mutating func stamp(_ count: Int) throws(DeviceError) {
        let now = MonotonicClock().now
        newest = now - converter.rate.duration(of: max(0, pcm.delay())) - converter.lag
        if let measured = rateWatch.observe(count, now: now) {
            throw .wrongRate(name, claimed: converter.rate, measured: measured, direction: .input)
        }
    }

    private mutating func recover(from code: Int) throws(DeviceError) {
        guard try recovery.recover(&pcm, from: code, name: name, restarting: true) else { return }
        counters.countXrun(late: punctuality.late, isOurs: punctuality.explains(capacity))
        rateWatch.restart()
    }
}

/// How long a device may give or take nothing before it counts as dead.
enum StallWatch {
    /// Far longer than any buffer, far shorter than a person's patience.
    static var patience: Duration { .seconds(2) }
}
