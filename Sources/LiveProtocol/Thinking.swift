/// How much the model thinks before it answers.
package struct Thinking: Sendable, Equatable {
    /// Tokens or a level, never both: models take one of them, and a setup with both is refused.
    package enum Depth: Sendable, Equatable {
        /// Tokens; 0 is off, −1 leaves it to the model.
        case budget(Int)
        case level(Level)
    }

    package enum Level: String, Sendable, Hashable, CaseIterable {
        case minimal = "MINIMAL"
        case low = "LOW"
        case medium = "MEDIUM"
        case high = "HIGH"
        case extraHigh = "XHIGH"
    }

    package var depth: Depth?
    /// Asks for summaries, which come as text marked as thought.
    package var includesThoughts: Bool?

    package init(_ depth: Depth? = nil, includesThoughts: Bool? = nil) {
        self.depth = depth
        self.includesThoughts = includesThoughts
    }
}
