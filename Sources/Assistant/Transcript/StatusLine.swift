import Events
package import LiveSession

/// The line at the bottom of the terminal: state, model, two meters, time, and which keys do what.
package struct StatusLine: Sendable, Equatable {
    package enum State: String, Sendable { case starting, connecting, live, reconnecting, ended }

    package var state = State.starting
    package var model: String?
    /// dBFS; nil while nothing is known.
    package var inputLevel: Double?
    package var outputLevel: Double?
    package var isMuted = false
    package var mode = TurnMode.open
    /// A turn is under way that the key began.
    package var isTalking = false
    /// In wake mode: the wake word is waited for.
    package var isAsleep = false
    /// Since the first `session.live`; nil before it.
    package var elapsed: Duration?

    package init() {}

    /// Plain ASCII, so that no terminal counts its columns differently.
    package var text: String {
        let state = state == .starting && isAsleep ? "asleep" : state.rawValue
        var parts = [isMuted ? "\(state) (muted)" : state]
        if let elapsed { parts.append(Self.clock(elapsed)) }
        parts.append("you \(Self.meter(isMuted ? nil : inputLevel)) model \(Self.meter(outputLevel))")
        parts.append(modeText)
        if let model { parts.append(TerminalText.sanitized(model)) }
        parts.append("m \(isMuted ? "unmute" : "mute"), i interrupt, o mode, t type, q quit")
        return parts.joined(separator: " | ")
    }

    /// The mode, and what it takes to be heard.
    private var modeText: String {
        switch mode {
        case .open, .local, .half: mode.rawValue
        case .hold, .toggle: "\(mode.rawValue): \(isTalking ? "heard" : "press space")"
        case .wake: isAsleep ? "wake: asleep" : "wake: heard"
        }
    }

    private static let cells = 8
    /// What shows as an empty meter: the noise of a quiet room lies about there.
    private static let quietest = -60.0

    /// - Parameter level: dBFS, 0 being the loudest.
    static func meter(_ level: Double?) -> String {
        let share = level.map { ($0 - quietest) / -quietest } ?? 0
        let full = share.isFinite ? Int((min(max(share, 0), 1) * Double(cells)).rounded()) : 0
        return "[" + String(repeating: "#", count: full) + String(repeating: " ", count: cells - full) + "]"
    }

    /// `MM:SS`, or `H:MM:SS` from an hour on.
    static func clock(_ time: Duration) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let seconds = time.components.seconds
        let short = "\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        return seconds < 3600 ? short : "\(seconds / 3600):\(short)"
    }
}
