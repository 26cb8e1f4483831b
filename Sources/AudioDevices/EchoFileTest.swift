import AudioCore
package import AudioFrontEnd
import CALSA
import Glibc

/// Runs the front end on files instead of devices: what the loudspeaker was given and what the microphone heard, both
/// from the same instant on, and writes what would be sent.
package struct EchoFileTest: Sendable {
    /// What came out, besides the sound.
    package struct Report: Equatable, Sendable {
        /// Length of the microphone's file.
        package var length = Duration.zero
        /// As of the end: delay, drift, the canceller's own return loss, grade.
        package var echo = EchoStatus.Reading()
        /// How much quieter the output is than the microphone while only the loudspeaker is heard, dB; nil without
        /// such a stretch.
        package var attenuation: Double?
        /// Stretches in which a voice was heard.
        package var voices = 0
        /// CPU time for each second of sound.
        package var load = Duration.zero
    }

    private static let frame = 160
    /// Frames that the loudspeaker is told ahead, as a device's buffer does.
    private static let ahead = 4

    private let far: String
    private let microphone: String
    private let output: String
    private let configuration: FrontEnd.Configuration

    /// - Parameters:
    ///   - far: path of what the loudspeaker was given; a WAV file of any rate, as is `microphone`.
    ///   - microphone: path of what was heard.
    ///   - output: path of the file to write: mono, 16 kHz, in step with the microphone's and as long.
    package init(
        far: String, microphone: String, output: String, configuration: FrontEnd.Configuration = .init()
    ) {
        self.far = far
        self.microphone = microphone
        self.output = output
        self.configuration = configuration
    }

    /// Reads and writes files, and takes a second for a minute of sound or so.
    ///
    /// - Throws: `.missingFile`, `.badFormat`, `.usage` when the file to write is one of those to read, or what else
    ///   keeps a file from being read or written.
    package func run() throws(DeviceError) -> Report {
        var loudspeaker = try FarFile(far)
        var microphone = try MicrophoneFile(self.microphone)
        let reference = EchoReference()
        let status = EchoStatus()
        let frontEnd: FrontEnd
        do {
            frontEnd = try FrontEnd(configuration, reference: reference, status: status)
        } catch {
            throw DeviceError(.other, "the front end cannot be made: \(error)")
        }
        var tap = reference.makeTap()
        try FileIdentity.check(output, isNone: [far, self.microphone])
        var writer = try WAVWriter(creating: output, rate: .voice)
        var tally = Tally()
        let scratch = Scratch(samples: Self.frame)
        let samples = scratch.elements
        for _ in 0..<Self.ahead { try loudspeaker.feed(&tap) }
        var index = 0
        var dueToSkip = frontEnd.latency
        var (read, written) = (0, 0)
        while written < read || !microphone.isOver {
            var frame = samples.mutableSpan
            read += try microphone.read(into: &frame)
            try loudspeaker.feed(&tap)
            tally.before(samples.span)
            frontEnd.process(&frame, capturedAt: .milliseconds(10 * index))
            tally.after(samples.span, frontEnd)
            index += 1
            let skipped = min(dueToSkip, Self.frame)
            dueToSkip -= skipped
            let count = min(Self.frame - skipped, read - written)
            try writer.append(samples.span.extracting(skipped..<skipped + count))
            written += count
        }
        try writer.updateHeader()
        return tally.report(read, status)
    }
}

/// The sums behind a report.
private struct Tally {
    private var microphone = 0.0
    private var output = 0.0
    private var before = 0.0
    private var voices = 0
    private var heardVoice = false
    private var began = 0
    private var busy = 0

    mutating func before(_ frame: Span<Int16>) {
        before = power(frame)
        began = now()
    }

    mutating func after(_ frame: Span<Int16>, _ frontEnd: FrontEnd) {
        busy += now() - began
        if frontEnd.hearsLoudspeakerOnly {
            microphone += before
            output += power(frame)
        }
        let hearsVoice = frontEnd.hearsVoice ?? false
        if hearsVoice, !heardVoice { voices += 1 }
        heardVoice = hearsVoice
    }

    func report(_ samples: Int, _ status: EchoStatus) -> EchoFileTest.Report {
        var report = EchoFileTest.Report()
        report.length = SampleRate.voice.duration(of: samples)
        report.echo = status.reading
        if microphone > 0 { report.attenuation = 10 * log10(microphone / max(output, 1)) }
        report.voices = voices
        report.load = .nanoseconds(busy * SampleRate.voice.hertz / max(1, samples))
        return report
    }

    private func power(_ frame: Span<Int16>) -> Double {
        var sum = 0.0
        for index in frame.indices { sum += Double(frame[index]) * Double(frame[index]) }
        return sum
    }

    /// CPU time of this thread, ns.
    private func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// What the loudspeaker was given, told as a playback device tells it: in periods of 10 ms at the file's own rate.
private struct FarFile: ~Copyable {
    private var reader: WAVReader<FileBytes>
    private let downmix: Downmix
    private let raw: Scratch<UInt8>
    private let mono: Scratch<Int16>
    private var told = 0
    private var periods = 0

    init(_ path: String) throws(DeviceError) {
        let opened = try WAVReader(FileBytes(reading: path), name: path)
        let rate = opened.rate
        guard (try? Resampler(from: rate, to: .voice)) != nil else {
            throw DeviceError(
                .badFormat, "\(path) has a rate of \(rate), which cannot be brought to \(SampleRate.voice)",
                remedy: "Give a WAV of a usual rate")
        }
        downmix = Downmix(opened.format, channels: opened.channels)
        let longest = rate.hertz / 100 + 1
        raw = Scratch(bytes: longest * downmix.bytesPerFrame)
        reader = opened
        mono = Scratch(samples: longest)
    }

    /// Tells the next 10 ms; silence after the end.
    mutating func feed(_ tap: inout EchoTap) throws(DeviceError) {
        periods += 1
        let count = reader.rate.hertz * periods / 100 - told
        let bytes = raw.elements
        let frames = try reader.readFrames(
            into: UnsafeMutableBufferPointer(rebasing: bytes[..<(count * downmix.bytesPerFrame)]))
        let samples = mono.elements
        var mixed = samples.mutableSpan
        _ = downmix.mix(bytes.span.bytes.extracting(0..<frames * downmix.bytesPerFrame), into: &mixed)
        for index in frames..<count { samples[index] = 0 }
        tap.willLeave(samples.span.extracting(0..<count), rate: reader.rate, at: reader.rate.duration(of: told))
        told += count
    }
}

/// What the microphone heard, brought to 16 kHz.
private struct MicrophoneFile: ~Copyable {
    private var reader: WAVReader<FileBytes>
    private var converter: VoiceConverter
    private var isFileOver = false

    init(_ path: String) throws(DeviceError) {
        let opened = try WAVReader(FileBytes(reading: path), name: path)
        converter = try VoiceConverter(
            rate: opened.rate, format: opened.format, channels: opened.channels,
            capacity: max(64, opened.rate.hertz / 50))
        reader = opened
    }

    /// All has been read.
    var isOver: Bool { isFileOver && converter.ready == 0 }

    /// - Returns: samples read, at the front of `frame`; the rest of it is silence.
    mutating func read(into frame: inout MutableSpan<Int16>) throws(DeviceError) -> Int {
        while converter.ready < frame.count, !isFileOver {
            let raw = converter.raw.elements
            let count = try reader.readFrames(into: raw)
            converter.convert(count)
            guard count * reader.bytesPerFrame < raw.count else { continue }
            isFileOver = true
            converter.finish()
        }
        let count = converter.take(into: &frame)
        for index in count..<frame.count { frame[index] = 0 }
        return count
    }
}
