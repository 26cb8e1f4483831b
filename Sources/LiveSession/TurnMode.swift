/// When the user is heard, and who decides that a turn begins and ends.
package enum TurnMode: String, Sendable, Hashable, CaseIterable {
    /// The microphone is always heard; the service notices when somebody speaks.
    case open
    /// Our voice detector says when a turn begins and ends.
    case local
    /// Push to talk: a turn lasts from press to release.
    case hold
    /// A press begins a turn, the next one ends it.
    case toggle
    /// Nothing is heard until the wake word, then turns follow each other without it for a while.
    case wake
    /// As `open`, but with the microphone closed while the answer is played.
    case half
}
