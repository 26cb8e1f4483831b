import Events
import GRDB

/// One thing that is put into the record, of one conversation.
struct RecordEntry: Sendable, Equatable {
    enum Change: Sendable, Equatable {
        /// A connection went live.
        case connected(model: String, isResumed: Bool)
        case turnStarted(turn: Int, speaker: Party)
        /// - Parameter speaker: nil for whoever has the turn.
        case turnEnded(turn: Int, speaker: Party?, reason: String, heardMilliseconds: Int?)
        case line(TranscriptLine, begin: Int64, end: Int64, isFinal: Bool)
        case used(UsageReport.Tokens)
        /// Something that happened, as it was told.
        case happened(name: String, json: String)
        case artifact(path: String, mimeType: String)
        case recorded(directory: String)
        case ended(reason: String)
    }

    var session: String
    /// When it happened, and when its conversation began.
    var at: Int64
    var startedAt: Int64
    var change: Change

    /// Roughly the bytes it takes while it waits.
    var cost: Int {
        let text: Int =
            switch change {
            case .line(let line, _, _, _): line.text.utf8.count + (line.heard?.utf8.count ?? 0) + line.marks.count * 16
            case .happened(let name, let json): name.utf8.count + json.utf8.count
            case .artifact(let path, let mimeType): path.utf8.count + mimeType.utf8.count
            case .connected(let model, _): model.utf8.count
            case .turnEnded(_, _, let reason, _): reason.utf8.count
            case .recorded(let directory): directory.utf8.count
            case .ended(let reason): reason.utf8.count
            case .turnStarted, .used: 0
            }
        return text + 200
    }

    /// Writes it; whatever was written before of the same thing is replaced.
    func apply(to database: Database) throws {
        let number = try Self.number(of: session, startedAt: startedAt, in: database)
        func run(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws {
            try database.cachedStatement(sql: sql).execute(arguments: StatementArguments([number] + arguments))
        }
        switch change {
        case .connected(let model, let isResumed):
            try run("UPDATE sessions SET model = ?2, endedAt = NULL WHERE number = ?1", model)
            try run("INSERT INTO connections (session, at, model, isResumed) VALUES (?, ?, ?, ?)", at, model, isResumed)
        case .turnStarted(let turn, let speaker):
            try run(
                "INSERT OR IGNORE INTO turns (session, turn, speaker, startedAt) VALUES (?, ?, ?, ?)", turn,
                speaker.rawValue, at)
        case .turnEnded(let turn, let speaker, let reason, let heard):
            try run(
                """
                UPDATE turns SET endedAt = ?4, reason = ?5, heardMilliseconds = coalesce(?6, heardMilliseconds)
                WHERE session = ?1 AND turn = ?2 AND speaker = coalesce(?3, speaker)
                """, turn, speaker?.rawValue, at, reason, heard)
        case .line(let line, let begin, let end, let isFinal):
            try run(
                Self.lineStatement, line.turn, line.speaker.rawValue, line.language, begin, end, line.text, line.heard,
                (line.isTyped ? ArchivedLine.Source.typed : .speech).rawValue, isFinal, MarkText.text(of: line.marks))
        case .used(let tokens):
            try run("UPDATE sessions SET tokenCount = tokenCount + ?2 WHERE number = ?1", tokens.total)
            for (direction, counts) in [("input", tokens.input), ("output", tokens.output)] {
                for (modality, count) in counts {
                    try run(
                        """
                        INSERT INTO usage (session, direction, modality, tokens) VALUES (?, ?, ?, ?)
                        ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens
                        """, direction, modality, count)
                }
            }
        case .happened(let name, let json):
            try run("INSERT INTO events (session, at, name, json) VALUES (?, ?, ?, ?)", at, name, json)
        case .artifact(let path, let mimeType):
            try run("INSERT INTO artifacts (session, at, path, mimeType) VALUES (?, ?, ?, ?)", at, path, mimeType)
        case .recorded(let directory):
            try run("UPDATE sessions SET recording = ?2 WHERE number = ?1", directory)
        case .ended(let reason):
            try run("UPDATE sessions SET endedAt = ?2, reason = ?3 WHERE number = ?1", at, reason)
        }
    }

    /// What comes late of a line that is final already does not undo it.
    private static let lineStatement = """
        INSERT INTO lines (session, turn, speaker, language, beginAt, endAt, text, heard, source, isFinal, marks)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (session, turn, speaker) DO UPDATE SET language = excluded.language, beginAt = excluded.beginAt,
            endAt = excluded.endAt, text = excluded.text, heard = excluded.heard, source = excluded.source,
            isFinal = excluded.isFinal, marks = excluded.marks
        WHERE excluded.isFinal OR NOT isFinal
        """

    /// The conversation's number; its row is made where there is none.
    private static func number(of session: String, startedAt: Int64, in database: Database) throws -> Int64 {
        let known = try database.cachedStatement(sql: "SELECT number FROM sessions WHERE id = ?")
        if let number = try Int64.fetchOne(known, arguments: [session]) { return number }
        let insertion = try database.cachedStatement(sql: "INSERT INTO sessions (id, startedAt) VALUES (?, ?)")
        try insertion.execute(arguments: [session, startedAt])
        return database.lastInsertedRowID
    }
}

extension TranscriptStore {
    /// Writes all of it, or nothing, in one transaction; what returns is on disk as far as any process can tell: it
    /// outlives this process, however it ends.
    func write(_ entries: [RecordEntry]) throws(ArchiveError) {
        try writing { database in for entry in entries { try entry.apply(to: database) } }
    }
}
