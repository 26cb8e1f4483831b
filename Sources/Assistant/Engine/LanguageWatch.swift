/// Notices lines in a language that nobody expected: the transcription has then mostly misheard.
struct LanguageWatch: Equatable {
    /// Primary subtags in small letters: `en` of `en-US`. None: any language will do.
    private let expected: Set<String>
    private var told: Set<String> = []

    /// - Parameter tags: BCP 47.
    init(expecting tags: [String]) { expected = Set(tags.map(Self.primary)) }

    /// - Parameter tag: of a line, as the service named it; nil where it named none.
    /// - Returns: the tag, when it is of a language that was neither expected nor told of before.
    mutating func news(of tag: String?) -> String? {
        guard let tag, !expected.isEmpty else { return nil }
        let language = Self.primary(tag)
        guard !language.isEmpty, language != "und", !expected.contains(language) else { return nil }
        // A service that invents languages is told of so many times at most.
        return told.count < 16 && told.insert(language).inserted ? Redaction.clip(tag) : nil
    }

    private static func primary(_ tag: String) -> String { tag.prefix { $0 != "-" && $0 != "_" }.lowercased() }
}
