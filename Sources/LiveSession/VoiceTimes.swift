/// When the user's voice was heard, and which of it was a line's.
///
/// Pure. Times are since the conversation began. A line's words come after its voice, and its answer does, too; so what
/// was said before its first words is its own, as far as no longer pause parts it, and what was said until its last.
struct VoiceTimes: Equatable, Sendable {
    private struct Stretch: Equatable, Sendable {
        var began: Duration
        /// Nil while it goes on.
        var ended: Duration?
    }

    /// A pause within what somebody says; after a longer one, the service has taken its turn.
    private static let pause = Duration.seconds(2)
    /// Stretches of voice that wait for their words.
    private static let most = 128

    /// In order; only the last may go on.
    private var stretches: [Stretch] = []

    /// The detector hears a voice from here on, or no longer.
    mutating func note(isVoice: Bool, at time: Duration) {
        let isOpen = stretches.last.map { $0.ended == nil } ?? false
        if isVoice, !isOpen {
            stretches.append(Stretch(began: time, ended: nil))
            if stretches.count > Self.most { stretches.removeFirst() }
        } else if !isVoice, isOpen {
            stretches[stretches.count - 1].ended = max(time, stretches[stretches.count - 1].began)
        }
    }

    /// Whether somebody began to speak after that.
    func began(after time: Duration) -> Bool { stretches.last.map { $0.began > time } ?? false }

    /// When a line was said.
    ///
    /// - Parameters:
    ///   - words: when its first words came, or its answer.
    ///   - last: when its last words came, or its answer.
    /// - Returns: nil where no voice was heard.
    func span(before words: Duration, until last: Duration, now: Duration) -> ClosedRange<Duration>? {
        guard let known = stretches.lastIndex(where: { $0.began <= words }) else { return nil }
        var first = known
        while first > 0, let ended = stretches[first - 1].ended, stretches[first].began - ended <= Self.pause {
            first -= 1
        }
        let final = stretches.lastIndex { $0.began <= max(words, last) } ?? known
        let began = stretches[first].began
        return began...max(began, stretches[final].ended ?? min(now, max(words, last)))
    }

    /// What began until then is told, or was never put into words.
    mutating func forget(until time: Duration) { stretches.removeAll { $0.began <= time } }
}
