import Events
import Foundation
import Testing

@testable import Archive

@Suite("A record of another machine is imported", .timeLimit(.minutes(5)))
struct StoreImportTests {
    let folder: StoreFolder
    let store: TranscriptStore

    init() throws {
        folder = try StoreFolder()
        store = try folder.store()
    }

    private let session = #"""
        {"type":"session","id":"s1","startedAt":"2026-11-23T12:00:00.123Z","endedAt":"2026-11-23T12:10:00.000Z","model":"m","reason":"hung up","recording":"/r","later":[1]}
        """#
    private let line = #"""
        {"type":"line","session":"s1","turn":3,"speaker":"model","language":"de","begin":"2026-11-23T12:01:00.000Z","end":"2026-11-23T12:01:02.500Z","text":"eins zwei drei","heard":"eins zwei","source":"typed","final":false,"marks":[[4,300],[9,800]]}
        """#

    @Test("all of it comes over, and a second time changes nothing")
    func whole() throws {
        let other = #"{"type":"session","id":"s2","startedAt":"2026-11-23T13:00:00+01:00"}"#
        let short =
            #"{"session":"s2","type":"line","turn":1,"speaker":"user","begin":"2026-11-23T12:00:01Z","text":"hi"}"#
        let file = [session, line, "", #"{"type":"weather"}"#, other, short]
        #expect(try store.import(file) == ImportReport(sessions: 2, lines: 2, known: 0))
        let first = ArchivedSession(
            id: "s1", number: 1, startedAt: 1_795_435_200_123, endedAt: 1_795_435_800_000, model: "m",
            reason: "hung up", lineCount: 1, recording: "/r")
        #expect(try store.session(named: "s1") == first)
        #expect(
            try store.lines(of: "s1") == [
                ArchivedLine(
                    id: 1, session: "s1", turn: 3, speaker: .model, language: "de", begin: 1_795_435_260_000,
                    end: 1_795_435_262_500, text: "eins zwei drei", heard: "eins zwei", source: .typed, isFinal: false,
                    marks: [.init(characters: 4, milliseconds: 300), .init(characters: 9, milliseconds: 800)])
            ])
        #expect(try store.session(named: "s2").startedAt == 1_795_435_200_000)
        #expect(try store.lines(of: "s2").map(\.end) == [1_795_435_201_000])
        #expect(try store.search(LineSearch("zwei")).count == 1)

        #expect(try store.import(file) == ImportReport(sessions: 0, lines: 0, known: 4))
        #expect(try store.session(named: "s1") == first)
    }

    /// A conversation with something of everything that is kept.
    private func fill(_ store: TranscriptStore) throws {
        let start: Int64 = 1_795_435_200_123
        func spoken(_ turn: Int, _ speaker: Party, _ text: String, heard: String? = nil) -> RecordEntry.Change {
            let line = TranscriptLine(
                turn: turn, speaker: speaker, text: text, language: "de", heard: heard,
                marks: [TextMark(characters: 2, milliseconds: 200)])
            return .line(line, begin: start + Int64(turn) * 900, end: start + Int64(turn) * 950, isFinal: true)
        }
        let event = Event(
            at: start + 5, session: "full", .grounding(#"{"query" : "caf\u00e9 — 京\u2028", "n":[1.50, {"a":null}]}"#))
        let changes: [RecordEntry.Change] = [
            .connected(model: "models/one", isResumed: false), .turnStarted(turn: 1, speaker: .user),
            spoken(1, .user, "wie spät ist es"),
            .turnEnded(turn: 1, speaker: .user, reason: "answered", heardMilliseconds: nil),
            .turnStarted(turn: 2, speaker: .model),
            spoken(2, .model, "es ist zwölf, sagt die Uhr", heard: "es ist zwölf"),
            .turnEnded(turn: 2, speaker: .model, reason: "interrupted", heardMilliseconds: 812),
            .used(.init(input: ["audio": 12, "text": 3], output: ["audio": 40], total: 57)),
            .happened(name: event.body.name, json: event.json),
            .artifact(path: "/r/full/artifacts/1.png", mimeType: "image/png"),
            .connected(model: "models/two", isResumed: true), .turnStarted(turn: 3, speaker: .user),
            .recorded(directory: "/r/then-full"), .ended(reason: "hung up"),
        ]
        try store.write(
            changes.enumerated().map { index, change in
                RecordEntry(session: "full", at: start + Int64(index), startedAt: start, change: change)
            })
    }

    private func exported(_ format: ExportFormat, from store: TranscriptStore) throws -> String {
        var exporter = Exporter(format)
        let sessions = try store.sessions().map { session in
            exporter.add(session, try store.lines(of: session.id), try store.details(of: session.id))
        }
        return exporter.begin() + sessions.joined() + exporter.end()
    }

    @Test("what was exported from one record comes out of another the same, to the byte, in every form")
    func roundTrip() throws {
        try fill(store)
        let file = try exported(.jsonl, from: store).split(separator: "\n").map(String.init)
        #expect(file.count == 1 + 2 + 2 + 3 + 3 + 1 + 1)
        #expect(file.contains { $0.contains(#""type":"event""#) && $0.contains(#""n":[1.50,{"a":null}]"#) })
        let other = try StoreFolder()
        let copy = try other.store()
        try copy.add("mine", startedAt: 1_000, ["before"])
        #expect(try copy.delete(["mine"], now: 1_800_000_000_000).sessions == ["mine"])
        for count in [ImportReport(sessions: 1, lines: 2), ImportReport(known: 3)] {
            #expect(try copy.import(file) == count)
            for format in ExportFormat.allCases {
                #expect(try exported(format, from: copy) == exported(format, from: store), "\(format)")
            }
        }
        var (kept, original) = (try copy.session(named: "full"), try store.session(named: "full"))
        // A conversation's number is the record's own.
        #expect((original.number, kept.number) == (1, 2))
        (kept.number, original.number) = (0, 0)
        #expect(kept == original && kept.tokenCount == 57)
    }

    @Test("what an older version exported is completed by what a newer one did, and nothing that is there is changed")
    func completion() throws {
        try fill(store)
        let file = try exported(.jsonl, from: store).split(separator: "\n").map(String.init)
        let old = file.filter { $0.contains(#""type":"session""#) || $0.contains(#""type":"line""#) }
        let other = try StoreFolder()
        let copy = try other.store()
        _ = try copy.import(old)
        #expect(try copy.details(of: "full") == ArchivedDetails() && copy.lines(of: "full").count == 2)
        _ = try copy.import(file)
        #expect(try copy.details(of: "full") == store.details(of: "full"))
        _ = try copy.import([session.replacing("s1", with: "full"), line.replacing("s1", with: "full")])
        #expect(try copy.details(of: "full") == store.details(of: "full"))
    }

    @Test(
        "a mistake is named with its line, and nothing is imported",
        arguments: [
            ("not json", "no JSON object"), ("[1]", "no JSON object"), ("{}", "no “type”"),
            (#"{"type":"session"}"#, "no “id”"), (#"{"type":"session","id":"x"}"#, "no “startedAt”"),
            (#"{"type":"session","id":"","startedAt":"2026-01-01"}"#, "empty"),
            (#"{"type":"session","id":"x","startedAt":"yesterday"}"#, "“startedAt” is no time"),
            (#"{"type":"session","id":7,"startedAt":"2026-01-01"}"#, "“id” is of another kind"),
            (#"{"type":"line","session":"nobody"}"#, "no session “nobody”"),
            (#"{"type":"line","session":"s1","speaker":"cat"}"#, "neither user nor model"),
            (#"{"type":"line","session":"s1","speaker":"user","turn":1,"begin":"2026-01-01"}"#, "no “text”"),
            (
                #"{"type":"line","session":"s1","speaker":"user","turn":1,"begin":"2026-01-01","text":"","marks":[[1]]}"#,
                "pairs"
            ),
            (#"{"type":"connection","session":"s1","at":"2026-01-01"}"#, "no “model”"),
            (#"{"type":"turn","session":"s1","turn":1,"speaker":"cat"}"#, "neither user nor model"),
            (#"{"type":"usage","session":"nobody","direction":"input","modality":"text","tokens":1}"#, "no session"),
            (#"{"type":"usage","session":"s1","direction":"input","modality":"text","tokens":"1"}"#, "another kind"),
            (#"{"type":"event","session":"s1","at":"2026-01-01","name":"code"}"#, "no “event”"),
            (#"{"type":"event","session":"s1","at":"then","name":"code","event":1}"#, "“at” is no time"),
            (#"{"type":"artifact","session":"s1","at":"2026-01-01","path":"/a"}"#, "no “mimeType”"),
        ])
    func mistakes(text: String, words: String) throws {
        let error = #expect(throws: ArchiveError.self) { try store.import([session, line, text]) }
        #expect(error?.code == .badInput)
        #expect(error?.message.hasPrefix("Cannot import line 3: ") == true && error?.message.contains(words) == true)
        #expect(try store.sessions().isEmpty)
    }

    @Test(
        "times are read as ISO 8601 writes them",
        arguments: [
            ("2026-11-23T12:00:00.123Z", 1_795_435_200_123), ("2026-11-23T12:00:00.1239999Z", 1_795_435_200_123),
            ("2026-11-23T12:00:00.1+00:00", 1_795_435_200_100), ("2026-11-23 07:00-0500", 1_795_435_200_000),
            ("1969-12-31T23:59:59.500Z", -500), ("2026-02-29", nil), ("2026-11-23T", nil),
            ("2026-11-23T12:00:00.Z", nil),
            ("2026-11-23T12:60Z", nil), ("", nil), ("2026-11-23T12:00Zx", nil), ("2026-11-23T12:00+", nil),
        ] as [(String, Int64?)])
    func times(text: String, milliseconds: Int64?) {
        #expect(ISOTime.milliseconds(text) == milliseconds)
        if let milliseconds { #expect(ISOTime.milliseconds(Timestamp.iso8601(milliseconds)) == milliseconds) }
    }
}
