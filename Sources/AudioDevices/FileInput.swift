import AudioCore
import AudioFrontEnd

/// A WAV file that speaks into the microphone: mixed to mono, brought to 16 kHz, paced in real time.
struct FileInput<Bytes: ByteReader & ~Copyable, Clock: DeviceClock>: InputDevice, ~Copyable {
    private var reader: WAVReader<Bytes>
    private let downmix: Downmix
    private var resampler: Resampler
    private let clock: Clock
    /// Made at the first reading, when the file begins to play.
    private var pacer: Pacer<Clock>?
    private let raw: Scratch<UInt8>
    private let mixed: Scratch<Int16>
    /// Of `mixed`: samples that the resampler has not taken.
    private var start = 0
    private var end = 0
    private var isFileOver = false

    init(_ reader: consuming WAVReader<Bytes>, clock: Clock) throws(DeviceError) {
        downmix = Downmix(reader.format, channels: reader.channels)
        resampler = try Resampler(between: reader.rate, and: .voice)
        let frames = max(64, reader.rate.hertz / 50)
        mixed = Scratch(samples: frames)
        raw = Scratch(bytes: frames * reader.bytesPerFrame)
        self.reader = reader
        self.clock = clock
    }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        var pacer = self.pacer ?? Pacer(clock: clock, rate: .voice)
        let began = pacer.nextStart
        let isTime = pacer.wait(for: frame.count, wake)
        self.pacer = pacer
        guard isTime else { return .woken }
        let filled = try fill(&frame)
        return filled > 0 ? .samples(filled, capturedAt: began) : .ended
    }

    /// - Returns: samples at the front of `frame`; fewer than fit only at the end of the file.
    private mutating func fill(_ frame: inout MutableSpan<Int16>) throws(DeviceError) -> Int {
        let mixed = self.mixed.elements
        var filled = 0
        while filled < frame.count {
            if start == end, !isFileOver { try load() }
            if start < end {
                let waiting = mixed.span.extracting(start..<end)
                let (consumed, produced) = resampler.process(waiting, into: &frame, from: filled)
                start += consumed
                filled += produced
            } else {
                let produced = resampler.finish(into: &frame, from: filled)
                guard produced > 0 else { break }
                filled += produced
            }
        }
        return filled
    }

    private mutating func load() throws(DeviceError) {
        let raw = self.raw.elements
        let mixed = self.mixed.elements
        let size = try reader.readFrames(into: raw) * downmix.bytesPerFrame
        isFileOver = size < raw.count
        var span = mixed.mutableSpan
        start = 0
        end = downmix.mix(raw.span.bytes.extracting(0..<size), into: &span)
    }
}
