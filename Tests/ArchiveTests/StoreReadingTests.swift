import Events
import Foundation
import GRDB
import Testing

@testable import Archive

/// A folder of its own for one test, which goes with it.
final class StoreFolder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/data/transcripts.db" }

    func store() throws -> TranscriptStore { try TranscriptStore(at: database, forWriting: true) }
}

extension TranscriptStore {
    /// One conversation of final lines, a second apart from `startedAt` on, the speakers in turn.
    func add(_ session: String, startedAt: Int64 = 1_000, _ texts: [String]) throws {
        try write(
            texts.enumerated().map { index, text in
                let begin = startedAt + Int64(index) * 1_000
                let line = TranscriptLine(turn: index / 2 + 1, speaker: index % 2 == 0 ? .user : .model, text: text)
                return RecordEntry(
                    session: session, at: begin, startedAt: startedAt,
                    change: .line(line, begin: begin, end: begin + 500, isFinal: true))
            })
    }
}

@Suite("The record is read", .timeLimit(.minutes(5)))
struct StoreReadingTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    @Test("a conversation is found as last, by number, by id and by the beginning of one id alone")
    func names() throws {
        let store = try folder.store()
        try store.add("alpha1", startedAt: 1_000, ["one"])
        try store.add("alpha2", startedAt: 2_000, ["two", "three"])
        #expect(try store.session(named: "last").id == "alpha2")
        #expect(try store.session(named: "1").id == "alpha1")
        #expect(try store.session(named: "alpha2").lineCount == 2)
        #expect(try store.session(named: "alpha2").number == 2)
        try store.add("beta", startedAt: 500, ["four"])
        #expect(try store.session(named: "b").id == "beta")
        let several = #expect(throws: ArchiveError.self) { try store.session(named: "alpha") }
        #expect(several?.code == .badInput && several?.message.contains("alpha1, alpha2") == true)
        for unknown in ["7", "gamma", "", "%", "99999999999999999999"] {
            let missing = #expect(throws: ArchiveError.self) { try store.session(named: unknown) }
            #expect(missing?.code == .missing, "\(unknown)")
        }
    }

    @Test("conversations come in the order in which they began, within the bounds asked for")
    func selections() throws {
        let store = try folder.store()
        for (id, start) in [("c", Int64(3_000)), ("a", 1_000), ("b", 2_000)] {
            try store.add(id, startedAt: start, ["x"])
        }
        #expect(try store.sessions().map(\.id) == ["a", "b", "c"])
        #expect(try store.sessions(SessionSelection(since: 2_000)).map(\.id) == ["b", "c"])
        #expect(try store.sessions(SessionSelection(until: 2_000)).map(\.id) == ["a"])
        #expect(try store.sessions(SessionSelection(limit: 2)).map(\.id) == ["b", "c"])
    }

    @Test("a line comes back as it was written, and a late part of it does not undo it")
    func lines() throws {
        let store = try folder.store()
        let line = TranscriptLine(
            turn: 3, speaker: .model, text: "one two three", language: "en-GB", heard: "one two", isTyped: true,
            marks: [TextMark(characters: 3, milliseconds: 400), TextMark(characters: 7, milliseconds: 900)])
        func entry(_ line: TranscriptLine, isFinal: Bool) -> RecordEntry {
            RecordEntry(
                session: "s", at: 9, startedAt: 1, change: .line(line, begin: 5, end: 8, isFinal: isFinal))
        }
        try store.write([entry(line, isFinal: true)])
        var late = line
        late.text = "one"
        late.heard = nil
        try store.write([entry(late, isFinal: false)])
        #expect(
            try store.lines(of: "s") == [
                ArchivedLine(
                    id: 1, session: "s", turn: 3, speaker: .model, language: "en-GB", begin: 5, end: 8,
                    text: "one two three", heard: "one two", source: .typed, isFinal: true, marks: line.marks)
            ])
        #expect(try store.lines(of: "nobody").isEmpty)
        #expect(try store.session(named: "last").lineCount == 1)
    }

    @Test("others can read nothing of it: folder 0700, files 0600, those of the log too")
    func modes() throws {
        let store = try folder.store()
        try store.add("s", ["one"])
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(folder.path + "/data") == 0o700)
        for suffix in ["", "-wal", "-shm"] { #expect(try mode(folder.database + suffix) == 0o600, "\(suffix)") }
    }

    @Test("another connection reads while this one writes, and sees what was committed")
    func readingBeside() throws {
        let writer = try folder.store()
        try writer.add("s", ["one"])
        let reader = try TranscriptStore(at: folder.database, forWriting: false)
        try writer.writing { database in
            try database.execute(sql: "UPDATE lines SET text = 'other'")
            #expect(try reader.lines(of: "s").map(\.text) == ["one"])
        }
        #expect(try reader.lines(of: "s").map(\.text) == ["other"])
        #expect(throws: ArchiveError.self) { try reader.add("t", ["two"]) }
    }

    @Test("where no record is, reading says so and makes none")
    func missing() throws {
        let error = #expect(throws: ArchiveError.self) {
            try TranscriptStore(at: folder.database, forWriting: false)
        }
        #expect(error?.code == .missing)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
    }

    @Test("a file that is no database is corrupt, and one of a later version is newer")
    func unreadable() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
        try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: folder.database))
        #expect(throws: ArchiveError.self) { try TranscriptStore(at: folder.database, forWriting: false) }
        let corrupt = #expect(throws: ArchiveError.self) { try folder.store() }
        #expect(corrupt?.code == .corrupt)
        try FileManager.default.removeItem(atPath: folder.database)
        let store = try folder.store()
        try store.writing { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
        for isWriting in [true, false] {
            let newer = #expect(throws: ArchiveError.self) {
                try TranscriptStore(at: folder.database, forWriting: isWriting)
            }
            #expect(newer?.code == .newer)
        }
    }

    @Test("it lies where the XDG base directories say")
    func places() throws {
        func path(_ environment: [String: String]) throws -> String {
            try TranscriptStore.defaultPath(environment: environment)
        }
        #expect(try path(["XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/x/vivavoce/transcripts.db")
        #expect(try path(["XDG_DATA_HOME": "relative", "HOME": "/h"]) == "/h/.local/share/vivavoce/transcripts.db")
        #expect(throws: ArchiveError.self) { try path([:]) }
    }

    @Test("deleted words are overwritten, and freed pages can be given back")
    func pragmas() throws {
        let store = try folder.store()
        let values = try store.outsideTransaction { database in
            try ["auto_vacuum", "secure_delete", "foreign_keys"].map { name in
                try Int.fetchOne(database, sql: "PRAGMA \(name)")
            }
        }
        #expect(values == [2, 1, 1])
    }

    @Test("whatever the system or SQLite answers, there is something to do about it")
    func remedies() {
        for number in [ENOSPC, EACCES, ENOENT, EIO] {
            #expect(ArchiveError(number, "open", folder.database).remedy != nil)
        }
        for code in [ResultCode.SQLITE_IOERR, .SQLITE_FULL, .SQLITE_BUSY, .SQLITE_CORRUPT, .SQLITE_CANTOPEN] {
            let error = ArchiveError(DatabaseError(resultCode: code), at: folder.database, doing: "read")
            #expect(error.remedy != nil)
        }
    }
}
