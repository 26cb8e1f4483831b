import AudioDevices
import Synchronization

/// How loud answers are: by our own doing, or by the mixer of the output's card where a control of it is named.
final class OutputVolume: Sendable {
    private let wanted: Mutex<Double>
    private let mixer: Mixer?
    private let own: @Sendable (Float) -> Void

    /// - Parameter own: sets ours, linear.
    /// - Throws: `.usage` for a control that the mixer has not, with those that it has, and for an output without one.
    init(
        _ settings: Settings.Audio, of output: DeviceSpec, own: @escaping @Sendable (Float) -> Void
    ) throws(DeviceError) {
        wanted = Mutex(settings.volume)
        self.own = own
        mixer = if let control = settings.mixer { try Mixer(of: output, control: control) } else { nil }
        if mixer == nil { own(Float(settings.volume)) }
    }

    /// The output was opened: a card that was plugged in again may have forgotten what it was set to.
    func outputOpened() async throws(DeviceError) {
        guard let mixer else { return }
        try await mixer.setVolume(wanted.withLock { $0 })
    }

    /// - Parameter volume: linear, 0 … 1; clamped.
    func set(_ volume: Double) async throws(DeviceError) {
        let volume = max(0, min(1, volume))
        wanted.withLock { $0 = volume }
        guard let mixer else { return own(Float(volume)) }
        try await mixer.setVolume(volume)
    }
}
