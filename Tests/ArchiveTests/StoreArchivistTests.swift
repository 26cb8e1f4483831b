import Events
import Foundation
import GRDB
import Synchronization
import TestKit
import Testing

@testable import Archive

/// An archivist between two buses, on a clock that the test moves.
private final class Desk: Sendable {
    let clock = ManualClock()
    let inner = EventBus()
    let outer = EventBus()
    let heard: EventSubscription
    let archivist: Archivist
    private let events: EventSubscription

    init(
        _ path: String, pending: PendingRecord = PendingRecord(), keeping: RecordLimits = RecordLimits(),
        patience: Double = 0.25
    ) {
        heard = outer.subscribe(capacity: 10_000, overflow: .dropsOldest, includingLevels: true)
        events = inner.subscribe(capacity: 10_000, overflow: .dropsOldest, includingLevels: true)
        archivist = Archivist(path: path, keeping: keeping, pending: pending, patience: patience, clock: clock) {
            1_800_000_000_000
        }
    }

    /// Runs the archivist beside the test's body, and to its end once the body is done.
    ///
    /// - Parameter atEnd: runs when nothing more is told, while the archivist comes to its end.
    func run(_ body: () async throws -> Void, atEnd: () async throws -> Void = {}) async throws {
        async let running: Void = archivist.run(events, to: outer)
        _ = await clock.nextNap()
        do {
            try await body()
            inner.finish()
            try await atEnd()
            await running
        } catch {
            inner.finish()
            await running
            throw error
        }
    }

    func tell(_ body: Event.Body, at: Int64 = 10_000) { inner.publish(Event(at: at, session: "s", body)) }

    func say(_ turn: Int, _ text: String, _ speaker: Party = .user) {
        tell(.transcriptFinal(TranscriptLine(turn: turn, speaker: speaker, text: text)))
    }

    /// The next event that others hear of.
    func next() async -> Event.Body? {
        var iterator = heard.makeAsyncIterator()
        return await iterator.next()?.body
    }

    /// Lets time pass until the archivist's next beat, and waits until that is done.
    func beat(_ step: Duration = .seconds(1)) async {
        clock.advance(by: step)
        _ = await clock.nextNap()
    }

    /// How many pages the database may have, as a disk that is full or has room again.
    func limit(pages: Int) async {
        _ = await archivist.writer.perform { store throws(ArchiveError) in
            try store.outsideTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        }
    }
}

extension Event.Body {
    fileprivate var problem: Problem? { if case .warning(let problem) = self { problem } else { nil } }
}

@Suite("The archivist", .timeLimit(.minutes(5)))
struct StoreArchivistTests {
    let folder: StoreFolder

    init() throws { folder = try StoreFolder() }

    private func lines() throws -> [ArchivedLine] {
        try TranscriptStore(at: folder.database, forWriting: false).lines(of: "s")
    }

    @Test("a final line is on disk before anybody hears of it, and all events come in their order")
    func finalLines() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            let level = Event.Body.audioLevel(input: -20, output: nil)
            desk.tell(.sessionLive(model: "m", resumed: false))
            desk.tell(level)
            #expect(await desk.next() == .sessionLive(model: "m", resumed: false))
            #expect(await desk.next() == level)
            for turn in 1...20 {
                desk.say(turn, "line \(turn)")
                guard case .transcriptFinal(let line) = await desk.next() else {
                    Issue.record("no line")
                    return
                }
                #expect(try lines().last?.text == line.text && lines().last?.isFinal == true)
            }
        }
    }

    @Test("a partial text is written once a second, and its final text takes its place")
    func partials() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.tell(.turnStarted(turn: 1, speaker: .user), at: 5_000)
            desk.tell(.transcriptPartial(TranscriptLine(turn: 1, speaker: .user, text: "hel")), at: 6_000)
            desk.tell(.transcriptPartial(TranscriptLine(turn: 1, speaker: .user, text: "hello wor")), at: 7_000)
            for _ in 1...3 { _ = await desk.next() }
            #expect(!FileManager.default.fileExists(atPath: folder.database))
            await desk.beat()
            let partial = try #require(try lines().first)
            #expect(partial.text == "hello wor" && !partial.isFinal && partial.begin == 5_000 && partial.end == 7_000)
            desk.say(1, "Hello, world.")
            _ = await desk.next()
            #expect(try lines().map(\.text) == ["Hello, world."])
            #expect(try lines().first?.isFinal == true)
        }
    }

    @Test("a session is summed up: model, end, reason, tokens by turn, recording")
    func sessions() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.tell(.sessionConnecting(attempt: 1), at: 1_000)
            desk.tell(.sessionLive(model: "models/one", resumed: false), at: 2_000)
            for total in [30, 12] {
                let tokens = UsageReport.Tokens(input: ["AUDIO": total - 2], output: ["TEXT": 2], total: total)
                desk.tell(.usage(UsageReport(turn: tokens, session: UsageReport.Tokens(total: 999))))
            }
            desk.say(1, "hi")
            desk.tell(.recordingStarted(path: "/tmp/r"))
            desk.tell(.sessionEnded(reason: "hung up", code: nil, exit: 0), at: 9_000)
            for _ in 1...7 { _ = await desk.next() }
        }
        let store = try TranscriptStore(at: folder.database, forWriting: false)
        #expect(
            try store.sessions() == [
                ArchivedSession(
                    id: "s", number: 1, startedAt: 1_000, endedAt: 9_000, model: "models/one", reason: "hung up",
                    lineCount: 1, tokenCount: 42, recording: "/tmp/r")
            ])
        let usage = try store.reading {
            try Row.fetchAll($0, sql: "SELECT direction, modality, tokens FROM usage ORDER BY 1").map {
                "\($0["direction"] as String) \($0["modality"] as String) \($0["tokens"] as Int)"
            }
        }
        #expect(usage == ["input AUDIO 38", "output TEXT 4"])
    }

    @Test("a conversation that never came about leaves nothing, not even a file")
    func nothing() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.tell(.sessionConnecting(attempt: 1))
            desk.tell(.error(Problem(code: "refused", message: "no")))
            desk.tell(.sessionEnded(reason: "refused", code: nil, exit: 77))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.database))
    }

    @Test("on a full disk the conversation goes on, is told so once, and everything is written when there is room")
    func fullDisk() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.say(1, "before")
            #expect(await desk.next()?.problem == nil)
            await desk.limit(pages: 1)
            let long = String(repeating: "word ", count: 5_000)
            for turn in 2...6 { desk.say(turn, "\(turn) \(long)") }
            let problem = await desk.next()?.problem
            #expect(problem?.code == "archive.full" && problem?.remedy != nil)
            for _ in 2...6 { #expect(await desk.next()?.problem == nil) }
            await desk.beat()
            await desk.beat(.seconds(2))
            #expect(try lines().map(\.text) == ["before"])
            await desk.limit(pages: 1_000_000)
            await desk.beat(.seconds(4))
            #expect(await desk.next()?.problem?.code == "archive.resumed")
            #expect(try lines().map(\.turn) == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test("what no room is left for in memory is counted, and told when the record goes on")
    func loss() async throws {
        let desk = Desk(folder.database, pending: PendingRecord(mostEntries: 3))
        try await desk.run { () async throws in
            desk.say(1, "before")
            _ = await desk.next()
            await desk.limit(pages: 1)
            let long = String(repeating: "word ", count: 5_000)
            for turn in 2...10 { desk.say(turn, "\(turn) \(long)") }
            for _ in 1...10 { _ = await desk.next() }
            await desk.limit(pages: 1_000_000)
            await desk.beat()
            let told = await desk.next()?.problem
            #expect(told?.code == "archive.resumed" && told?.message.contains("6 lines, and 1 other") == true)
            #expect(try lines().map(\.turn) == [1, 8, 9, 10])
        }
    }

    @Test("what cannot be written to the last is told before the end")
    func lossAtTheEnd() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.say(1, "before")
            _ = await desk.next()
            await desk.limit(pages: 1)
            desk.say(2, String(repeating: "word ", count: 5_000))
        }
        #expect(await desk.next()?.problem?.code == "archive.full")
        _ = await desk.next()
        #expect(await desk.next()?.problem?.code == "archive.lost")
    }

    @Test("a lock of another program is waited for, and is trouble only after five seconds")
    func locked() async throws {
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.say(1, "before")
            _ = await desk.next()
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: folder.database, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            desk.say(2, "during")
            guard case .transcriptFinal = await desk.next() else {
                Issue.record("told too early")
                return
            }
            await desk.beat()
            await desk.beat(.seconds(2))
            await desk.beat(.seconds(4))
            #expect(await desk.next()?.problem?.code == "archive.busy")
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            await desk.beat(.seconds(8))
            #expect(await desk.next()?.problem?.code == "archive.resumed")
            #expect(try lines().map(\.text) == ["before", "during"])
        }
    }

    /// A record as version 2 kept it, which another program holds: bringing it up to date takes until that lets go.
    private func heldOldRecord() throws -> DatabaseQueue {
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        configuration.journalMode = .wal
        let other = try DatabaseQueue(path: folder.database, configuration: configuration)
        try Schema.migrator.migrate(other, upTo: "2")
        try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        return other
    }

    private func letGo(_ other: DatabaseQueue) async throws {
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    }

    private var isUpToDate: Bool {
        get throws { try TranscriptStore(at: folder.database, forWriting: false).reading(Schema.isCurrent) }
    }

    @Test("an older record is brought up to date beside the conversation, which is told if it takes long")
    func upgrade() async throws {
        let other = try heldOldRecord()
        let desk = Desk(folder.database, patience: 600)
        try await desk.run { () async throws in
            desk.say(1, "during")
            #expect(await desk.next()?.name == "transcript.final")
            await desk.beat()
            let told = await desk.next()?.problem
            #expect(told?.code == Archivist.upgrading && told?.remedy != nil)
            await desk.beat()
            desk.say(2, "told once")
            #expect(await desk.next()?.name == "transcript.final")
            #expect(try lines().isEmpty && !isUpToDate)

            try await letGo(other)
            #expect(await desk.next()?.problem?.code == "archive.resumed")
            #expect(try lines().map(\.text) == ["during", "told once"] && isUpToDate)
            desk.say(3, "after")
            _ = await desk.next()
            #expect(try lines().last?.text == "after")
        }
    }

    @Test("a conversation that ends meanwhile waits until its lines are written, and says why")
    func endDuringUpgrade() async throws {
        let other = try heldOldRecord()
        let desk = Desk(folder.database, patience: 600)
        try await desk.run {
            desk.say(1, "last words")
            #expect(await desk.next()?.name == "transcript.final")
        } atEnd: {
            #expect(await desk.next()?.problem?.code == Archivist.upgrading)
            try await letGo(other)
        }
        #expect(try lines().map(\.text) == ["last words"])
        #expect(await desk.next()?.problem?.code == "archive.resumed")
    }

    @Test("a record that cannot be brought up to date now is tried again, and the lines wait")
    func failedUpgrade() async throws {
        let other = try heldOldRecord()
        let desk = Desk(folder.database, patience: 0)
        try await desk.run { () async throws in
            desk.say(1, "kept")
            #expect(await desk.next()?.name == "transcript.final")
            await desk.beat(.seconds(5))
            try await letGo(other)
            await desk.beat(.seconds(30))
            #expect(try lines().map(\.text) == ["kept"] && isUpToDate)
        }
    }

    @Test("a damaged database is set aside, never deleted, and a new one begun")
    func corrupt() async throws {
        let garbage = Data("not a database at all, but somebody's words. ".utf8 + Array(repeating: 7, count: 4096))
        try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
        try garbage.write(to: URL(fileURLWithPath: folder.database))
        let desk = Desk(folder.database)
        let aside = folder.database + ".corrupt-20270115T080000Z"
        try Data("older".utf8).write(to: URL(fileURLWithPath: aside))
        try await desk.run { () async throws in
            desk.say(1, "kept")
            let told = await desk.next()?.problem
            #expect(told?.code == "archive.corrupt" && told?.message.contains(aside + "-2") == true)
            #expect(try lines().map(\.text) == ["kept"])
        }
        #expect(FileManager.default.contents(atPath: aside + "-2") == garbage)
        #expect(FileManager.default.contents(atPath: aside) == Data("older".utf8))
    }

    @Test("a database of a newer version is left alone")
    func newer() async throws {
        try folder.store().writing { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.say(1, "one")
            #expect(await desk.next()?.problem?.code == "archive.newer")
            desk.say(2, "two")
            for _ in 1...2 { #expect(await desk.next()?.name == "transcript.final") }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/data").contains("transcripts.db"))
    }

    @Test("where there can be no file yet, lines wait until there can")
    func noPlace() async throws {
        try Data().write(to: URL(fileURLWithPath: folder.path + "/data"))
        let desk = Desk(folder.database)
        try await desk.run { () async throws in
            desk.say(1, "one")
            #expect(await desk.next()?.problem?.code.hasPrefix("archive.") == true)
            _ = await desk.next()
            try FileManager.default.removeItem(atPath: folder.path + "/data")
            await desk.beat()
            #expect(await desk.next()?.problem?.code == "archive.resumed")
            #expect(try lines().map(\.text) == ["one"])
        }
    }

    @Test("older conversations are deleted in the background, soon after a conversation's begin and every hour")
    func keepingHouse() async throws {
        let day: Int64 = 86_400_000
        try folder.store().add("old", startedAt: 1_800_000_000_000 - 11 * day, ["ancient words"])
        try folder.store().add("young", startedAt: 1_800_000_000_000 - 9 * day, ["words"])
        let desk = Desk(folder.database, keeping: RecordLimits(days: 10))
        let house = Task { await desk.archivist.keepHouse(desk.outer) }
        #expect(await desk.clock.nextNap() == .seconds(5))
        desk.clock.advance(by: .seconds(5))
        #expect(await desk.clock.nextNap() == .seconds(3_600))
        house.cancel()
        let store = try TranscriptStore(at: folder.database, forWriting: false)
        #expect(try store.sessions().map(\.id) == ["young"])
    }

    @Test("a recording that cannot be reached to be deleted is told of once, not every hour")
    func unreachableRecording() async throws {
        let store = try folder.store()
        try store.add("old", startedAt: 1_000, ["ancient words"])
        let recording = folder.path + "/disk/then-old"
        try store.write([
            RecordEntry(session: "old", at: 1_000, startedAt: 1_000, change: .recorded(directory: recording))
        ])
        let desk = Desk(folder.database, keeping: RecordLimits(days: 10))
        let house = Task { await desk.archivist.keepHouse(desk.outer) }
        #expect(await desk.clock.nextNap() == .seconds(5))
        for pause in [Duration.seconds(5), .seconds(3_600)] {
            desk.clock.advance(by: pause)
            #expect(await desk.clock.nextNap() == .seconds(3_600))
        }
        house.cancel()
        await house.value
        desk.outer.finish()
        let told = await desk.next()?.problem
        #expect(told?.code == "archive.unreachable" && told?.message.contains(recording) == true)
        #expect(await desk.next() == nil)
        #expect(try store.sessions().map(\.lineCount) == [0])
    }
}
