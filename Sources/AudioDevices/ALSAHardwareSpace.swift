import AudioCore
import AudioFrontEnd
import CALSA

/// ALSA's hardware parameters of one open device.
struct ALSAHardwareSpace: HardwareSpace, ~Copyable {
    private let handle: OpaquePointer
    private let parameters: OpaquePointer

    /// - Parameter handle: stays open while this value lives.
    /// - Throws: when the device has no way at all to be set up, as when it was just unplugged.
    init(of handle: OpaquePointer, name: String) throws(DeviceError) {
        var allocated: OpaquePointer?
        snd_pcm_hw_params_malloc(&allocated)
        guard let allocated else { throw DeviceError(.other, "no memory to open \(name) with") }
        var code = snd_pcm_hw_params_any(handle, allocated)
        if code >= 0 { code = snd_pcm_hw_params_set_access(handle, allocated, SND_PCM_ACCESS_RW_INTERLEAVED) }
        guard code >= 0 else {
            snd_pcm_hw_params_free(allocated)
            throw .alsa(Int(code), "cannot configure", name)
        }
        self.handle = handle
        parameters = allocated
    }

    deinit { snd_pcm_hw_params_free(parameters) }

    mutating func allowResampling(_ isAllowed: Bool) {
        snd_pcm_hw_params_set_rate_resample(handle, parameters, isAllowed ? 1 : 0)
    }

    mutating func accept(format: SampleFormat) -> Bool {
        snd_pcm_hw_params_set_format(handle, parameters, Self.code(of: format)) >= 0
    }

    mutating func accept(channels: Int) -> Bool {
        snd_pcm_hw_params_set_channels(handle, parameters, UInt32(channels)) >= 0
    }

    mutating func accept(rate: SampleRate) -> Bool {
        snd_pcm_hw_params_set_rate(handle, parameters, UInt32(rate.hertz), 0) >= 0
    }

    mutating func nearest(rate: SampleRate) -> SampleRate? {
        var hertz = UInt32(rate.hertz)
        guard snd_pcm_hw_params_set_rate_near(handle, parameters, &hertz, nil) >= 0 else { return nil }
        return (1_000...768_000).contains(hertz) ? SampleRate(hertz: Int(hertz)) : nil
    }

    mutating func nearest(channels: Int) -> Int? {
        var count = UInt32(channels)
        return snd_pcm_hw_params_set_channels_near(handle, parameters, &count) >= 0 ? Int(count) : nil
    }

    mutating func nearest(period: Int) -> Int? {
        var frames = snd_pcm_uframes_t(period)
        return snd_pcm_hw_params_set_period_size_near(handle, parameters, &frames, nil) >= 0 ? Int(frames) : nil
    }

    mutating func nearest(buffer: Int) -> Int? {
        var frames = snd_pcm_uframes_t(buffer)
        return snd_pcm_hw_params_set_buffer_size_near(handle, parameters, &frames) >= 0 ? Int(frames) : nil
    }

    /// Makes the choices so far the device's.
    func install(name: String) throws(DeviceError) {
        let code = snd_pcm_hw_params(handle, parameters)
        if code < 0 { throw .alsa(Int(code), "cannot configure", name) }
    }

    /// What the device could do, before any choice: for lists.
    func abilities() -> DeviceListing.Abilities {
        var (lowest, highest) = (UInt32(0), UInt32(0))
        var (fewest, most) = (UInt32(0), UInt32(0))
        snd_pcm_hw_params_set_rate_resample(handle, parameters, 0)
        snd_pcm_hw_params_get_rate_min(parameters, &lowest, nil)
        snd_pcm_hw_params_get_rate_max(parameters, &highest, nil)
        snd_pcm_hw_params_get_channels_min(parameters, &fewest)
        snd_pcm_hw_params_get_channels_max(parameters, &most)
        let formats = SampleFormat.allCases.filter {
            snd_pcm_hw_params_test_format(handle, parameters, Self.code(of: $0)) >= 0
        }
        return DeviceListing.Abilities(
            hertz: Int(lowest)...Int(max(lowest, highest)), channels: Int(fewest)...Int(max(fewest, most)),
            formats: formats)
    }

    private static func code(of format: SampleFormat) -> snd_pcm_format_t {
        switch format {
        case .unsigned8: SND_PCM_FORMAT_U8
        case .signed16: SND_PCM_FORMAT_S16_LE
        case .signed24: SND_PCM_FORMAT_S24_3LE
        case .signed24in32: SND_PCM_FORMAT_S24_LE
        case .signed32: SND_PCM_FORMAT_S32_LE
        case .float32: SND_PCM_FORMAT_FLOAT_LE
        case .float64: SND_PCM_FORMAT_FLOAT64_LE
        }
    }
}
