/// What has been counted in a conversation by now: whoever asks twice sees what moves.
package struct Pulse: Equatable, Sendable {
    /// Steps of the session's loop, which takes one a second at least, with or without traffic.
    package var steps: Int
    /// Periods captured since the conversation began; nil where none is due: muted, a file, a pipe.
    package var captured: Int?
    /// Periods played likewise; nil where none is due, as of a pipe.
    package var played: Int?

    package init(steps: Int, captured: Int?, played: Int?) {
        self.steps = steps
        self.captured = captured
        self.played = played
    }
}

/// What the assistant is at when it is looked at.
package enum Activity: Equatable, Sendable {
    /// A conversation is under way, or is tried for.
    ///
    /// - Parameter pulse: nil while none runs, as between two tries.
    case conversing(Pulse?)
    /// None is wanted, and none begins by itself: it was hung up, or may not begin.
    ///
    /// - Parameter because: for people.
    case waiting(because: String)
}
