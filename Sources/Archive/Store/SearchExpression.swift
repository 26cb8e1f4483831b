import Foundation
import WritingSystems

/// What somebody looks for, as it was typed: words that must all occur, `"words in this order"`, `beginning*`, `a OR b`,
/// and `-without`. Letters count without their accents and case.
struct SearchExpression: Equatable, Sendable {
    /// One thing that occurs in a line or not.
    struct Term: Equatable, Sendable {
        /// A word, or words in this order; without quotes.
        var text: String
        /// Whether the last word may go on.
        var isPrefix: Bool

        /// Written in a script that puts no spaces between words, so that it is found anywhere in a text.
        var isUnspaced: Bool { text.unicodeScalars.contains(where: Unspaced.contains) }
    }

    /// Of each group one must occur; a group holds at least one.
    var groups: [[Term]] = []
    var excluded: [Term] = []

    /// All that may occur in a line that is found.
    var wanted: [Term] { groups.flatMap { $0 } }

    /// Characters are composed as they are in transcripts: what is pasted may come in parts, Korean above all.
    ///
    /// - Throws: `.badInput` with the place, counted in characters from 1, of what cannot be understood.
    init(parsing text: String) throws(ArchiveError) {
        var parser = Parser(text: Array(text.without(["\0"]).precomposedStringWithCanonicalMapping))
        while let token = try parser.next() { try add(token, &parser) }
        guard !groups.isEmpty else {
            throw excluded.isEmpty
                ? parser.failure("There is nothing to look for", at: 0)
                : parser.failure("There is only what is not wanted", at: 0)
        }
    }

    private mutating func add(_ token: Parser.Token, _ parser: inout Parser) throws(ArchiveError) {
        switch token {
        case .term(let term): groups.append([term])
        case .excluded(let term): excluded.append(term)
        case .or(let position):
            guard !groups.isEmpty else { throw parser.failure("OR stands between two words", at: position) }
            guard case .term(let term)? = try parser.next() else {
                throw parser.failure("OR stands between two words", at: position)
            }
            groups[groups.count - 1].append(term)
        }
    }
}

extension Unspaced {
    /// For SQLite's GLOB: matches a text with at least one such character, of which threes are indexed.
    static var pattern: String {
        let ranges = ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined()
        return "*[\(ranges)]*"
    }
}

/// Cuts a query into tokens.
private struct Parser {
    enum Token {
        case term(SearchExpression.Term)
        case excluded(SearchExpression.Term)
        case or(at: Int)
    }

    let text: [Character]
    private var position = 0

    init(text: [Character]) { self.text = text }

    mutating func next() throws(ArchiveError) -> Token? {
        while position < text.count, text[position].isWhitespace { position += 1 }
        guard position < text.count else { return nil }
        let start = position
        let isExcluded = text[position] == "-"
        if isExcluded { position += 1 }
        let isQuoted = position < text.count && text[position] == "\""
        let words = isQuoted ? try quoted() : bare()
        if !isQuoted, !isExcluded, words == "OR" { return .or(at: start) }
        let isPrefix = words.hasSuffix("*") || (isQuoted && take("*"))
        let term = SearchExpression.Term(text: words.trimmingSuffix("*"), isPrefix: isPrefix)
        guard term.text.unicodeScalars.contains(where: Self.isWord) else {
            throw failure("“\(words)” has no letter and no digit", at: start)
        }
        return isExcluded ? .excluded(term) : .term(term)
    }

    func failure(_ what: String, at position: Int) -> ArchiveError {
        ArchiveError(
            .badInput, "Cannot search for “\(String(text))”: \(what) (at character \(position + 1)).",
            remedy: "Words that must all occur, \"words in this order\", beginning*, one OR other, -without.")
    }

    private mutating func quoted() throws(ArchiveError) -> String {
        let start = position
        guard let end = text[(start + 1)...].firstIndex(of: "\"") else {
            throw failure("the quotation is not closed", at: start)
        }
        position = end + 1
        return String(text[(start + 1)..<end])
    }

    private mutating func bare() -> String {
        let end = text[position...].firstIndex { $0.isWhitespace || $0 == "\"" } ?? text.count
        defer { position = end }
        return String(text[position..<end])
    }

    private mutating func take(_ character: Character) -> Bool {
        guard position < text.count, text[position] == character else { return false }
        position += 1
        return true
    }

    /// What the index keeps as part of a word: letters, digits, and private characters, as SQLite's unicode61 does.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .privateUse:
            true
        default: false
        }
    }
}

extension String {
    /// By scalars: a quote under an accent is one character for Swift, and a quote for SQLite.
    func without(_ scalars: Set<Unicode.Scalar>) -> String {
        var rest = String.UnicodeScalarView()
        rest.append(contentsOf: unicodeScalars.filter { !scalars.contains($0) })
        return String(rest)
    }

    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self[...]
        while text.last == character { text.removeLast() }
        return String(text)
    }
}
