import AudioCore
import AudioFrontEnd

/// The ways in which a device can be set up, narrowed with every answer. Refusing leaves it as it was.
protocol HardwareSpace: ~Copyable {
    /// Forbids or allows conversion of the rate on the way to the hardware.
    mutating func allowResampling(_ isAllowed: Bool)
    mutating func accept(format: SampleFormat) -> Bool
    mutating func accept(channels: Int) -> Bool
    mutating func accept(rate: SampleRate) -> Bool
    /// - Returns: the nearest there is; nil when there is none.
    mutating func nearest(rate: SampleRate) -> SampleRate?
    mutating func nearest(channels: Int) -> Int?
    mutating func nearest(period: Int) -> Int?
    mutating func nearest(buffer: Int) -> Int?
}

/// Chooses how to open a device: at a rate of its own, since our resampler is known and ALSA's may be none at all (see
/// docs/BENCHMARKS.md), with small periods, and with a buffer larger than what a loudspeaker is filled with on a quiet
/// machine (`FillTarget`).
struct PCMNegotiation {
    let direction: DeviceDirection

    /// What most converters run at first; 44.1 kHz costs three times as much to resample.
    private static let rates = [48_000, 44_100, 96_000, 32_000, 24_000, 16_000, 192_000, 88_200, 22_050, 8_000]
    /// In order of how little there is to convert.
    private static let formats: [SampleFormat] = [
        .signed16, .signed32, .signed24, .signed24in32, .float32, .float64, .unsigned8,
    ]
    /// Playback: 10 ms, so that an interruption is heard within one. Capture: 20 ms, what goes up in one message; nothing
    /// would leave earlier with less, and a sound server would send, and its library wake, twice as often.
    private var period: Duration {
        switch direction {
        case .output: .milliseconds(10)
        case .input: .milliseconds(20)
        }
    }

    /// What the device may hold. A capture is read as it comes, and a playback is filled as far as it must be, so a large
    /// buffer costs no time.
    private static let buffer = Duration.milliseconds(200)

    /// - Parameter name: of the device, for the error.
    /// - Throws: `.other` when the device takes nothing that we know.
    func configure<Space: HardwareSpace & ~Copyable>(
        _ space: inout Space, name: String
    ) throws(DeviceError) -> PCMConfiguration {
        guard let format = Self.formats.first(where: { space.accept(format: $0) }) else {
            throw refusal(name, "none of its sample formats is known here")
        }
        guard let channels = channels(&space) else { throw refusal(name, "it has no channels") }
        guard let rate = rate(&space) else { throw refusal(name, "none of its sample rates will do") }
        guard let period = space.nearest(period: rate.frames(in: period)), period > 0,
            let size = space.nearest(buffer: rate.frames(in: Self.buffer)), size >= 2 * period
        else { throw refusal(name, "its buffer cannot be divided into periods") }
        return PCMConfiguration(rate: rate, format: format, channels: channels, period: period, buffer: size)
    }

    private func channels<Space: HardwareSpace & ~Copyable>(_ space: inout Space) -> Int? {
        for channels in [1, 2] where space.accept(channels: channels) { return channels }
        guard let channels = space.nearest(channels: 2), (1...Downmix.maximumChannels).contains(channels) else {
            return nil
        }
        return channels
    }

    private func rate<Space: HardwareSpace & ~Copyable>(_ space: inout Space) -> SampleRate? {
        space.allowResampling(false)
        for hertz in Self.rates where space.accept(rate: SampleRate(hertz: hertz)) { return SampleRate(hertz: hertz) }
        // A rate that is on nobody's list, or a device that only converts.
        space.allowResampling(true)
        return space.nearest(rate: SampleRate(hertz: Self.rates[0]))
    }

    private func refusal(_ name: String, _ why: String) -> DeviceError {
        DeviceError(.other, "cannot use \(name): \(why)", remedy: "Try default, or plughw: instead of hw:")
    }
}
