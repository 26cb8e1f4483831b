extension RehearsalSession {
    package struct Options: Equatable, Sendable {
        /// How much faster than playback speech is sent.
        package enum Burst: Equatable, Sendable {
            case factor(Double)
            /// Everything at once, as soon as it is spoken.
            case unbounded
        }

        package var burst = Burst.factor(4)
        package var chunkMilliseconds = 40...200
        package var seed: UInt64 = 1
        /// A connection's whole life; nil for ever.
        package var connectionLimit: Duration?
        /// How long before the limit a `goAway` says so; nil for no warning.
        package var goAwayBefore: Duration?
        package var setupDelay = Duration.zero
        /// Whether transcripts of the user may come after the answer has begun, or after its end (rule 8).
        package var hasLateTranscripts = true

        package init() {}
    }
}
