package import Events
import GRDB

/// What is looked for, and where.
package struct LineSearch: Sendable, Equatable {
    /// Words that must all occur, `"words in this order"`, `beginning*`, `a OR b`, `-without`.
    package var query: String
    /// `ArchivedSession.id`; nil for all.
    package var session: String?
    package var speaker: Party?
    /// Milliseconds since 1970: lines that began at `since` or later, and before `until`; nil for no bound.
    package var since: Int64?
    package var until: Int64?
    /// The newest so many.
    package var limit: Int

    package init(
        _ query: String, session: String? = nil, speaker: Party? = nil, since: Int64? = nil, until: Int64? = nil,
        limit: Int = 50
    ) {
        self.query = query
        self.session = session
        self.speaker = speaker
        self.since = since
        self.until = until
        self.limit = limit
    }
}

/// A line in which what was looked for occurs.
package struct FoundLine: Sendable, Equatable {
    /// `ArchivedSession.number` of its conversation.
    package var number: Int64
    package var line: ArchivedLine
    /// What of it was heard, around what was looked for.
    package var snippet: Snippet
}

extension TranscriptStore {
    /// Looks for words in what was heard, the lines that began last first.
    ///
    /// - Throws: `.badInput` with message and place for a query that cannot be understood.
    package func search(_ search: LineSearch) throws(ArchiveError) -> [FoundLine] {
        let expression = try SearchExpression(parsing: search.query)
        let found = try reading { database in
            let condition = SearchCondition(expression, search, isCurrent: try Schema.isCurrent(database))
            return try Row.fetchAll(database, sql: condition.sql, arguments: StatementArguments(condition.arguments)).map {
                row in (number: row["session"] as Int64, line: ArchivedLine(row))
            }
        }
        // By number, in which they were found, they are nearly in the order of their times.
        let newest = found.sorted { ($0.line.begin, $0.line.id) > ($1.line.begin, $1.line.id) }.prefix(search.limit)
        return newest.map { number, line in
            FoundLine(
                number: number, line: line,
                snippet: Snippet(of: line.heard ?? line.text, around: expression.wanted))
        }
    }
}

/// A search as SQL. Nothing that somebody typed is part of its text but as a quoted argument.
struct SearchCondition {
    private(set) var sql = ""
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []
    private var conditions: [String] = []
    /// A record of an older form knows nothing of the bounds of sessions, nor of less than three characters.
    private let isCurrent: Bool

    init(_ expression: SearchExpression, _ search: LineSearch, isCurrent: Bool) {
        self.isCurrent = isCurrent
        var source = "lines JOIN sessions ON sessions.number = lines.session"
        var column = "lines.id"
        if (expression.wanted + expression.excluded).contains(where: \.isUnspaced) {
            // Each term by itself, in the index that knows it.
            for group in expression.groups {
                conditions.append("(" + group.map { occurrence(of: $0) }.joined(separator: " OR ") + ")")
            }
            for term in expression.excluded { conditions.append("NOT " + occurrence(of: term)) }
        } else {
            // All at once: the index walks from the newest line back, and stops when enough are found.
            source = "words CROSS JOIN lines ON lines.id = words.rowid JOIN sessions ON sessions.number = lines.session"
            column = "words.rowid"
            require("words MATCH ?", expression.match)
        }
        narrow(to: search, column)
        arguments.append(min(search.limit, .max - LineOrder.mostAstray) + LineOrder.mostAstray)
        sql =
            "SELECT \(ArchivedLine.columns), lines.session FROM \(source) WHERE "
            + conditions.joined(separator: " AND ") + " ORDER BY \(column) DESC LIMIT ?"
    }

    private mutating func require(_ condition: String, _ values: (any DatabaseValueConvertible)...) {
        conditions.append(condition)
        arguments += values
    }

    /// - Parameter column: the lines' numbers, by whose bounds the index passes over what cannot be meant.
    private mutating func narrow(to search: LineSearch, _ column: String) {
        if let session = search.session {
            require("sessions.id = ?", session)
            for (bound, order) in [("min", ">="), ("max", "<=")] {
                require(
                    "\(column) \(order) (SELECT \(bound)(l.id) FROM lines l JOIN sessions s ON s.number = l.session "
                        + "WHERE s.id = ?)", session)
            }
        }
        if let speaker = search.speaker { require("lines.speaker = ?", speaker.rawValue) }
        if let since = search.since {
            require("lines.beginAt >= ?", since)
            if isCurrent { require("\(column) >= (SELECT min(firstLine) FROM sessions WHERE lastAt >= ?)", since) }
        }
        if let until = search.until {
            require("lines.beginAt < ?", until)
            if isCurrent { require("\(column) <= (SELECT max(lastLine) FROM sessions WHERE firstAt < ?)", until) }
        }
    }

    /// One term as a condition on a line.
    private mutating func occurrence(of term: SearchExpression.Term) -> String {
        guard term.isUnspaced else {
            arguments.append(term.quoted)
            return "lines.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
        }
        guard term.isShort else {
            arguments.append("\"\(term.text.without(["\""]))\"")
            return "lines.id IN (SELECT rowid FROM threes WHERE threes MATCH ?)"
        }
        let text = term.text.without(["%", "_"])
        guard isCurrent else {
            // A look into every line that such a script is in.
            arguments.append("%\(text)%")
            return "(lines.id IN (SELECT id FROM threes_docsize) AND coalesce(lines.heard, lines.text) LIKE ?)"
        }
        // Threes are kept without case.
        let beginning = text.lowercased()
        arguments += [beginning, beginning + "\u{10FFFF}"]
        return "lines.id IN (SELECT doc FROM threesInLines WHERE term >= ? AND term < ?)"
    }
}

extension SearchExpression {
    /// In the words of FTS5. Texts stand in quotes, so that nothing in them is an operator.
    fileprivate var match: String {
        let wanted = groups.map { "(" + $0.map(\.quoted).joined(separator: " OR ") + ")" }.joined(separator: " AND ")
        return excluded.isEmpty
            ? wanted : "(\(wanted)) NOT (" + excluded.map(\.quoted).joined(separator: " OR ") + ")"
    }
}

extension SearchExpression.Term {
    /// Less than the index's threes.
    fileprivate var isShort: Bool { isUnspaced && text.unicodeScalars.count < 3 }

    fileprivate var quoted: String {
        "\"\(text.without(["\""]))\"" + (isPrefix ? " *" : "")
    }
}
