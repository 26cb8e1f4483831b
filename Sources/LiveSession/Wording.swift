import LiveProtocol

/// The text of one turn as it grows, pinned to the speech it came with.
///
/// The service promises no order between transcript and audio (gemini-live §5 rule 8): text may run seconds ahead of
/// the speech it belongs to, or behind. So a piece is pinned to what had been received when it came, and never taken
/// to be spoken faster than people speak.
///
/// Taking a piece costs time in proportion to the piece, however long the turn is, as long as nobody else holds a copy:
/// change it where it lies. `mostBytes` bounds it, and all that depends on it.
package struct Wording: Equatable, Sendable {
    /// When `characters` were known, this much of the turn's speech had been received.
    struct Anchor: Equatable, Sendable {
        var samples: Int
        var characters: Int
    }

    /// Bytes of UTF-8 that a turn keeps: eighteen hours of talk, or a service that floods its client.
    package static let mostBytes = 1 << 20
    /// Up to so many bytes each change is worth telling.
    package static let shortBytes = 16 << 10

    package private(set) var settled = ""
    /// The latest interim text; it replaces itself and gives way to settled text.
    package private(set) var interim = ""
    package private(set) var language: String?
    /// Text came that found no room: it and all that comes after it is left out, and `text` ends in an ellipsis.
    package private(set) var isFull = false
    /// Unicode scalars in `settled`. Those of two texts add up; what people call characters may join at the seam.
    private(set) var characters = 0
    private(set) var anchors: [Anchor] = []
    /// Bytes of the text when it was last worth telling.
    private var toldBytes = 0

    package init() {}

    package var text: String {
        let text = Wording.tidied(interim.isEmpty ? settled : settled + interim)
        return isFull ? text + " …" : text
    }
    package var isEmpty: Bool { settled.isEmpty && interim.isEmpty }

    /// The last character that is no whitespace.
    package var lastCharacter: Character? {
        interim.last { !$0.isWhitespace } ?? settled.last { !$0.isWhitespace }
    }

    /// - Parameter samples: speech of this turn received so far.
    package mutating func append(_ piece: String, language: String?, samples: Int) {
        interim = ""
        if let language { self.language = language }
        guard !isFull else { return }
        let fitting = Wording.prefix(of: piece, bytes: Wording.mostBytes - settled.utf8.count)
        isFull = fitting.utf8.count < piece.utf8.count
        settled += fitting
        characters += fitting.unicodeScalars.count
        if anchors.last?.samples == samples { anchors.removeLast() }
        if anchors.last?.characters != characters { anchors.append(Anchor(samples: samples, characters: characters)) }
    }

    package mutating func replaceInterim(_ piece: String, language: String?) {
        interim = String(Wording.prefix(of: piece, bytes: Wording.mostBytes - settled.utf8.count))
        if let language { self.language = language }
    }

    /// Takes a piece as the service sent it.
    ///
    /// - Returns: whether the text is worth telling now, and whether it has just become full.
    mutating func take(_ piece: Transcription, samples: Int) -> (isNews: Bool, isNowFull: Bool) {
        let wasFull = isFull
        if piece.isInterim {
            replaceInterim(piece.text, language: piece.language)
        } else {
            append(piece.text, language: piece.language, samples: samples)
        }
        return (!piece.text.isEmpty && takeNews(), isFull && !wasFull)
    }

    /// Whether the text as it stands is worth telling, which counts as told then.
    ///
    /// It is told whole each time. So once it is long, it must have grown or shrunk by a sixteenth: then all tellings
    /// together cost no more than some fifty times the text, however small its pieces are.
    package mutating func takeNews() -> Bool {
        let bytes = settled.utf8.count + interim.utf8.count
        guard bytes <= Wording.shortBytes || abs(bytes - toldBytes) >= toldBytes / 16 else { return false }
        toldBytes = bytes
        return true
    }

    /// As much of the text as fits into so many bytes, cut between two scalars.
    private static func prefix(of text: String, bytes: Int) -> Substring {
        guard text.utf8.count > bytes else { return text[...] }
        var end = text.utf8.index(text.startIndex, offsetBy: bytes)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end]
    }

    static func tidied(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }
}
