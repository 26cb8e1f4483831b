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
