import Events
import Foundation
import GRDB
import TestKit
import Testing

@testable import Archive

@Suite("Conversations are deleted", .timeLimit(.minutes(5)))
struct StoreDeletingTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    /// Every byte that the database consists of, on disk.
    private func bytes() -> Data {
        ["", "-wal", "-shm"].reduce(into: Data()) { all, suffix in
            all += FileManager.default.contents(atPath: folder.database + suffix) ?? Data()
        }
    }

    @Test("no word of theirs is left in any file, and the others are whole")
    func erasing() throws {
        let store = try folder.store()
        var generator = SeededGenerator(seed: 50)
        func word(_ prefix: String) -> String { prefix + String(generator.next() % 100_000, radix: 10) }
        // Mixed into each other, so that they share pages.
        for round in 0..<30 {
            for (session, prefix) in [("kept", "stays"), ("gone", "secret"), ("gone2", "密談の言葉")] {
                let entries = (0..<20).map { index in
                    let text = (0..<12).map { _ in word(prefix) }.joined(separator: " ")
                    return RecordEntry(
                        session: session, at: 1, startedAt: 1,
                        change: .line(
                            .init(turn: round * 20 + index, speaker: .user, text: text), begin: 1, end: 1, isFinal: true
                        ))
                }
                try store.write(entries)
            }
        }
        let kept = try store.lines(of: "kept")
        let found = try store.search(.init("stays*", limit: 1000)).count
        #expect(bytes().range(of: Data("secret".utf8)) != nil && bytes().range(of: Data("密談".utf8)) != nil)
        let before = bytes().count

        let deletion = try store.delete(["gone", "gone2", "nobody"], now: 0)
        #expect(deletion == Deletion(sessions: ["gone", "gone2"], remaining: [], isErased: true))
        #expect(bytes().range(of: Data("secret".utf8)) == nil)
        #expect(bytes().range(of: Data("密談".utf8)) == nil)
        #expect(bytes().count < before / 2)
        #expect(try store.lines(of: "kept") == kept && kept.count == 600)
        #expect(try store.search(.init("stays*", limit: 1000)).count == found)
        #expect(try store.search(.init("secret*")).isEmpty && store.search(.init("密談")).isEmpty)
        let check = try store.writing { database in
            try database.execute(sql: "INSERT INTO words (words) VALUES ('integrity-check')")
            return try String.fetchAll(database, sql: "PRAGMA integrity_check")
        }
        #expect(check == ["ok"])
    }

    @Test("a program that reads an older state is told of: its words are erased when it is done")
    func besideReaders() throws {
        let store = try folder.store()
        try store.add("a", ["secret"])
        let reader = try TranscriptStore(at: folder.database, forWriting: false)
        try reader.reading { database in
            _ = try Row.fetchOne(database, sql: "SELECT * FROM lines")
            #expect(try store.delete(["a"], now: 0).isErased == false)
        }
    }

    @Test("the recording goes too, and nothing that is not part of one")
    func recordings() throws {
        let store = try folder.store()
        let recording = folder.path + "/then-mixed"
        try FileManager.default.createDirectory(
            atPath: recording + "/artifacts", withIntermediateDirectories: true)
        func make(_ name: String) throws { try Data("x".utf8).write(to: URL(fileURLWithPath: "\(recording)/\(name)")) }
        for name in ["audio.opus", "audio-2.opus", "artifacts/image.png", "diary.txt"] { try make(name) }
        let linked = folder.path + "/linked"
        try FileManager.default.createDirectory(atPath: linked, withIntermediateDirectories: false)
        try Data("x".utf8).write(to: URL(fileURLWithPath: linked + "/audio.opus"))
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/a-link", withDestinationPath: linked)
        func add(_ id: String, _ place: String) throws {
            try store.add(id, ["words"])
            try store.write([RecordEntry(session: id, at: 1, startedAt: 1, change: .recorded(directory: place))])
        }
        try add("mixed", recording)
        #expect(try store.delete(["mixed"], now: 0).remaining == [recording])
        #expect(try FileManager.default.contentsOfDirectory(atPath: recording) == ["diary.txt"])

        try add("link", folder.path + "/a-link")
        _ = try store.delete(["link"], now: 0)
        #expect(FileManager.default.fileExists(atPath: linked + "/audio.opus"))

        // What an import says of somebody's folder is not believed.
        try make("audio.opus")
        try make("artifacts-mine")
        try add("foreign", recording)
        #expect(try store.delete(["foreign"], now: 0).remaining == [recording])
        #expect(FileManager.default.fileExists(atPath: recording + "/audio.opus"))

        try FileManager.default.removeItem(atPath: recording + "/diary.txt")
        try FileManager.default.removeItem(atPath: recording + "/artifacts-mine")
        let plain = folder.path + "/then-plain"
        try FileManager.default.moveItem(atPath: recording, toPath: plain)
        try add("plain", plain)
        #expect(try store.delete(["plain"], now: 0).remaining.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: plain))

        // Somebody else has deleted it, and the folder that it lay in is there.
        try add("never", folder.path + "/nowhere-never")
        #expect(try store.delete(["never"], now: 0).sessions == ["never"])
    }

    @Test("a recording on a disk that is not mounted is not told as deleted, and goes at another attempt")
    func unreachable() throws {
        let store = try folder.store()
        let disk = folder.path + "/disk"
        let recording = disk + "/recordings/then-away"
        try store.add("away", ["secret"])
        try store.write([
            RecordEntry(session: "away", at: 1, startedAt: 1, change: .recorded(directory: recording)),
            RecordEntry(session: "away", at: 1, startedAt: 1, change: .connected(model: "m", isResumed: false)),
            RecordEntry(session: "away", at: 1, startedAt: 1, change: .happened(name: "code", json: #""secret""#)),
        ])
        for _ in 1...2 {
            #expect(try store.delete(["away"], now: 0) == Deletion(unreachable: [recording]))
            #expect(try store.session(named: "last").recording == recording)
            #expect(try store.lines(of: "away").isEmpty && store.search(.init("secret")).isEmpty)
            #expect(bytes().range(of: Data("secret".utf8)) == nil)
        }

        try FileManager.default.createDirectory(atPath: recording, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: recording + "/audio.opus"))
        #expect(try store.delete(["away"], now: 0) == Deletion(sessions: ["away"]))
        #expect(!FileManager.default.fileExists(atPath: recording))
        #expect(try store.sessions().isEmpty)
    }

    @Test("a conversation that is under way in whichever process is left alone, and one that was killed is not")
    func held() throws {
        let store = try folder.store()
        try store.add("live", startedAt: 0, ["a"])
        try store.add("other", startedAt: 0, ["a"])
        try store.seen("live", at: 1_000_000)
        #expect(try store.expired(RecordLimits(days: 0), now: 1_010_000) == ["other"])
        #expect(try store.expired(RecordLimits(megabytes: 0), now: 1_010_000) == ["other"])
        let deletion = try store.delete(["live", "other"], now: 1_010_000)
        #expect((deletion.held, deletion.sessions) == (["live"], ["other"]))
        #expect(try store.delete(["live"], now: 1_000_000 + RecordLimits.holding + 1).sessions == ["live"])
    }

    @Test("by age counts from when a conversation ended, or was last heard of")
    func ages() throws {
        let store = try folder.store()
        try store.add("killed", startedAt: 1_000, ["a", "b", "c"])  // last heard of at 3500
        try store.add("long", startedAt: 500, ["a"])
        try store.write([RecordEntry(session: "long", at: 9_000, startedAt: 500, change: .ended(reason: "bye"))])
        #expect(try store.sessions(olderThan: 1_000, now: 4_501).map(\.id) == ["killed"])
        #expect(try store.sessions(olderThan: 1_000, now: 4_500).isEmpty)
        #expect(try store.sessions(olderThan: 1_000, now: 10_001).map(\.id) == ["long", "killed"])
    }

    @Test("by size the oldest go, recordings counted, until the rest is small enough")
    func sizes() throws {
        let store = try folder.store()
        for index in 1...4 {
            let recording = folder.path + "/then-s\(index)"
            try FileManager.default.createDirectory(atPath: recording, withIntermediateDirectories: false)
            try Data(count: 1_000_000).write(to: URL(fileURLWithPath: recording + "/audio.opus"))
            try store.add("s\(index)", startedAt: Int64(index), ["words"])
            try store.write([
                RecordEntry(session: "s\(index)", at: 1, startedAt: 1, change: .recorded(directory: recording))
            ])
        }
        #expect(try store.expired(RecordLimits(megabytes: 5), now: 0).isEmpty)
        #expect(try store.expired(RecordLimits(megabytes: 3), now: 0) == ["s1", "s2"])
    }
}
