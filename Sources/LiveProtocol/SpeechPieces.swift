/// Where the speech of one message lies in its text: found while reading, decoded once the whole message is known,
/// because `interrupted` may stand behind it. The first eight pieces need no heap; a message rarely has two.
struct SpeechPieces {
    struct Piece {
        var text: JSONCursor.StringToken
        /// Hertz.
        var rate: Int
    }

    private static var inlineCapacity: Int { 8 }
    private var first = [8 of Piece](repeating: Piece(text: .init(range: 0..<0, hasEscapes: false), rate: 0))
    private var rest: [Piece] = []
    private(set) var count = 0

    mutating func append(_ piece: Piece) {
        if count < Self.inlineCapacity { first[count] = piece } else { rest.append(piece) }
        count += 1
    }

    subscript(index: Int) -> Piece {
        index < Self.inlineCapacity ? first[index] : rest[index - Self.inlineCapacity]
    }
}

/// The sample rate of speech that may be played, from a MIME type such as `audio/pcm;rate=24000`.
enum SpeechFormat {
    /// What the service speaks in when it does not say (gemini-live §6), hertz.
    static var usualRate: Int { 24_000 }

    /// Hertz; nil when the type is not raw PCM, `usualRate` when it names no rate from 1,000 to 768,000.
    static func rate(ofMIMEType type: Span<UInt8>) -> Int? {
        guard type.starts(withLowercase: "audio/pcm", at: 0) else { return nil }
        var index = "audio/pcm".utf8.count
        guard index == type.count || type[index] == UInt8(ascii: ";") || type[index] == UInt8(ascii: " ") else {
            return nil  // "audio/pcmu" is something else
        }
        while index < type.count {
            let isParameterStart = type[index] == UInt8(ascii: ";") || type[index] == UInt8(ascii: " ")
            index += 1
            if isParameterStart, type.starts(withLowercase: "rate=", at: index) {
                return number(type, at: index + "rate=".utf8.count) ?? usualRate
            }
        }
        return usualRate
    }

    private static func number(_ text: Span<UInt8>, at start: Int) -> Int? {
        var number = 0
        var index = start
        if index < text.count, text[index] == UInt8(ascii: "\"") { index += 1 }
        while index < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[index], number <= 768_000 {
            number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
            index += 1
        }
        return 1000...768_000 ~= number ? number : nil
    }
}

extension Span<UInt8> {
    /// Whether these bytes, their letters taken as lowercase, hold `prefix` at `start`.
    fileprivate func starts(withLowercase prefix: StaticString, at start: Int) -> Bool {
        guard start + prefix.utf8CodeUnitCount <= count else { return false }
        for index in 0..<prefix.utf8CodeUnitCount {
            let byte = self[start + index]
            let lowercase = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
            // SAFETY: the index lies below the prefix's count, and callers pass string literals.
            guard unsafe prefix.utf8Start[index] == lowercase else { return false }
        }
        return true
    }
}
