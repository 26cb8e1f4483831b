/// Durations counted in samples of the voice.
extension Duration {
    /// Of the voice, samples a second.
    static let voiceRate = 16_000

    /// So much voice, in samples.
    var voiceSamples: Int {
        let parts = components
        return Int(parts.seconds) * Self.voiceRate
            + Int(parts.attoseconds / 1_000_000_000_000_000) * Self.voiceRate / 1000
    }

    /// Rounded up, so that so many samples have been captured by then.
    init(voiceSamples count: Int) { self = .microseconds((count * 1000 + 15) / 16) }
}
