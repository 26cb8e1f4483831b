package import Events

/// One conversation from dialling to its end: what `talk` and later the daemon run.
package final class Conversation: Sendable {
    private let settings: Settings
    private let credential: Credential?
    private let bus: EventBus

    package init(settings: Settings, credential: Credential?, bus: EventBus) {
        self.settings = settings
        self.credential = credential
        self.bus = bus
    }

    /// Runs until it ends as `until` says, is told to, or cannot go on. Never throws: failures are events and an outcome.
    package func run() async -> Outcome { Outcome(exit: .unavailable, reason: "the session engine is not built yet") }

    /// Any thread; does not wait.
    package func perform(_ command: ConversationCommand) {}
}

/// What a person at a terminal, or a program at a door, may ask of a conversation.
package enum ConversationCommand: Sendable, Equatable {
    case mute
    case unmute
    /// Stop speaking.
    case interrupt
    /// Send a typed message.
    case say(String)
    case hangUp
}

/// How a conversation ended.
package struct Outcome: Sendable, Equatable {
    package var exit: ExitCode
    /// For people: why.
    package var reason: String

    package init(exit: ExitCode, reason: String) {
        self.exit = exit
        self.reason = reason
    }
}
