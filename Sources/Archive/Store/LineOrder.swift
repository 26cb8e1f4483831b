import GRDB

/// In which order lines are numbered.
///
/// A line's number is all that the search indices know of it, and they walk from the largest back, so numbers grow with
/// the time at which lines began. Lines that are written as they are said come about in that order, nearly; those of an
/// import need not.
enum LineOrder {
    /// How much earlier a line may have begun than one with a smaller number, in milliseconds: people talk into each
    /// other, and a line is numbered when the first of its words comes.
    static let tolerance: Int64 = 60_000
    /// How many lines that may concern: in a minute nobody says more.
    static let mostAstray = 64

    /// Whether some line began earlier, by more than the tolerance, than the one that is numbered before it.
    static func isBroken(in database: Database) throws -> Bool {
        let sql = """
            SELECT EXISTS (
                SELECT 1 FROM (SELECT beginAt, lag(beginAt) OVER (ORDER BY id) AS before FROM lines)
                WHERE beginAt < before - ?)
            """
        return try Bool.fetchOne(database, sql: sql, arguments: [tolerance]) ?? false
    }

    /// Numbers all lines anew, from 1, in the order in which they began, and makes the indices again. Takes seconds where
    /// the record is large.
    static func restore(in database: Database) throws {
        // By way of numbers that none has, since no two lines may have the same one in between.
        try database.execute(
            sql: """
                UPDATE lines SET id = -ordered.place
                FROM (SELECT id AS number, row_number() OVER (ORDER BY beginAt, id) AS place FROM lines) AS ordered
                WHERE lines.id = ordered.number;
                UPDATE lines SET id = -id;
                """)
        try Schema.fillIndices(in: database)
    }
}

/// Which lines a session may have, and when: what `sessions` knows of it, for a search within some time.
///
/// Triggers widen it with each line; only where lines are numbered anew is it measured.
enum SessionBounds {
    static func measure(in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE sessions SET firstLine = found.a, lastLine = found.b, firstAt = found.c, lastAt = found.d
                FROM (
                    SELECT session, min(id) AS a, max(id) AS b, min(beginAt) AS c, max(beginAt) AS d
                    FROM lines GROUP BY session) AS found
                WHERE sessions.number = found.session
                """)
    }
}
