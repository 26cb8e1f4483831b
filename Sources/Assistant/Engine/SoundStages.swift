import AudioDevices
package import AudioFrontEnd
import Events
import Synchronization

/// Which stages the captured voice goes through, as the settings and the devices have it.
///
/// `auto` cancels echoes where both devices are in a room, suppresses noise where the input is, and leaves to the device,
/// or to the sound server before it, what that does by itself. A file is sent as it is.
final class SoundStages: Sendable {
    /// What is known of the devices.
    struct Surroundings: Equatable, Sendable {
        /// Whether the device hears, or is heard, in a room.
        var isInRoom: [Direction: Bool]
        /// What the input does by itself.
        var traits = DeviceTraits()

        func stages(_ settings: Settings.Audio) -> FrontEnd.Stages {
            let hearsRoom = isInRoom[.input] ?? false
            let isOpenAir = hearsRoom && isInRoom[.output] ?? false
            return FrontEnd.Stages(
                cancelsEcho: settings.echoCancellation.holds(auto: isOpenAir && !traits.cancelsEcho),
                suppressesNoise: settings.noiseSuppression.holds(auto: hearsRoom && !traits.suppressesNoise))
        }
    }

    private let settings: Settings.Audio
    private let state: Mutex<Surroundings>
    private let frontEnd: FrontEnd

    init(_ settings: Settings.Audio, input: DeviceSpec, output: DeviceSpec, for frontEnd: FrontEnd) {
        self.settings = settings
        self.frontEnd = frontEnd
        state = Mutex(Surroundings(isInRoom: [.input: input.isInRoom, .output: output.isInRoom]))
        apply()
    }

    /// Another device is used from here on. Any thread.
    func changed(_ direction: Direction, to device: DeviceSpec) {
        state.withLock { $0.isInRoom[direction] = device.isInRoom }
        apply()
    }

    /// What the input does by itself became known. Any thread.
    func found(_ traits: DeviceTraits) {
        state.withLock { $0.traits = traits }
        apply()
    }

    private func apply() { frontEnd.use(state.withLock { $0 }.stages(settings)) }
}

extension Settings.Automatic {
    /// - Parameter auto: what `auto` comes to here.
    func holds(auto: Bool) -> Bool {
        switch self {
        case .auto: auto
        case .on: true
        case .off: false
        }
    }
}

extension Settings.Audio {
    /// All stages that may be wanted of a conversation with these settings.
    package var frontEnd: FrontEnd.Configuration {
        FrontEnd.Configuration(
            cancelsEcho: echoCancellation != .off, highPass: highPass, suppressesNoise: noiseSuppression != .off,
            controlsGain: gainControl)
    }
}

extension DeviceSpec {
    /// It hears, or is heard, in a room.
    fileprivate var isInRoom: Bool {
        switch self {
        case .alsa: true
        case .file, .pipe, .standard, .tone, .silence, .null, .list: false
        }
    }
}
