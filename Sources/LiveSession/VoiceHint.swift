/// Whether somebody seems to be speaking into the microphone, from its level alone.
///
/// Pure. The service tells of words when it has understood them, which may be seconds later; a planned change in between
/// would tear a sentence in two. A guess is enough: a wrong one puts the change off until its last safe moment.
package struct VoiceHint: Equatable, Sendable {
    /// What rises so far above the noise is taken for a voice, in dB.
    package let margin: Double
    /// In dBFS: nothing softer is taken for a voice, and no noise for softer than 10 dB less.
    package let softest: Double
    /// The noise follows the level down at once, and up by so many dB a second: speech has pauses, noise has not.
    package let rise: Double
    private var noise: Double?
    private var observedAt: Duration = .zero

    package init(margin: Double = 10, softest: Double = -50, rise: Double = 2) {
        self.margin = margin
        self.softest = softest
        self.rise = rise
    }

    /// - Parameter level: mean of some 100 ms, in dBFS. Call once a second, or oftener.
    /// - Returns: whether it is a voice's.
    package mutating func observe(_ level: Double, now: Duration) -> Bool {
        let level = max(level, softest - margin)
        let passed = Double((now - observedAt) / .milliseconds(1)) / 1000
        let noise = min(level, (self.noise ?? level) + rise * max(passed, 0))
        self.noise = noise
        observedAt = now
        return level >= max(noise + margin, softest)
    }
}
