import AudioCore

/// A WAV file that speaks into the microphone: mixed to mono, brought to 16 kHz, paced in real time.
struct FileInput<Bytes: ByteReader & ~Copyable, Clock: DeviceClock>: InputDevice, ~Copyable {
    private var reader: WAVReader<Bytes>
    private var converter: VoiceConverter
    private let clock: Clock
    /// Made at the first reading, when the file begins to play.
    private var pacer: Pacer<Clock>?
    private var isFileOver = false

    /// - Throws: `.other` for a rate that cannot be converted.
    init(_ reader: consuming WAVReader<Bytes>, clock: Clock) throws(DeviceError) {
        converter = try VoiceConverter(
            rate: reader.rate, format: reader.format, channels: reader.channels,
            capacity: max(64, reader.rate.hertz / 50))
        self.reader = reader
        self.clock = clock
    }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        var pacer = self.pacer ?? Pacer(clock: clock, rate: .voice)
        let began = pacer.nextStart
        let isTime = pacer.wait(for: frame.count, wake)
        self.pacer = pacer
        guard isTime else { return .woken }
        while converter.ready < frame.count, !isFileOver { try load() }
        let count = converter.take(into: &frame)
        return count > 0 ? .samples(count, capturedAt: began) : .ended
    }

    private mutating func load() throws(DeviceError) {
        let raw = converter.raw.elements
        let count = try reader.readFrames(into: raw)
        converter.convert(count)
        guard count * reader.bytesPerFrame < raw.count else { return }
        isFileOver = true
        converter.finish()
    }
}
