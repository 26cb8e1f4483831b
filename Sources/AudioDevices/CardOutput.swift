import AudioCore
import AudioFrontEnd
import Glibc

/// A PCM device as loudspeaker.
///
/// It is never left to run dry on purpose: between answers it plays silence, so that the next one begins without the
/// time it takes to start, and an echo canceller has a reference without gaps. Only where nobody can be heard, so that no
/// answer is near, it may be emptied and left alone. It is filled as far as `FillTarget` says,
/// which is mostly less than it can hold.
struct CardOutput<Device: PCM & ~Copyable, Clock: DeviceClock>: OutputDevice, ~Copyable {
    let rate: SampleRate
    let period: Int
    let canRest = true
    private var pcm: Device
    private let name: String
    private let counters: DeviceCounters
    private let clock: Clock
    private var recovery = PCMRecovery()
    private var punctuality = Punctuality()
    /// Frames that the device can hold.
    private let buffer: Int
    private(set) var fill: FillTarget
    private let upmix: Upmix
    private let raw: Scratch<UInt8>
    private var rateWatch: RateWatch
    /// Frames written since it was last made ready to begin.
    private var sincePrepared = 0

    /// - Parameter trueRate: at which it runs, whatever it says; nil believes it.
    init(
        _ pcm: consuming Device, name: String, at trueRate: SampleRate? = nil, clock: Clock = MonotonicClock(),
        counters: DeviceCounters
    ) {
        let configuration = pcm.configuration
        rate = trueRate ?? configuration.rate
        rateWatch = RateWatch(claimed: rate)
        period = configuration.period
        buffer = configuration.buffer
        fill = FillTarget(buffer: buffer, period: period, rate: rate)
        upmix = Upmix(configuration.format, channels: configuration.channels)
        raw = Scratch(bytes: configuration.period * upmix.bytesPerFrame)
        self.pcm = pcm
        self.name = name
        self.clock = clock
        self.counters = counters
    }

    mutating func waitForRoom(_ wake: Wake) throws(DeviceError) -> Bool {
        let deadline = clock.now + StallWatch.patience
        while true {
            punctuality.look(at: clock.now)
            let available = pcm.available()
            if available < 0 {
                try recover(from: available)
                continue
            }
            let missing = period - (available - (buffer - fill.frames))
            if missing <= 0 { return !wake.drain() }
            let now = clock.now
            guard now < deadline else { throw .stalled(name, direction: .output) }
            // By the clock: a device that is not filled to its end says at any time that it has room. The last eighth of a
            // period is asked for by itself, because a sound server frees a whole period at once; met a little late, it
            // would be met later each time.
            let step = max(period / 8, min(missing, period) - period / 8)
            let time = min(deadline, now + rate.duration(of: step))
            punctuality.expect(at: time)
            if clock.wait(until: time, wake) { return false }
        }
    }

    mutating func write(_ frames: Span<Int16>) throws(DeviceError) {
        let raw = self.raw.elements
        var span = raw.mutableSpan
        var bytes = span.mutableBytes
        upmix.spread(frames, into: &bytes)
        let size = frames.count * upmix.bytesPerFrame
        var done = 0
        while done < size {
            let count = pcm.write(UnsafeBufferPointer(rebasing: raw[done..<size]))
            if count > 0 {
                recovery.succeeded()
                fill.wrote(count)
                sincePrepared += count
                done += count * upmix.bytesPerFrame
                if let measured = rateWatch.observe(count, now: clock.now) {
                    throw .wrongRate(name, claimed: rate, measured: measured, direction: .output)
                }
            } else if try recover(from: count < 0 ? count : -Int(EPIPE)) {
                // A device that had room and takes nothing is as good as one that ran dry. What was written of this
                // period went with it.
                done = 0
            }
        }
        punctuality.served()
    }

    mutating func delay() throws(DeviceError) -> Int {
        // A device that ran dry has played everything; the next call puts it right. One that has not begun holds all that
        // was written, whatever it says: a sound server says zero.
        let delay = max(0, pcm.delay())
        return delay < sincePrepared && pcm.state == .prepared ? sincePrepared : delay
    }

    mutating func drop() throws(DeviceError) -> DroppedSound {
        defer { punctuality = Punctuality() }  // to stop a device takes time that is not ours
        rateWatch.restart()
        // A millisecond is what a converter may have fetched ahead.
        let rewound = pcm.rewind(margin: rate.hertz / 1_000)
        if rewound > 0 {
            sincePrepared -= rewound
            return DroppedSound(unheard: rewound, isSeamless: true)
        }
        let unheard = try delay()
        _ = pcm.drop()
        sincePrepared = 0
        let code = pcm.prepare()
        if code < 0 { try recover(from: code) }
        return DroppedSound(unheard: unheard, isSeamless: false)
    }

    mutating func finish() throws(DeviceError) { _ = pcm.drop() }

    @discardableResult
    private mutating func recover(from code: Int) throws(DeviceError) -> Bool {
        guard try recovery.recover(&pcm, from: code, name: name, restarting: false) else { return false }
        let held = rate.duration(of: fill.frames)
        counters.countXrun(late: punctuality.late, isOurs: punctuality.explains(held))
        // What restarting it takes is not ours, and whatever else waits for the device has waited for that.
        punctuality = Punctuality()
        fill.ranDry()
        sincePrepared = 0
        rateWatch.restart()
        return true
    }
}
