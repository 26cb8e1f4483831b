import GRDB
import Glibc

/// The record of conversations: one SQLite file that one program writes while others read.
///
/// Every call blocks for as long as SQLite takes, so none belongs on a real-time thread, nor, but for a moment, on the
/// shared pool. Any thread.
package final class TranscriptStore: Sendable {
    /// The database's file.
    package let path: String
    let database: DatabaseQueue

    /// Opens the record.
    ///
    /// - Parameters:
    ///   - path: of the database. For writing, its directory (0700) and itself (0600) are made where they are missing.
    ///   - forWriting: false never changes the file, and needs none of its locks for longer than a read.
    /// - Throws: `.missing` where there is nothing to read; `.newer` for a file of a newer version of this program;
    ///   `.corrupt`, `.permission`, `.full`, `.busy` or `.inputOutput` where it cannot be opened.
    package convenience init(at path: String, forWriting: Bool) throws(ArchiveError) {
        try self.init(at: path, forWriting: forWriting, patience: 2)
    }

    /// - Parameter patience: seconds to wait for another program's lock.
    init(at path: String, forWriting: Bool, patience: Double) throws(ArchiveError) {
        self.path = path
        database = try Self.open(path, forWriting: forWriting, patience: patience)
    }

    /// `$XDG_DATA_HOME/vivavoce/transcripts.db`, else the same under `~/.local/share`.
    ///
    /// - Throws: `.missing` when the environment names neither that nor a home.
    package static func defaultPath(environment: [String: String]) throws(ArchiveError) -> String {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        guard let data = set("XDG_DATA_HOME") ?? set("HOME").map({ $0 + "/.local/share" }) else {
            throw ArchiveError(
                .missing, "There is no place for transcripts: HOME and XDG_DATA_HOME are unset.",
                remedy: "Set HOME, or talk with --no-store.")
        }
        return data + "/vivavoce/transcripts.db"
    }

    /// Runs a read, with SQLite's errors put into words.
    func reading<Value>(_ body: (Database) throws -> Value) throws(ArchiveError) -> Value {
        do { return try database.read(body) } catch { throw ArchiveError(error, at: path, doing: "read") }
    }

    /// Runs a change as one transaction, with SQLite's errors put into words.
    func writing<Value>(_ body: (Database) throws -> Value) throws(ArchiveError) -> Value {
        do { return try database.write(body) } catch { throw ArchiveError(error, at: path, doing: "change") }
    }

    /// Runs what SQLite does only outside a transaction, with its errors put into words.
    func outsideTransaction<Value>(_ body: (Database) throws -> Value) throws(ArchiveError) -> Value {
        do {
            return try database.writeWithoutTransaction(body)
        } catch {
            throw ArchiveError(error, at: path, doing: "change")
        }
    }

    /// Closes the file; every later call fails. Without it, the last reference closes it.
    package func close() { try? database.close() }
}

extension TranscriptStore {
    private static func open(
        _ path: String, forWriting: Bool, patience: Double
    ) throws(ArchiveError) -> DatabaseQueue {
        if forWriting { try makePrivate(path) }
        guard access(path, F_OK) == 0 else {
            throw ArchiveError(.missing, "There is no record at \(path).", remedy: "Nothing was said yet.")
        }
        var configuration = Configuration()
        configuration.label = "transcripts"
        configuration.readonly = !forWriting
        configuration.busyMode = .timeout(patience)
        configuration.journalMode = forWriting ? .wal : .default
        if forWriting {
            // Deleted words are overwritten, and pages can be given back without rewriting the file.
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON")
            }
        }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            if try queue.read(Schema.migrator.hasBeenSuperseded) {
                throw ArchiveError(
                    .newer, "The record at \(path) was made by a newer version of this program.",
                    remedy: "Update this program, or name another place with XDG_DATA_HOME.")
            }
            if forWriting { try Schema.migrator.migrate(queue) }
            return queue
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw ArchiveError(error, at: path, doing: "open")
        }
    }

    /// Makes the directory and an empty file, readable by their owner alone; SQLite gives its other files the same mode.
    private static func makePrivate(_ path: String) throws(ArchiveError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        for end in folder.indices.dropFirst() where folder[end] == "/" { mkdir(String(folder[..<end]), 0o755) }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw ArchiveError(errno, "make the folder", folder) }
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ArchiveError(errno, "open", path) }
        defer { Glibc.close(file) }
        guard fchmod(file, 0o600) == 0 else { throw ArchiveError(errno, "open", path) }
    }
}

/// Which conversations are meant.
package struct SessionSelection: Sendable, Equatable {
    /// Milliseconds since 1970: those that began at `since` or later, and before `until`; nil for no bound.
    package var since: Int64?
    package var until: Int64?
    /// The newest so many; nil for all.
    package var limit: Int?

    package static let all = SessionSelection()

    package init(since: Int64? = nil, until: Int64? = nil, limit: Int? = nil) {
        self.since = since
        self.until = until
        self.limit = limit
    }
}
