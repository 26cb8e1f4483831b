package import Events
package import LiveSession

/// What a person at a terminal, or a program at a door, may ask of a conversation.
package enum ConversationCommand: Sendable, Equatable {
    case mute
    case unmute
    /// The key to talk goes down, and up again: in `hold` a turn, in `toggle` only the first counts.
    case press
    case release
    case mode(TurnMode)
    /// Goes over to another device, named as in the settings, while the conversation goes on.
    case device(Direction, name: String)
    /// - Parameter volume: linear, 0 … 1.
    case volume(Double)
    /// When chimes tell of what happens.
    case cues(Settings.Automatic)
    /// How long the user is heard without the wake word after an answer, from the next turn on, and how long the
    /// connection is kept while asleep.
    case wakeTimes(followUp: Duration, idle: Duration)
    /// Stop speaking.
    case interrupt
    /// Send a typed message.
    case say(String)
    /// Change to a new connection in the next quiet moment.
    case renew
    case hangUp
    /// Close the line, and then say this aloud: somebody else than the user ends the conversation.
    case hangUpSaying(String)
}
