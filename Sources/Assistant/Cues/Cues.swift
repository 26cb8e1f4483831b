package import AudioCore
package import Events
import Glibc
package import LiveSession
import Synchronization

/// When chimes are wanted, as it was last set. Any thread.
final class CueSetting: Sendable {
    private let setting: Mutex<Settings.Automatic>

    init(_ setting: Settings.Automatic) { self.setting = Mutex(setting) }

    var current: Settings.Automatic { setting.withLock { $0 } }

    func set(_ setting: Settings.Automatic) { self.setting.withLock { $0 = setting } }
}

/// Which chime says what just happened, to a person who has no screen to look at.
package struct Cues: Sendable {
    /// One kind of chime is enough for what comes within this time: a lost line brings several events.
    private static let pause: Int64 = 2_000

    package var setting: Settings.Automatic
    private let hasScreen: Bool
    private var mode: String
    /// When each chime was last wanted, in the events' time.
    private var wanted: [Chime: Int64] = [:]
    private var hasOutput = false
    /// A recording began before there was an output to hear of it.
    private var owesRecording = false

    /// - Parameters:
    ///   - setting: `auto` is in wake mode, and where there is no screen.
    ///   - mode: to begin with; events tell of changes.
    ///   - hasScreen: a terminal shows what happens.
    package init(_ setting: Settings.Automatic, mode: TurnMode, hasScreen: Bool) {
        self.setting = setting
        self.mode = mode.rawValue
        self.hasScreen = hasScreen
    }

    /// Whether this process was started from a terminal and still shows something there.
    package static var hasTerminal: Bool { isatty(STDOUT_FILENO) == 1 || isatty(STDERR_FILENO) == 1 }

    /// That a recording begins is said whatever is set: where no screen says it, by a chime, which is due once more when the
    /// output opens after that.
    ///
    /// - Returns: the chime to play now, if any.
    package mutating func chime(for event: Event) -> Chime? {
        let isDue = note(event.body) && owesRecording
        if isDue { owesRecording = false }
        guard let chime = isDue ? .recording : Self.meaning(of: event.body) else { return nil }
        guard isOn || (chime == .recording && !hasScreen) else { return nil }
        let last = isDue ? nil : wanted.updateValue(event.at, forKey: chime)
        if let last, event.at - last < Self.pause { return nil }
        return chime
    }

    /// - Returns: whether the output has just come.
    private mutating func note(_ body: Event.Body) -> Bool {
        switch body {
        case .turnsMode(let mode, _): self.mode = mode
        case .recordingStarted: owesRecording = !hasOutput
        case .audioDevice(.output, _, let state, _):
            defer { hasOutput = state != .lost }
            return !hasOutput && state != .lost
        default: break
        }
        return false
    }

    private var isOn: Bool {
        switch setting {
        case .on: true
        case .off: false
        case .auto: !hasScreen || mode == TurnMode.wake.rawValue
        }
    }

    private static func meaning(of body: Event.Body) -> Chime? {
        switch body {
        case .wakeHeard: .wake
        case .wakeAsleep: .asleep
        case .audioMuted(let isMuted): isMuted ? .muted : .unmuted
        case .recordingStarted: .recording
        case .warning(let problem) where problem.code == "session.outOfReach": .trouble
        case .sessionRotating(.drop), .error, .audioDevice(_, _, .lost, _): .trouble
        case .sessionResumed(.drop, _, _, _), .audioDevice(_, _, .reopened, _): .connected
        default: nil
        }
    }
}
