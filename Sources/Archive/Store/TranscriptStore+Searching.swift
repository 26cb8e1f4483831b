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
        let condition = SearchCondition(expression, search)
        let found = try reading { database in
            try Row.fetchAll(database, sql: condition.sql, arguments: StatementArguments(condition.arguments)).map {
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

    init(_ expression: SearchExpression, _ search: LineSearch) {
        let terms = expression.wanted + expression.excluded
        var source = "lines JOIN sessions ON sessions.number = lines.session"
        var conditions: [String] = []
        var column = "lines.id"
        if terms.contains(where: \.isUnspaced) {
            if expression.wanted.allSatisfy(\.isShort) {
                // From the newest line of such a script back, until enough are found.
                source = "threes_docsize CROSS JOIN \(source) AND lines.id = threes_docsize.id"
                column = "threes_docsize.id"
            }
            // Each term by itself, in the index that knows it.
            for group in expression.groups {
                conditions.append("(" + group.map { occurrence(of: $0) }.joined(separator: " OR ") + ")")
            }
            for term in expression.excluded { conditions.append("NOT " + occurrence(of: term)) }
        } else {
            // All at once: the index walks from the newest line back, and stops when enough are found.
            source = "words CROSS JOIN lines ON lines.id = words.rowid JOIN sessions ON sessions.number = lines.session"
            column = "words.rowid"
            conditions.append("words MATCH ?")
            arguments.append(expression.match)
        }
        if let session = search.session {
            conditions.append(
                "sessions.id = ? AND \(column) BETWEEN "
                    + "(SELECT min(l.id) FROM lines l JOIN sessions s ON s.number = l.session WHERE s.id = ?) AND "
                    + "(SELECT max(l.id) FROM lines l JOIN sessions s ON s.number = l.session WHERE s.id = ?)")
            arguments += [session, session, session]
        }
        if let speaker = search.speaker {
            conditions.append("lines.speaker = ?")
            arguments.append(speaker.rawValue)
        }
        if let since = search.since {
            conditions.append("lines.beginAt >= ?")
            arguments.append(since)
        }
        if let until = search.until {
            conditions.append("lines.beginAt < ?")
            arguments.append(until)
        }
        arguments.append(min(search.limit, .max - LineOrder.mostAstray) + LineOrder.mostAstray)
        sql =
            "SELECT \(ArchivedLine.columns), lines.session FROM \(source) WHERE "
            + conditions.joined(separator: " AND ") + " ORDER BY \(column) DESC LIMIT ?"
    }

    /// One term as a condition on a line.
    private mutating func occurrence(of term: SearchExpression.Term) -> String {
        guard term.isUnspaced else {
            arguments.append(term.quoted)
            return "lines.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
        }
        if !term.isShort {
            arguments.append("\"\(term.text.without(["\""]))\"")
            return "lines.id IN (SELECT rowid FROM threes WHERE threes MATCH ?)"
        }
        // Shorter than the index's threes: a look into every line that such a script is in.
        arguments.append("%" + term.text.without(["%", "_"]) + "%")
        return "(lines.id IN (SELECT id FROM threes_docsize) AND coalesce(lines.heard, lines.text) LIKE ?)"
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
    /// Too short for the index of threes.
    fileprivate var isShort: Bool { isUnspaced && text.unicodeScalars.count < 3 }

    fileprivate var quoted: String {
        "\"\(text.without(["\""]))\"" + (isPrefix ? " *" : "")
    }
}
