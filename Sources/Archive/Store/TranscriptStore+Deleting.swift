import GRDB

/// How much of the record is kept. What is over is deleted, whole conversations at a time, the oldest first.
package struct RecordLimits: Sendable, Equatable {
    /// How long a conversation runs before older ones are deleted: its beginning has better to do.
    static let patience = Duration.seconds(5)
    /// Between two looks at what is over the limits.
    static let interval = Duration.seconds(3_600)
    /// A conversation that gave a sign of itself so recently, in milliseconds, is under way.
    static let holding: Int64 = 180_000

    /// Since a conversation ended; nil for ever.
    package var days: Int?
    /// Of the database and the recordings; nil for no bound.
    package var megabytes: Int?

    package init(days: Int? = nil, megabytes: Int? = nil) {
        self.days = days
        self.megabytes = megabytes
    }

    package var isEverything: Bool { self == RecordLimits() }
}

/// What became of conversations that were to be deleted.
package struct Deletion: Sendable, Equatable {
    /// Their ids.
    package var sessions: [String] = []
    /// Ids of those that are under way, and were left alone.
    package var held: [String] = []
    /// Directories of recordings that hold files that are not ours, and were left with those.
    package var remaining: [String] = []
    /// Directories of recordings that are not there, and the folders they lay in neither, as when a disk is not mounted.
    /// Their conversations are not among `sessions`: nothing is left of them but a row that names the recording, for
    /// another attempt.
    package var unreachable: [String] = []
    /// Whether no word of them is left in the database's files either; false while another program reads an older state.
    package var isErased = true
}

extension TranscriptStore {
    /// Deletes conversations: their rows, what the search knows of them, their recordings, and every trace of their words
    /// in the database's files. Takes seconds where the record is large.
    ///
    /// - Parameter ids: `ArchivedSession.id`; those that are unknown are passed over.
    ///
    /// - Parameter now: milliseconds since 1970.
    package func delete(_ ids: [String], now: Int64) throws(ArchiveError) -> Deletion {
        var deletion = Deletion()
        let held = try held(now: now)
        deletion.held = ids.filter(held.contains)
        for id in ids where !held.contains(id) {
            let one = try remove([id])
            deletion.sessions += one.sessions
            deletion.remaining += one.remaining
            deletion.unreachable += one.unreachable
        }
        guard !deletion.sessions.isEmpty || !deletion.unreachable.isEmpty else { return deletion }
        while try tidyStep() {}
        deletion.isErased = try truncateLog()
        return deletion
    }

    /// Conversations that are over, oldest first.
    ///
    /// - Parameter age: milliseconds since they ended, or were last heard of, at `now`.
    package func sessions(olderThan age: Int64, now: Int64) throws(ArchiveError) -> [ArchivedSession] {
        try reading { database in
            try ArchivedSession.fetch(
                database,
                """
                SELECT \(ArchivedSession.columns) FROM sessions WHERE
                    coalesce(endedAt, (SELECT max(endAt) FROM lines WHERE session = number), startedAt) < ?
                ORDER BY startedAt, number
                """, [now - age])
        }
    }

    /// Gives a sign that a conversation is under way: no other process deletes it meanwhile.
    func seen(_ id: String, at time: Int64) throws(ArchiveError) {
        try writing {
            try $0.execute(sql: "UPDATE sessions SET seenAt = ? WHERE id = ?", arguments: [time, id])
        }
    }

    /// Ids of conversations that are under way, in whichever process.
    private func held(now: Int64) throws(ArchiveError) -> Set<String> {
        try reading { database in
            try String.fetchSet(
                database, sql: "SELECT id FROM sessions WHERE endedAt IS NULL AND seenAt > ?",
                arguments: [now - RecordLimits.holding])
        }
    }

    /// Ids of what is over the limits, the oldest first.
    func expired(_ limits: RecordLimits, now: Int64) throws(ArchiveError) -> [String] {
        var ids: [String] = []
        if let days = limits.days { ids = try sessions(olderThan: Int64(days) * 86_400_000, now: now).map(\.id) }
        let held = try held(now: now)
        ids.removeAll(where: held.contains)
        guard let megabytes = limits.megabytes else { return ids }
        let kept = try sessions().filter { !ids.contains($0.id) }
        let database = try databaseBytes()
        let lines = max(1, kept.reduce(0) { $0 + $1.lineCount })
        // The database's share of a conversation is taken to be as large as its share of the lines.
        let sizes = kept.map { session in
            (session.recording.map { RecordingFolder(path: $0, session: session.id).bytes } ?? 0)
                + database * Int64(session.lineCount) / Int64(lines)
        }
        var excess = sizes.reduce(0, +) - Int64(megabytes) * 1_000_000
        for (session, size) in zip(kept, sizes) where excess > 0 && !held.contains(session.id) {
            ids.append(session.id)
            excess -= size
        }
        return ids
    }

    /// Deletes recordings and rows; what is left of their words in the search index goes with `tidyStep`.
    @discardableResult func remove(_ ids: [String]) throws(ArchiveError) -> Deletion {
        var deletion = Deletion()
        for id in ids {
            let recording: String?? = try reading { database in
                try Row.fetchOne(database, sql: "SELECT recording FROM sessions WHERE id = ?", arguments: [id])
                    .map { $0["recording"] }
            }
            guard let recording else { continue }
            // First: a conversation without its recording is better than a recording that nobody knows of.
            if let recording {
                switch try RecordingFolder(path: recording, session: id).remove() {
                case .gone: break
                case .leftInPlace: deletion.remaining.append(recording)
                case .unreachable:
                    try forgetContents(of: id)
                    deletion.unreachable.append(recording)
                    continue
                }
            }
            try writing { try $0.execute(sql: "DELETE FROM sessions WHERE id = ?", arguments: [id]) }
            deletion.sessions.append(id)
        }
        return deletion
    }

    /// Deletes all that was said and that happened in a conversation, and keeps that there was one.
    private func forgetContents(of id: String) throws(ArchiveError) {
        try writing { database in
            for table in ["lines", "turns", "connections", "usage", "events", "artifacts"] {
                try database.execute(
                    sql: "DELETE FROM \(table) WHERE session = (SELECT number FROM sessions WHERE id = ?)",
                    arguments: [id])
            }
        }
    }

    /// Merges a piece of the search index, so that deleted words leave it, and gives back free pages.
    ///
    /// - Returns: whether there is more to do.
    func tidyStep() throws(ArchiveError) -> Bool {
        // SQLite's documentation of FTS5's merge command: less than 2 changes mean that nothing was left to merge.
        let isMerging = try writing { database in
            var isMerging = false
            for index in ["words", "threes"] {
                let before = database.totalChangesCount
                try database.execute(
                    sql: "INSERT INTO \(index) (\(index), rank) VALUES ('merge', -\(Self.pagesPerStep))")
                if database.totalChangesCount - before >= 2 { isMerging = true }
            }
            return isMerging
        }
        let isShrinking = try outsideTransaction { database in
            func freePages() throws -> Int { try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0 }
            let before = try freePages()
            _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(\(Self.pagesPerStep))")
            let after = try freePages()
            return after > 0 && after < before  // never for ever, whatever SQLite answers
        }
        return isMerging || isShrinking
    }

    private static let pagesPerStep = 500

    /// - Returns: whether the write-ahead log is empty now.
    func truncateLog() throws(ArchiveError) -> Bool {
        try outsideTransaction { database in
            try Int.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
        }
    }

    private func databaseBytes() throws(ArchiveError) -> Int64 {
        try reading { database in
            func value(_ name: String) throws -> Int64 { try Int64.fetchOne(database, sql: "PRAGMA \(name)") ?? 0 }
            return try (value("page_count") - value("freelist_count")) * value("page_size")
        }
    }
}
