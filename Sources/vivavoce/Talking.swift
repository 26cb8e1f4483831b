import Assistant
import LiveSession

/// The key to talk and the modes, as the person at the terminal works them.
struct Talking: Sendable, Equatable {
    private(set) var mode: TurnMode
    /// A turn is under way that the key began.
    private(set) var isTalking = false
    private var key = TalkKey()
    private let modes: [TurnMode]

    /// - Parameter hasWakeWord: a detector was set, so that `wake` is among the modes to choose from.
    init(mode: TurnMode = .open, hasWakeWord: Bool = false) {
        self.mode = mode
        var modes: [TurnMode] = [.open, .local, .hold, .toggle, .half]
        if hasWakeWord || mode == .wake { modes.append(.wake) }
        self.modes = modes
    }

    /// The mode after this one.
    var nextMode: TurnMode {
        let index = modes.firstIndex(of: mode).map { ($0 + 1) % modes.count } ?? 0
        return modes[index]
    }

    /// Whether the terminal should tell when keys go up.
    var needsReleases: Bool { mode == .hold || mode == .toggle }

    /// When to call `timePassed`.
    var deadline: Duration? { key.deadline }

    mutating func change(to mode: TurnMode) {
        guard mode != self.mode else { return }
        self.mode = mode
        isTalking = false
    }

    mutating func note(_ event: TalkKey.Event, now: Duration) -> ConversationCommand? {
        key.note(event, now: now).flatMap { obey($0) }
    }

    mutating func timePassed(now: Duration) -> ConversationCommand? { key.timePassed(now: now).flatMap { obey($0) } }

    /// The key was worked here or by a signal. - Returns: what that means in the mode; nil where it means nothing.
    mutating func obey(_ change: TalkKey.Change) -> ConversationCommand? {
        switch (mode, change) {
        case (.hold, _):
            isTalking = change == .pressed
            return change == .pressed ? .press : .release
        case (.toggle, .pressed):
            isTalking.toggle()
            return .press
        case (.wake, .pressed): return .press
        case (.toggle, .released), (.wake, .released), (.open, _), (.local, _), (.half, _): return nil
        }
    }
}
