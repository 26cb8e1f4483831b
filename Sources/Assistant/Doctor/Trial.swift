package import Events
import LiveSession

/// A conversation of a few seconds in which nothing is said: what its events show of the service and of the devices.
///
/// Pure: takes the events, and at the end says what they come to.
package struct Trial: Sendable {
    /// How the settings for it differ from those that are set: no voice goes up, nothing is kept.
    package static func settings(_ settings: Settings) -> Settings {
        var settings = settings
        settings.turns.mode = .hold
        settings.archive.isStoreOn = false
        settings.archive.recordings = nil
        settings.audio.cues = .off
        settings.until = .elapsed(.seconds(3))
        return settings
    }

    /// Of the microphone; a room has a noise, and a plug that is not in has none.
    private static let quietest = -90.0

    private static let plug = "See whether it is plugged in and not muted: `alsamixer` or `pactl list sources`."

    private struct Device {
        var name: String
        var state: DeviceState?
        var reason: String?
    }

    private var begin: Int64?
    private var live: (at: Int64, model: String)?
    private var problem: Problem?
    private var devices: [Direction: Device]
    private var level: Double?
    private var xruns = (ours: 0, all: 0)

    /// - Parameter audio: the devices that it is held on.
    package init(on audio: Settings.Audio) {
        devices = [.input: Device(name: audio.input), .output: Device(name: audio.output)]
    }

    package mutating func note(_ event: Event) {
        switch event.body {
        case .sessionConnecting: begin = begin ?? event.at
        case .sessionLive(let model, _): live = live ?? (event.at, model)
        case .audioDevice(let direction, let device, let state, let reason):
            devices[direction] = Device(name: device, state: state, reason: reason)
        case .audioLevel(let input?, _): level = max(level ?? input, input)
        case .audioXrun(_, let count, let ours, _):
            xruns.all += count
            xruns.ours += ours
        case .warning(let problem), .error(let problem): self.problem = problem
        default: break
        }
    }

    /// - Parameter outcome: how it ended.
    package func findings(_ outcome: Outcome) -> [Finding] {
        [service(outcome), model, microphone, loudspeaker, xrunFinding].compactMap { $0 }
    }

    private func service(_ outcome: Outcome) -> Finding {
        if let live, let begin {
            return Finding("service", .ok, "it was ready after \(live.at - begin) ms")
        }
        let exit = outcome.exit == .success ? ExitCode.unavailable : outcome.exit
        return Finding("service", .failed, problem?.message ?? outcome.reason, remedy: problem?.remedy, exit: exit)
    }

    private var model: Finding {
        guard let live else { return Finding("model", .skipped, "not known before the service takes it") }
        return Finding("model", .ok, live.model)
    }

    private var microphone: Finding? {
        finding("microphone", devices[.input]) { device in
            guard device.state != .silent else {
                return Finding(
                    "microphone", .warning, "\(device.name) brings nothing but zeros",
                    remedy: Self.plug)
            }
            guard let level, level > Self.quietest else {
                return Finding(
                    "microphone", .warning, "\(device.name) is open, and nothing was heard of it",
                    remedy: Self.plug)
            }
            return Finding("microphone", .ok, "\(device.name), \(Int(level)) dBFS at most")
        }
    }

    private var loudspeaker: Finding? {
        finding("loudspeaker", devices[.output]) { Finding("loudspeaker", .ok, $0.name) }
    }

    private func finding(_ check: String, _ device: Device?, _ open: (Device) -> Finding) -> Finding {
        guard let device, live != nil || device.state != nil else {
            return Finding(check, .skipped, "it was over before it was known")
        }
        guard device.state != .lost else {
            return Finding(
                check, .failed, "\(device.name): \(device.reason ?? "cannot be opened")",
                remedy: "`vivavoce devices` lists those there are.", exit: .unavailable)
        }
        return open(device)
    }

    private var xrunFinding: Finding? {
        guard live != nil else { return nil }
        guard xruns.all > 0 else { return Finding("sound", .ok, "no xrun in three seconds") }
        return Finding(
            "sound", .warning, "\(xruns.all) xruns in three seconds, \(xruns.ours) of them because we came too late",
            remedy: "Let this user have real-time priority, and see what else keeps the processor busy.")
    }
}
