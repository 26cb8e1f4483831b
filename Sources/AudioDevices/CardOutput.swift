import AudioCore
import AudioFrontEnd
import Glibc

/// A PCM device as loudspeaker.
///
/// It is never left to run dry on purpose: between answers it plays silence, so that the next one begins without the
/// time it takes to start, and an echo canceller has a reference without gaps.
struct CardOutput<Device: PCM & ~Copyable>: OutputDevice, ~Copyable {
    let rate: SampleRate
    let period: Int
    private var pcm: Device
    private let name: String
    private let counters: DeviceCounters
    private var recovery = PCMRecovery()
    private let upmix: Upmix
    private let raw: Scratch<UInt8>
    private var rateWatch: RateWatch

    /// - Parameter trueRate: at which it runs, whatever it says; nil believes it.
    init(_ pcm: consuming Device, name: String, at trueRate: SampleRate? = nil, counters: DeviceCounters) {
        let configuration = pcm.configuration
        rate = trueRate ?? configuration.rate
        rateWatch = RateWatch(claimed: rate)
        period = configuration.period
        upmix = Upmix(configuration.format, channels: configuration.channels)
        raw = Scratch(bytes: configuration.period * upmix.bytesPerFrame)
        self.pcm = pcm
        self.name = name
        self.counters = counters
    }

    mutating func waitForRoom(_ wake: Wake) throws(DeviceError) -> Bool {
        let deadline = MonotonicClock().now + StallWatch.patience
        while true {
            let room = pcm.available()
            if room >= period { return !wake.drain() }
            if room < 0 {
                try recover(from: room)
                continue
            }
            switch pcm.wait(wake, until: deadline) {
            case .woken: return false
            case .late: throw .stalled(name, direction: .output)
            case .ready:
                // Some plugins wake before there is a whole period; asking them at once again would spin.
                let missing = period - pcm.available()
                guard missing > 0, missing <= period else { continue }
                if wake.wait(until: min(deadline, MonotonicClock().now + rate.duration(of: missing))) { return false }
                if MonotonicClock().now >= deadline { throw .stalled(name, direction: .output) }
            }
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
                done += count * upmix.bytesPerFrame
                if let measured = rateWatch.observe(count, now: MonotonicClock().now) {
                    throw .wrongRate(name, claimed: rate, measured: measured, direction: .output)
                }
            } else if try recover(from: count < 0 ? count : -Int(EPIPE)) {
                // A device that had room and takes nothing is as good as one that ran dry. What was written of this
                // period went with it.
                done = 0
            }
        }
    }

    mutating func delay() throws(DeviceError) -> Int {
        // A device that ran dry has played everything; the next call puts it right.
        max(0, pcm.delay())
    }

    mutating func drop() throws(DeviceError) -> DroppedSound {
        rateWatch.restart()
        // A millisecond is what a converter may have fetched ahead.
        let rewound = pcm.rewind(margin: rate.hertz / 1_000)
        if rewound > 0 { return DroppedSound(unheard: rewound, isSeamless: true) }
        let unheard = max(0, pcm.delay())
        _ = pcm.drop()
        let code = pcm.prepare()
        if code < 0 { try recover(from: code) }
        return DroppedSound(unheard: unheard, isSeamless: false)
    }

    mutating func finish() throws(DeviceError) { _ = pcm.drop() }

    @discardableResult
    private mutating func recover(from code: Int) throws(DeviceError) -> Bool {
        let hasRestarted = try recovery.recover(&pcm, from: code, name: name, restarting: false, counters: counters)
        if hasRestarted { rateWatch.restart() }
        return hasRestarted
    }
}
