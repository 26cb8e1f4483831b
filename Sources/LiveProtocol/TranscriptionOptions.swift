/// What a transcript holds; as made, plain text. Most models know no more than that.
package struct TranscriptionOptions: Sendable, Equatable {
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        case verbatim = "VERBATIM"
        case smart = "SMART"
    }

    /// BCP-47 codes of what may be spoken.
    package var languages: [String] = []
    package var vocabulary: [String] = []
    package var wordTimestamps: Bool?
    /// Tells speakers apart.
    package var diarization: Bool?
    package var mode: Mode?
    /// Text that is known to be read aloud.
    package var sourceText: String?

    package init() {}
}
