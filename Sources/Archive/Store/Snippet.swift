import Foundation

/// A piece of a line, with what was looked for marked in it.
package struct Snippet: Sendable, Equatable {
    package struct Piece: Sendable, Equatable {
        package var text: String
        package var isMatch: Bool

        package init(_ text: String, isMatch: Bool = false) {
            self.text = text
            self.isMatch = isMatch
        }
    }

    /// Characters shown at most, and of those before the first match.
    private static let length = 160
    private static let lead = 40

    package var pieces: [Piece]
    /// Whether the line goes on before or after it.
    package var isCutBefore = false
    package var isCutAfter = false

    /// The piece around the first occurrence; the beginning where there is none.
    init(of text: String, around terms: [SearchExpression.Term]) {
        let characters = Array(text)
        let folded = characters.map(Self.folded)
        let matches = terms.flatMap { term in
            term.isUnspaced
                ? Self.parts(of: characters, like: term.text) : Self.occurrences(of: term, in: folded)
        }.sorted { $0.lowerBound < $1.lowerBound }
        var start = max(0, (matches.first?.lowerBound ?? 0) - Self.lead)
        if characters.count - start < Self.length { start = max(0, characters.count - Self.length) }
        var end = min(characters.count, start + Self.length)
        // Between words where one is near.
        if start > 0, let space = characters[start..<min(start + 15, end)].firstIndex(where: \.isWhitespace),
            space < matches.first?.lowerBound ?? end
        {
            start = space + 1
        }
        if end < characters.count, let space = characters[max(start, end - 15)..<end].lastIndex(where: \.isWhitespace) {
            end = space
        }
        isCutBefore = start > 0
        isCutAfter = end < characters.count

        pieces = []
        var position = start
        for match in matches where match.lowerBound < end && match.upperBound > position {
            let begin = max(match.lowerBound, position)
            if begin > position { pieces.append(Piece(String(characters[position..<begin]))) }
            position = min(match.upperBound, end)
            pieces.append(Piece(String(characters[begin..<position]), isMatch: true))
        }
        if position < end { pieces.append(Piece(String(characters[position..<end]))) }
    }

    /// Without accents and case, as the index of words compares.
    private static func folded(_ character: Character) -> Character {
        if character.isASCII { return character.lowercased().first ?? character }
        let base = String(
            String(character).decomposedStringWithCanonicalMapping.unicodeScalars.first.map(Character.init) ?? character
        )
        return base.lowercased().first ?? character
    }

    /// Where something stands in scripts without spaces, as the index of threes compares: scalar by scalar, without case.
    /// In these scripts what looks like an accent makes another syllable.
    ///
    /// - Returns: whole characters, in which it may be a part: a consonant is found under its vowel.
    private static func parts(of text: [Character], like wanted: String) -> [Range<Int>] {
        let wanted = Array(wanted.lowercased().unicodeScalars)
        let scalars = text.enumerated().flatMap { place, character in
            character.lowercased().unicodeScalars.map { (scalar: $0, place: place) }
        }
        guard scalars.count >= wanted.count else { return [] }
        return (0...(scalars.count - wanted.count)).filter { start in
            zip(scalars[start...], wanted).allSatisfy { $0.scalar == $1 }
        }.map { scalars[$0].place..<scalars[$0 + wanted.count - 1].place + 1 }
    }

    /// Where words stand.
    private static func occurrences(of term: SearchExpression.Term, in text: [Character]) -> [Range<Int>] {
        let wanted = words(in: term.text.map(folded)).map(\.word)
        let words = words(in: text)
        guard !wanted.isEmpty, words.count >= wanted.count else { return [] }
        return (0...(words.count - wanted.count)).compactMap { first in
            for (offset, word) in wanted.enumerated() {
                let isOpen = term.isPrefix && offset == wanted.count - 1
                let there = words[first + offset].word
                guard there == word || (isOpen && there.starts(with: word)) else { return nil }
            }
            return words[first].range.lowerBound..<words[first + wanted.count - 1].range.upperBound
        }
    }

    private static func words(in text: [Character]) -> [(word: ArraySlice<Character>, range: Range<Int>)] {
        text.indices.split { !(text[$0].isLetter || text[$0].isNumber) }
            .map { (text[$0], $0.startIndex..<$0.endIndex) }
    }
}
