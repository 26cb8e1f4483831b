package import Events
package import LiveSession

/// What was asked of one conversation and holds for those that follow as well, in place of the settings. Pure.
///
/// A conversation that begins again by itself must not open a microphone that somebody has muted.
package struct StandingWishes: Equatable, Sendable {
    /// The microphone is not read.
    package private(set) var isMuted = false
    /// Nil for that of the settings, as with all that follows.
    package private(set) var mode: TurnMode?
    /// By name, as in the settings.
    package private(set) var devices: [Direction: String] = [:]
    /// Linear, 0 … 1.
    package private(set) var volume: Double?

    package init() {}

    /// - Returns: whether it is something that stays, rather than something that is done once.
    package mutating func note(_ command: ConversationCommand) -> Bool {
        switch command {
        case .mute, .unmute: isMuted = command == .mute
        case .mode(let mode): self.mode = mode
        case .device(let direction, let name): devices[direction] = name
        case .volume(let volume): self.volume = volume
        case .press, .release, .cues, .wakeTimes, .interrupt, .say, .renew, .hangUp, .hangUpSaying: return false
        }
        return true
    }

    /// These settings were changed, which is the newer wish. - Parameter keys: any of them.
    mutating func yield(to keys: [SettingKey]) {
        for key in keys {
            switch key.path {
            case SettingKey.mode.path: mode = nil
            case SettingKey.input.path: devices[.input] = nil
            case SettingKey.output.path: devices[.output] = nil
            case SettingKey.volume.path: volume = nil
            default: break
            }
        }
    }
}
