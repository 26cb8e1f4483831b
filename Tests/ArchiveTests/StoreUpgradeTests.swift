import Events
import Foundation
import GRDB
import Testing

@testable import Archive

@Suite("A record of an earlier version", .timeLimit(.minutes(5)))
struct StoreUpgradeTests {
    let folder: StoreFolder

    /// The tables of version 2, and lines that an import put behind those that were said after them.
    init() throws {
        folder = try StoreFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: false)
        let database = try DatabaseQueue(path: folder.database)
        try Schema.migrator.migrate(database, upTo: "2")
        try database.write { database in
            for (session, start) in [("new", Int64(9_000_000)), ("old", 1_000)] {
                for (turn, text) in ["kalorie", "ka", "東京 kalk"].enumerated() {
                    let begin = start + Int64(turn) * 1_000
                    let line = TranscriptLine(turn: turn, speaker: .user, text: "\(text) \(session)")
                    try RecordEntry(
                        session: session, at: begin, startedAt: start,
                        change: .line(line, begin: begin, end: begin, isFinal: true)
                    ).apply(to: database)
                }
            }
        }
        try database.close()
    }

    private func texts(_ query: String, in store: TranscriptStore, limit: Int = 50) throws -> [String] {
        try store.search(LineSearch(query, limit: limit)).map(\.line.text)
    }

    @Test("is read as it is")
    func reading() throws {
        let store = try TranscriptStore(at: folder.database, forWriting: false)
        #expect(try store.sessions().map(\.id) == ["old", "new"])
        #expect(try texts("kal* old", in: store) == ["東京 kalk old", "kalorie old"])
        #expect(try texts("東京", in: store) == ["東京 kalk new", "東京 kalk old"])
        #expect(try store.search(LineSearch("京", since: 9_000_000)).map(\.line.text) == ["東京 kalk new"])
    }

    @Test("is brought up to date when it is written: beginnings are indexed, lines numbered by time, nothing lost")
    func writing() throws {
        let before = try TranscriptStore(at: folder.database, forWriting: false).lines(of: "old").map(\.text)
        let store = try folder.store()
        #expect(try store.lines(of: "old").map(\.text) == before && before.count == 3)
        #expect(try store.lines(of: "old").map(\.id) == [1, 2, 3] && store.lines(of: "new").map(\.id) == [4, 5, 6])
        let newest = ["東京 kalk new", "ka new", "kalorie new"]
        for beginning in ["k*", "ka*"] {
            #expect(try texts(beginning, in: store, limit: 3) == newest)
            #expect(try texts(beginning, in: store).count == 6)
        }
        #expect(try texts("kal*", in: store).count == 4 && texts("kalo*", in: store).count == 2)
        #expect(try texts("kalor*", in: store).count == 2 && texts("kalori*", in: store).count == 2)
        #expect(try texts("東京", in: store) == ["東京 kalk new", "東京 kalk old"])
        #expect(try store.search(LineSearch("京", until: 9_000_000)).map(\.line.text) == ["東京 kalk old"])
        #expect(try store.search(LineSearch("ka*", since: 9_000_000)).count == 3)
        let (definition, lineCounts) = try store.writing { database in
            try database.execute(sql: "INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            return (
                try String.fetchOne(database, sql: "SELECT sql FROM sqlite_master WHERE name = 'words'"),
                try Int.fetchAll(database, sql: "SELECT lineCount FROM sessions")
            )
        }
        #expect(definition?.contains("prefix = '1 2 3 4 5'") == true)
        #expect(lineCounts == [3, 3])

        try store.add("latest", startedAt: 10_000_000, ["kaum"])
        #expect(try texts("ka*", in: store, limit: 1) == ["kaum"])
        #expect(try store.delete(["old"], now: 0).isErased && texts("k*", in: store).count == 4)
    }
}
