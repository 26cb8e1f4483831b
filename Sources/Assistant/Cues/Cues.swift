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

    /// - Returns: the chime to play now, if any.
    package mutating func chime(for event: Event) -> Chime? {
        if case .turnsMode(let mode, _) = event.body { self.mode = mode }
        guard isOn, let chime = Self.meaning(of: event.body) else { return nil }
        let last = wanted.updateValue(event.at, forKey: chime)
        if let last, event.at - last < Self.pause { return nil }
        return chime
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
        case .warning(let problem) where problem.code == "session.outOfReach": .trouble
        case .sessionRotating(.drop), .error, .audioDevice(_, _, .lost, _): .trouble
        case .sessionResumed(.drop, _, _, _), .audioDevice(_, _, .reopened, _): .connected
        default: nil
        }
    }
}
