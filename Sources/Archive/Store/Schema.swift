import GRDB
import WritingSystems

/// The tables of the record. A step that was once released never changes; what is new is a step of its own.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: tables)
            try database.execute(sql: index)
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: "ALTER TABLE sessions ADD COLUMN seenAt INTEGER")
        }
        // Beginnings of other lengths than three, too, and lines numbered by time, which an import did not see to before.
        migrator.registerMigration("3", foreignKeyChecks: .immediate) { database in
            try database.execute(sql: "DROP TABLE words; \(words)")
            if try LineOrder.isBroken(in: database) {
                try LineOrder.restore(in: database)
            } else {
                try database.execute(sql: "INSERT INTO words (words) VALUES ('rebuild')")
            }
        }
        // Ones and twos of characters, too, where there are no spaces, and which lines a session has and since when.
        migrator.registerMigration("4", foreignKeyChecks: .immediate) { database in
            try database.execute(sql: bounds)
            try database.execute(sql: threes)
            try fillThrees(in: database)
            try SessionBounds.measure(in: database)
        }
        return migrator
    }()

    /// Whether a record is of the newest form. One that is only read is not brought to it.
    static func isCurrent(_ database: Database) throws -> Bool { try migrator.hasCompletedMigrations(database) }

    /// Makes the indices again from the lines there are.
    static func fillIndices(in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO words (words) VALUES ('rebuild'); INSERT INTO threes (threes) VALUES ('delete-all')")
        try fillThrees(in: database)
    }

    private static func fillThrees(in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO threes (rowid, shown) SELECT id, shown || '\(padding)' FROM lines
                    WHERE shown GLOB '\(Unspaced.pattern)' ORDER BY id
                """)
    }

    /// Stands behind a text in the index of threes, so that three characters begin at each of its last two, too: whoever
    /// looks for one or two finds the threes that begin with them.
    private static let padding = "  "

    /// Which words are in which lines. A beginning as long as one of `prefix` is looked up as a word is; for one of
    /// another length FTS5 puts together the lines of every word that begins so, which of a million lines takes tenths of
    /// a second where the beginning is short. Longer ones have few words.
    private static let words = """
        CREATE VIRTUAL TABLE words USING fts5 (
            shown, content = 'lines', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2',
            prefix = '1 2 3 4 5')
        """

    /// Times are milliseconds since 1970. Rows of a session go with it.
    private static let tables = """
        CREATE TABLE sessions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            startedAt INTEGER NOT NULL,
            endedAt INTEGER,
            model TEXT,
            reason TEXT,
            lineCount INTEGER NOT NULL DEFAULT 0,
            tokenCount INTEGER NOT NULL DEFAULT 0,
            recording TEXT
        );
        CREATE INDEX sessionsByStart ON sessions (startedAt);
        CREATE TABLE connections (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            at INTEGER NOT NULL,
            model TEXT NOT NULL,
            isResumed INTEGER NOT NULL
        );
        CREATE INDEX connectionsBySession ON connections (session);
        CREATE TABLE turns (
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            turn INTEGER NOT NULL,
            speaker TEXT NOT NULL,
            startedAt INTEGER NOT NULL,
            endedAt INTEGER,
            reason TEXT,
            heardMilliseconds INTEGER,
            PRIMARY KEY (session, turn, speaker)
        ) WITHOUT ROWID;
        CREATE TABLE lines (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            turn INTEGER NOT NULL,
            speaker TEXT NOT NULL,
            language TEXT,
            beginAt INTEGER NOT NULL,
            endAt INTEGER NOT NULL,
            text TEXT NOT NULL,
            heard TEXT,
            source TEXT NOT NULL,
            isFinal INTEGER NOT NULL,
            marks TEXT,
            shown TEXT GENERATED ALWAYS AS (coalesce(heard, text)) VIRTUAL,
            UNIQUE (session, turn, speaker)
        );
        CREATE TABLE usage (
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            direction TEXT NOT NULL,
            modality TEXT NOT NULL,
            tokens INTEGER NOT NULL,
            PRIMARY KEY (session, direction, modality)
        ) WITHOUT ROWID;
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            at INTEGER NOT NULL,
            name TEXT NOT NULL,
            json TEXT NOT NULL
        );
        CREATE INDEX eventsBySession ON events (session);
        CREATE TABLE artifacts (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
            at INTEGER NOT NULL,
            path TEXT NOT NULL,
            mimeType TEXT NOT NULL
        );
        CREATE INDEX artifactsBySession ON artifacts (session);
        """

    /// What is searched is what was heard. Both indexes keep no text of their own, and triggers keep them in step.
    private static let index = """
        CREATE VIRTUAL TABLE words USING fts5 (
            shown, content = 'lines', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '3');
        CREATE VIRTUAL TABLE threes USING fts5 (
            shown, content = 'lines', content_rowid = 'id', tokenize = 'trigram');
        CREATE TRIGGER lineAdded AFTER INSERT ON lines BEGIN
            UPDATE sessions SET lineCount = lineCount + 1 WHERE number = new.session;
            INSERT INTO words (rowid, shown) VALUES (new.id, coalesce(new.heard, new.text));
            INSERT INTO threes (rowid, shown) SELECT new.id, coalesce(new.heard, new.text)
                WHERE coalesce(new.heard, new.text) GLOB '\(Unspaced.pattern)';
        END;
        CREATE TRIGGER lineRemoved AFTER DELETE ON lines BEGIN
            UPDATE sessions SET lineCount = lineCount - 1 WHERE number = old.session;
            INSERT INTO words (words, rowid, shown) VALUES ('delete', old.id, coalesce(old.heard, old.text));
            INSERT INTO threes (threes, rowid, shown) SELECT 'delete', old.id, coalesce(old.heard, old.text)
                WHERE coalesce(old.heard, old.text) GLOB '\(Unspaced.pattern)';
        END;
        CREATE TRIGGER lineChanged AFTER UPDATE OF text, heard ON lines
        WHEN coalesce(old.heard, old.text) <> coalesce(new.heard, new.text) BEGIN
            INSERT INTO words (words, rowid, shown) VALUES ('delete', old.id, coalesce(old.heard, old.text));
            INSERT INTO words (rowid, shown) VALUES (new.id, coalesce(new.heard, new.text));
            INSERT INTO threes (threes, rowid, shown) SELECT 'delete', old.id, coalesce(old.heard, old.text)
                WHERE coalesce(old.heard, old.text) GLOB '\(Unspaced.pattern)';
            INSERT INTO threes (rowid, shown) SELECT new.id, coalesce(new.heard, new.text)
                WHERE coalesce(new.heard, new.text) GLOB '\(Unspaced.pattern)';
        END;
        """

    /// Threes of characters with padding, a view of which three is in which lines, and triggers that keep them in step.
    private static let threes = """
        DROP TRIGGER lineAdded;
        DROP TRIGGER lineRemoved;
        DROP TRIGGER lineChanged;
        DROP TABLE threes;
        CREATE VIRTUAL TABLE threes USING fts5 (
            shown, content = 'lines', content_rowid = 'id', tokenize = 'trigram');
        CREATE VIRTUAL TABLE threesInLines USING fts5vocab (threes, instance);
        CREATE TRIGGER lineAdded AFTER INSERT ON lines BEGIN
            UPDATE sessions SET lineCount = lineCount + 1,
                firstLine = min(coalesce(firstLine, new.id), new.id),
                lastLine = max(coalesce(lastLine, new.id), new.id),
                firstAt = min(coalesce(firstAt, new.beginAt), new.beginAt),
                lastAt = max(coalesce(lastAt, new.beginAt), new.beginAt) WHERE number = new.session;
            INSERT INTO words (rowid, shown) VALUES (new.id, coalesce(new.heard, new.text));
            INSERT INTO threes (rowid, shown)
                SELECT new.id, coalesce(new.heard, new.text) || '\(padding)'
                WHERE coalesce(new.heard, new.text) GLOB '\(Unspaced.pattern)';
        END;
        CREATE TRIGGER lineMoved AFTER UPDATE OF beginAt ON lines WHEN old.beginAt <> new.beginAt BEGIN
            UPDATE sessions SET firstAt = min(firstAt, new.beginAt), lastAt = max(lastAt, new.beginAt)
                WHERE number = new.session;
        END;
        CREATE TRIGGER lineRemoved AFTER DELETE ON lines BEGIN
            UPDATE sessions SET lineCount = lineCount - 1 WHERE number = old.session;
            INSERT INTO words (words, rowid, shown) VALUES ('delete', old.id, coalesce(old.heard, old.text));
            INSERT INTO threes (threes, rowid, shown)
                SELECT 'delete', old.id, coalesce(old.heard, old.text) || '\(padding)'
                WHERE coalesce(old.heard, old.text) GLOB '\(Unspaced.pattern)';
        END;
        CREATE TRIGGER lineChanged AFTER UPDATE OF text, heard ON lines
        WHEN coalesce(old.heard, old.text) <> coalesce(new.heard, new.text) BEGIN
            INSERT INTO words (words, rowid, shown) VALUES ('delete', old.id, coalesce(old.heard, old.text));
            INSERT INTO words (rowid, shown) VALUES (new.id, coalesce(new.heard, new.text));
            INSERT INTO threes (threes, rowid, shown)
                SELECT 'delete', old.id, coalesce(old.heard, old.text) || '\(padding)'
                WHERE coalesce(old.heard, old.text) GLOB '\(Unspaced.pattern)';
            INSERT INTO threes (rowid, shown)
                SELECT new.id, coalesce(new.heard, new.text) || '\(padding)'
                WHERE coalesce(new.heard, new.text) GLOB '\(Unspaced.pattern)';
        END;
        """

    /// The lines of a session have numbers from `firstLine` to `lastLine`, others among them, and began from `firstAt` to
    /// `lastAt`, milliseconds since 1970; null while it has none. Where lines were deleted, these stay as they were.
    private static let bounds = """
        ALTER TABLE sessions ADD COLUMN firstLine INTEGER;
        ALTER TABLE sessions ADD COLUMN lastLine INTEGER;
        ALTER TABLE sessions ADD COLUMN firstAt INTEGER;
        ALTER TABLE sessions ADD COLUMN lastAt INTEGER;
        """
}
