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
            let isCurrent = try Schema.isCurrent(database)
            var rows: [Row] = []
            for way in SearchCondition.Way.ways(for: expression, isCurrent: isCurrent) {
                let condition = SearchCondition(expression, search, way, isCurrent: isCurrent)
                rows = try Row.fetchAll(
                    database, sql: condition.sql, arguments: StatementArguments(condition.arguments))
                if rows.count == condition.limit { break }
            }
            return rows.map { row in (number: row["session"] as Int64, line: ArchivedLine(row)) }
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
    /// How lines are come by.
    enum Way: Equatable {
        /// One index answers all at once: it walks from the newest line back, and stops when enough are found.
        case index(String)
        /// Each term by itself, in the index that knows it.
        case terms
        /// Each term by itself, the short ones by a look into the newest lines of such scripts, where one of them must
        /// occur: what is common is among these, and there would be much to gather of it.
        case newest

        /// One after the other, until enough lines are found.
        static func ways(for expression: SearchExpression, isCurrent: Bool) -> [Way] {
            let terms = expression.wanted + expression.excluded
            if !terms.contains(where: \.isUnspaced) { return [.index("words")] }
            if terms.allSatisfy({ $0.isUnspaced && !$0.isShort }) { return [.index("threes")] }
            let isUnspaced = expression.groups.contains { $0.allSatisfy(\.isUnspaced) }
            return isCurrent && isUnspaced && terms.contains(where: \.isShort) ? [.newest, .terms] : [.terms]
        }
    }

    /// A look into so many lines takes some 10 ms.
    private static let newestLines = 3_000

    /// Lines that are asked for: more than are wanted, since they come in the order of their numbers.
    let limit: Int
    private(set) var sql = ""
    private(set) var arguments: [(any DatabaseValueConvertible)?] = []
    private var conditions: [String] = []
    /// Whether short terms are looked up. A record of an older form knows nothing of less than three characters, nor of the
    /// bounds of sessions.
    private let looksUpShort: Bool
    private let isCurrent: Bool

    init(_ expression: SearchExpression, _ search: LineSearch, _ way: Way, isCurrent: Bool) {
        self.isCurrent = isCurrent
        limit = min(search.limit, .max - LineOrder.mostAstray) + LineOrder.mostAstray
        looksUpShort = isCurrent && way != .newest
        var source = "lines JOIN sessions ON sessions.number = lines.session"
        var column = "lines.id"
        if case .index(let index) = way {
            source =
                "\(index) CROSS JOIN lines ON lines.id = \(index).rowid JOIN sessions "
                + "ON sessions.number = lines.session"
            column = "\(index).rowid"
            require("\(index) MATCH ?", expression.match)
        } else {
            for group in expression.groups {
                conditions.append("(" + group.map { occurrence(of: $0) }.joined(separator: " OR ") + ")")
            }
            for term in expression.excluded { conditions.append("NOT " + occurrence(of: term)) }
        }
        if way == .newest {
            source = "threes_docsize CROSS JOIN \(source) AND lines.id = threes_docsize.id"
            column = "threes_docsize.id"
            require(
                "threes_docsize.id > coalesce((SELECT id FROM threes_docsize ORDER BY id DESC LIMIT 1 OFFSET ?), 0)",
                Self.newestLines)
        }
        narrow(to: search, column)
        arguments.append(limit)
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
            arguments.append(term.quoted)
            return "lines.id IN (SELECT rowid FROM threes WHERE threes MATCH ?)"
        }
        let text = term.text.without(["%", "_"])
        guard looksUpShort else {
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

    /// The index of threes finds every text that goes on.
    fileprivate var quoted: String {
        "\"\(text.without(["\""]))\"" + (isPrefix && !isUnspaced ? " *" : "")
    }
}
