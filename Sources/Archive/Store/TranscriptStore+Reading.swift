import Events
import GRDB

extension TranscriptStore {
    /// Conversations in the order in which they began.
    package func sessions(_ selection: SessionSelection = .all) throws(ArchiveError) -> [ArchivedSession] {
        try reading { database in
            try ArchivedSession.fetch(
                database,
                """
                SELECT \(ArchivedSession.columns) FROM (SELECT * FROM sessions WHERE startedAt >= ? AND startedAt < ?
                    ORDER BY startedAt DESC, number DESC LIMIT ?) ORDER BY startedAt, number
                """, [selection.since ?? .min, selection.until ?? .max, selection.limit ?? -1])
        }
    }

    /// One conversation by what a person calls it.
    ///
    /// - Parameter name: `last`, a number, an id, or the beginning of one id alone. A number that is also an id is taken
    ///   as the number.
    /// - Throws: `.missing` when there is none, `.badInput` when the beginning fits several.
    package func session(named name: String) throws(ArchiveError) -> ArchivedSession {
        let found: [ArchivedSession] = try reading { database in
            let every = "SELECT \(ArchivedSession.columns) FROM sessions"
            if name == "last" {
                return try ArchivedSession.fetch(
                    database, "\(every) ORDER BY startedAt DESC, number DESC LIMIT 1", [])
            }
            let exact = try ArchivedSession.fetch(
                database, "\(every) WHERE number = ? OR id = ? ORDER BY id = ? LIMIT 1", [Int64(name), name, name])
            guard exact.isEmpty, !name.isEmpty else { return exact }
            return try ArchivedSession.fetch(
                database, "\(every) WHERE substr(id, 1, length(?)) = ? ORDER BY number LIMIT 9", [name, name])
        }
        guard let session = found.first else {
            throw ArchiveError(
                .missing, name == "last" ? "The record holds no conversation." : "There is no conversation “\(name)”.",
                remedy: "`vivavoce transcripts list` shows those there are.")
        }
        guard found.count == 1 else {
            let ids = found.map(\.id).joined(separator: ", ")
            throw ArchiveError(
                .badInput, "“\(name)” begins the names of several conversations: \(ids).", remedy: "Name one by number."
            )
        }
        return session
    }

    /// What was said in a conversation, in the order in which it began to be said.
    ///
    /// - Parameter id: `ArchivedSession.id`; one that is unknown has no lines.
    package func lines(of id: String) throws(ArchiveError) -> [ArchivedLine] {
        try reading { database in
            try ArchivedLine.fetch(
                database,
                """
                SELECT \(ArchivedLine.columns) FROM lines JOIN sessions ON sessions.number = lines.session
                WHERE sessions.id = ? ORDER BY beginAt, lines.id
                """, [id])
        }
    }
}

extension ArchivedSession {
    static func fetch(
        _ database: Database, _ sql: String, _ arguments: [(any DatabaseValueConvertible)?]
    ) throws -> [ArchivedSession] {
        try Row.each(database, sql, arguments, ArchivedSession.init)
    }

    /// Of `sessions`, in the order in which they are read: to find a column by its name takes longer than to read it.
    static let columns = "number, id, startedAt, endedAt, model, reason, lineCount, tokenCount, recording"

    /// - Parameter row: of `columns`.
    init(_ row: Row) {
        self.init(
            id: row[1], number: row[0], startedAt: row[2], endedAt: row[3], model: row[4], reason: row[5],
            lineCount: row[6], tokenCount: row[7], recording: row[8])
    }
}

extension ArchivedLine {
    static func fetch(
        _ database: Database, _ sql: String, _ arguments: [(any DatabaseValueConvertible)?]
    ) throws -> [ArchivedLine] {
        try Row.each(database, sql, arguments, ArchivedLine.init)
    }

    /// Of `lines` and `sessions`, in the order in which they are read.
    static let columns = """
        lines.id, sessions.id, lines.turn, lines.speaker, lines.language, lines.beginAt, lines.endAt, lines.text,
        lines.heard, lines.source, lines.isFinal, lines.marks
        """

    /// - Parameter row: of `columns`; more may follow.
    init(_ row: Row) {
        self.init(
            id: row[0], session: row[1], turn: row[2], speaker: Party(rawValue: row[3]) ?? .model, language: row[4],
            begin: row[5], end: row[6], text: row[7], heard: row[8], source: Source(rawValue: row[9]) ?? .speech,
            isFinal: row[10], marks: MarkText.marks(in: row[11]))
    }
}

extension Row {
    /// Rows turned into values one by one, without a copy of each.
    fileprivate static func each<Value>(
        _ database: Database, _ sql: String, _ arguments: [(any DatabaseValueConvertible)?], _ make: (Row) -> Value
    ) throws -> [Value] {
        let cursor = try fetchCursor(database, sql: sql, arguments: StatementArguments(arguments))
        var values: [Value] = []
        while let row = try cursor.next() { values.append(make(row)) }
        return values
    }
}

/// Marks as they lie in a row: `characters:milliseconds`, separated by spaces.
enum MarkText {
    static func text(of marks: [TextMark]) -> String? {
        marks.isEmpty ? nil : marks.map { "\($0.characters):\($0.milliseconds)" }.joined(separator: " ")
    }

    /// What cannot be read as a mark is passed over.
    static func marks(in text: String?) -> [TextMark] {
        (text ?? "").split(separator: " ").compactMap { pair in
            let numbers = pair.split(separator: ":").compactMap { Int($0) }
            return numbers.count == 2 ? TextMark(characters: numbers[0], milliseconds: numbers[1]) : nil
        }
    }
}
