import AudioCore
import AudioFrontEnd
import CALSA
import Glibc

/// An open ALSA device with one owner. Dropping it closes it.
struct ALSAPCM: PCM, ~Copyable {
    let configuration: PCMConfiguration
    private let handle: OpaquePointer
    /// The wake-up first, then ALSA's own.
    private let descriptors: Scratch<pollfd>
    private let frameSize: Int

    /// Opens and configures a device, as `init` does, but not longer than `patience`: a sound server that hangs would
    /// hold whoever opens for ever.
    ///
    /// - Parameters:
    ///   - wake: ends the wait when it is woken and `isOver` says so.
    /// - Returns: nil when it was over.
    /// - Throws: `.stalled` for one that does not answer; as `init` does.
    static func open(
        _ name: String, for direction: DeviceDirection, wake: Wake, unless isOver: () -> Bool,
        patience: Duration = .seconds(2)
    ) throws(DeviceError) -> ALSAPCM? {
        try DetachedCall.value(of: name, within: patience, wake: wake, unless: isOver) { () throws(DeviceError) in
            try ALSAPCM(opening: name, for: direction)
        }
    }

    /// Opens and configures a device, at a rate of its own.
    ///
    /// - Throws: `.unknown` with what there is, `.busy`, `.permission`, `.unplugged`, or `.other` with ALSA's words.
    init(opening name: String, for direction: DeviceDirection) throws(DeviceError) {
        vv_alsa_quiet()
        let stream = direction == .input ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK
        var opened: OpaquePointer?
        let code = snd_pcm_open(&opened, name, stream, Int32(SND_PCM_NONBLOCK))
        guard code >= 0, let opened else { throw Self.failure(Int(code), opening: name, for: direction) }
        do {
            configuration = try Self.configure(opened, name: name, for: direction)
        } catch {
            snd_pcm_close(opened)
            throw error
        }
        handle = opened
        frameSize = configuration.format.bytes * configuration.channels
        let count = max(0, snd_pcm_poll_descriptors_count(opened))
        descriptors = Scratch(count: Int(count) + 1, zero: pollfd())
        let table = descriptors.elements
        snd_pcm_poll_descriptors(opened, table.baseAddress! + 1, UInt32(count))
    }

    deinit {
        // Closing asks a sound server to stop the stream, and waits for its answer; a server that hangs gives none.
        guard isServed else {
            snd_pcm_close(handle)
            return
        }
        let closing = Closing(handle: handle)
        DetachedCall.finish(within: .seconds(1)) { snd_pcm_close(closing.handle) }
    }

    /// A plugin that leads to a sound server.
    var isServed: Bool { snd_pcm_type(handle) == SND_PCM_TYPE_IOPLUG || card == nil }

    /// The id of the card that the device leads to, through whatever plugins; nil when it leads to none.
    var card: String? {
        var info: OpaquePointer?
        guard snd_pcm_info_malloc(&info) >= 0, let info else { return nil }
        defer { snd_pcm_info_free(info) }
        guard snd_pcm_info(handle, info) >= 0 else { return nil }
        return SoundCards.id(of: Int(snd_pcm_info_get_card(info)))
    }

    var state: PCMState {
        switch snd_pcm_state(handle) {
        case SND_PCM_STATE_SETUP: .setup
        case SND_PCM_STATE_PREPARED: .prepared
        case SND_PCM_STATE_RUNNING: .running
        case SND_PCM_STATE_XRUN: .xrun
        case SND_PCM_STATE_DRAINING: .draining
        case SND_PCM_STATE_PAUSED: .paused
        case SND_PCM_STATE_SUSPENDED: .suspended
        case SND_PCM_STATE_DISCONNECTED: .disconnected
        default: .other
        }
    }

    func wait(_ wake: Wake, until deadline: Duration) -> Wake.Outcome {
        let table = descriptors.elements
        table[0] = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            guard vv_wait(table.baseAddress, CInt(table.count), deadline.nanoseconds) > 0 else { return .late }
            if table[0].revents != 0 {
                wake.drain()
                return .woken
            }
            var events: UInt16 = 0
            let code = snd_pcm_poll_descriptors_revents(
                handle, table.baseAddress! + 1, UInt32(table.count - 1), &events)
            if code < 0 || events != 0 { return .ready }
        }
    }

    func available() -> Int { snd_pcm_avail(handle) }

    func delay() -> Int {
        var frames: snd_pcm_sframes_t = 0
        let code = snd_pcm_delay(handle, &frames)
        return code < 0 ? Int(code) : frames
    }

    mutating func read(into bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        notYet(snd_pcm_readi(handle, bytes.baseAddress, UInt(bytes.count / frameSize)))
    }

    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        notYet(snd_pcm_writei(handle, bytes.baseAddress, UInt(bytes.count / frameSize)))
    }

    mutating func rewind(margin: Int) -> Int {
        // Plugins that lead to a sound server take a rewind for granted and then play everything all the same, since
        // what was written has left for the server. Hardware can do it.
        guard snd_pcm_type(handle) == SND_PCM_TYPE_HW else { return 0 }
        let frames = snd_pcm_rewindable(handle) - margin
        return frames > 0 ? max(0, snd_pcm_rewind(handle, UInt(frames))) : 0
    }

    mutating func prepare() -> Int { Int(snd_pcm_prepare(handle)) }
    mutating func start() -> Int { Int(snd_pcm_start(handle)) }
    mutating func drop() -> Int { Int(snd_pcm_drop(handle)) }
    mutating func resume() -> Int { Int(snd_pcm_resume(handle)) }

    private func notYet(_ result: Int) -> Int { result == -Int(EAGAIN) ? 0 : result }

    private static func configure(
        _ handle: OpaquePointer, name: String, for direction: DeviceDirection
    ) throws(DeviceError) -> PCMConfiguration {
        var space = try ALSAHardwareSpace(of: handle, name: name)
        let configuration = try PCMNegotiation(direction: direction).configure(&space, name: name)
        try space.install(name: name)
        try setThresholds(handle, configuration, name: name)
        return configuration
    }

    /// When to wake us, and when to begin to play.
    private static func setThresholds(
        _ handle: OpaquePointer, _ configuration: PCMConfiguration, name: String
    ) throws(DeviceError) {
        var parameters: OpaquePointer?
        snd_pcm_sw_params_malloc(&parameters)
        defer { snd_pcm_sw_params_free(parameters) }
        snd_pcm_sw_params_current(handle, parameters)
        snd_pcm_sw_params_set_avail_min(handle, parameters, UInt(configuration.period))
        // Playing starts with all but one period of the first fill written: with less the first hiccup would be heard.
        let period = configuration.period
        let fill = FillTarget(buffer: configuration.buffer, period: period, rate: configuration.rate).frames
        let threshold = (fill / period - 1) * period
        snd_pcm_sw_params_set_start_threshold(handle, parameters, UInt(threshold))
        let code = snd_pcm_sw_params(handle, parameters)
        if code < 0 { throw .alsa(Int(code), "cannot configure", name) }
    }

    private static func failure(_ code: Int, opening name: String, for direction: DeviceDirection) -> DeviceError {
        let plain = DeviceError.alsa(code, "cannot open", name)
        // No such name, or no such card behind it: the list helps, as it does not when the device is merely busy.
        guard [ENOENT, ENODEV, ENXIO, EINVAL].contains(CInt(clamping: -code)) else { return plain }
        let names = DeviceListing.names(for: direction)
        return DeviceError(
            .unknown(available: names), plain.message,
            remedy: "There are: \(names.joined(separator: ", "))", errno: plain.errno)
    }
}

/// A handle on its way to the thread that closes it.
private struct Closing: @unchecked Sendable { let handle: OpaquePointer }
