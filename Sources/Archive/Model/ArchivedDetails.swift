package import Events

/// What is kept of a conversation beside its lines, each kind in the order in which it came about.
package struct ArchivedDetails: Sendable, Equatable {
    /// A connection that went live.
    package struct Connection: Sendable, Equatable {
        /// Milliseconds since 1970, as all times here.
        package var at: Int64
        package var model: String
        /// Whether it went on with the session of the one before.
        package var isResumed: Bool
    }

    package struct Turn: Sendable, Equatable {
        package var turn: Int
        package var speaker: Party
        package var startedAt: Int64
        /// Nil where it was never told to be over, as `reason` is.
        package var endedAt: Int64?
        package var reason: String?
        /// Of the model's speech, what was played; nil for the user's turns.
        package var heardMilliseconds: Int?
    }

    /// What the service counted, all in all.
    package struct Usage: Sendable, Equatable {
        /// `input` or `output`.
        package var direction: String
        package var modality: String
        package var tokens: Int
    }

    /// An event that is kept as it was told.
    package struct Happening: Sendable, Equatable {
        package var at: Int64
        package var name: String
        package var json: String
    }

    /// A file that came of it.
    package struct Artifact: Sendable, Equatable {
        package var at: Int64
        package var path: String
        package var mimeType: String
    }

    package var connections: [Connection] = []
    package var turns: [Turn] = []
    package var usage: [Usage] = []
    package var events: [Happening] = []
    package var artifacts: [Artifact] = []

    package init() {}
}
