extension RehearsalSession {
    package struct Options: Equatable, Sendable {
        /// How much faster than playback speech is sent.
        package enum Burst: Equatable, Sendable {
            case factor(Double)
            /// Everything at once, as soon as it is spoken.
            case unbounded
        }

        /// What the handles that a session gives out are worth.
        package enum Handles: Equatable, Sendable, CaseIterable {
            case good
            /// Resuming works, and the session then transcribes and never answers.
            case poisoned
            /// Resuming is refused with 1008.
            case expired
            /// None is given: every update says that the session cannot be resumed.
            case withheld
        }

        package var burst = Burst.factor(4)
        package var chunkMilliseconds = 40...200
        package var seed: UInt64 = 1
        /// A connection's whole life; nil for ever.
        package var connectionLimit: Duration?
        /// How long before a limit a `goAway` says so; nil for no warning.
        package var goAwayBefore: Duration?
        /// The life of a session without `contextWindowCompression`, over all its connections; nil for ever.
        package var sessionLimit: Duration?
        /// The same from the first picture on.
        package var videoSessionLimit: Duration?
        package var setupDelay = Duration.zero
        /// Whether transcripts of the user may come after the answer has begun, or after its end (rule 8).
        package var hasLateTranscripts = true
        package var handles = Handles.good
        /// How many of the good handles are poisoned, 0 to 1.
        package var poisonedShare = 0.0

        package init() {}
    }
}
