import Events

/// A word, or a character of a language that has no spaces, and when it was said.
struct TimedWord: Equatable {
    var text: String
    /// A space comes before it.
    var isSpaced: Bool
    /// Milliseconds since 1970.
    var begin: Int64
    var end: Int64

    var endsSentence: Bool { text.last.map { ".?!…。？！".contains($0) } ?? false }
    var endsClause: Bool { text.last.map { ",;:，、；：—".contains($0) } ?? false }
}

/// The words of a line that were heard, with times from its marks.
struct TimedWords {
    /// Wider than this, a piece between two spaces is cut into characters.
    private static let widest = CueMaker.columns / 2

    private(set) var words: [TimedWord] = []
    /// Characters and milliseconds of the line: its marks, between its begin and its end.
    private var points: [(characters: Int, milliseconds: Int64)] = [(0, 0)]
    private let begin: Int64

    init(_ line: ArchivedLine) {
        begin = line.begin
        let text = Array((line.heard ?? line.text).unicodeScalars)
        // Where nobody knows how long it took, as long as it takes to read.
        let length =
            line.end > line.begin
            ? line.end - line.begin
            : Int64(TerminalText.width(of: line.shown)) * 1_000 / CueMaker.readingSpeed
        for mark in line.marks + [TextMark(characters: text.count, milliseconds: Int(clamping: length))] {
            let time = min(Int64(mark.milliseconds), length)
            guard mark.characters > points[points.count - 1].characters, mark.characters <= text.count,
                time >= points[points.count - 1].milliseconds
            else { continue }
            points.append((mark.characters, time))
        }
        var start = 0
        while start < text.count {
            guard !Self.isSpace(text[start]) else {
                start += 1
                continue
            }
            let end = text[start...].firstIndex(where: Self.isSpace) ?? text.count
            append(text, start..<end)
            start = end
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    private mutating func append(_ text: [Unicode.Scalar], _ range: Range<Int>) {
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: text[range])
        let whole = String(piece)
        guard TerminalText.width(of: TerminalText.sanitized(whole)) > Self.widest else {
            return add(whole, range, isSpaced: true)
        }
        var start = range.lowerBound
        for character in whole {
            let end = start + character.unicodeScalars.count
            add(String(character), start..<end, isSpaced: start == range.lowerBound)
            start = end
        }
    }

    private mutating func add(_ text: String, _ range: Range<Int>, isSpaced: Bool) {
        let safe = TerminalText.sanitized(text)
        guard !safe.isEmpty else { return }
        words.append(
            TimedWord(
                text: safe, isSpaced: isSpaced, begin: time(of: range.lowerBound), end: time(of: range.upperBound)))
    }

    /// When so many characters had been said, in a straight line between two marks.
    private func time(of characters: Int) -> Int64 {
        var before = points[0]
        for point in points.dropFirst() {
            if characters <= point.characters {
                let share = Double(characters - before.characters) / Double(point.characters - before.characters)
                return begin + before.milliseconds + Int64(share * Double(point.milliseconds - before.milliseconds))
            }
            before = point
        }
        return begin + before.milliseconds
    }
}
