import Events
import Foundation
import GRDB

/// What an import changed.
package struct ImportReport: Sendable, Equatable {
    package var sessions = 0
    package var lines = 0
    /// Lines and sessions that were there already, and stayed as they were.
    package var known = 0
}

extension TranscriptStore {
    /// Takes over what another record exported as JSON lines: a `session` object, then its `line` objects, and so on.
    ///
    /// What is there already stays as it is, so importing twice changes nothing. Unknown members, and objects of other
    /// types, are passed over: a newer version may write more.
    ///
    /// - Parameter lines: without their line ends; empty ones are passed over.
    /// - Throws: `.badInput` with the line's number, after which nothing of it was imported.
    package func `import`(_ lines: some Sequence<String>) throws(ArchiveError) -> ImportReport {
        let report = try writing { database in
            var importing = Importing(database: database)
            for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
                do throws(ArchiveError) {
                    try importing.take(line)
                } catch {
                    guard error.code == .badInput else { throw error }
                    throw ArchiveError(
                        .badInput, "Cannot import line \(index + 1): \(error.message).",
                        remedy: "Import what `vivavoce transcripts export --format jsonl` wrote; nothing was imported.")
                }
            }
            return importing.report
        }
        // A large log would stay that large. Who reads it now keeps it for a while; that is no failure.
        _ = try? truncateLog()
        return report
    }
}

/// An import under way, inside of its transaction.
private struct Importing {
    /// One object of a file; which members it must have depends on its type.
    private struct Object: Decodable {
        var type: String
        var id: String?
        var startedAt: String?
        var endedAt: String?
        var model: String?
        var reason: String?
        var recording: String?
        var session: String?
        var turn: Int?
        var speaker: String?
        var language: String?
        var begin: String?
        var end: String?
        var text: String?
        var heard: String?
        var source: String?
        var final: Bool?
        var marks: [[Int]]?
    }

    let database: Database
    var report = ImportReport()
    /// Numbers of the sessions in this file.
    private var numbers: [String: Int64] = [:]

    init(database: Database) { self.database = database }

    mutating func take(_ text: String) throws(ArchiveError) {
        let object: Object
        do {
            object = try JSONDecoder().decode(Object.self, from: Data(text.utf8))
        } catch {
            throw Self.mistake(Self.words(for: error))
        }
        do {
            switch object.type {
            case "session": try takeSession(object)
            case "line": try takeLine(object)
            default: break
            }
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw ArchiveError(error, at: "this place", doing: "change")
        }
    }

    private mutating func takeSession(_ object: Object) throws {
        let id = try Self.member(object.id, "id")
        guard !id.isEmpty else { throw Self.mistake("“id” is empty") }
        try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO sessions (id, startedAt, endedAt, model, reason, recording)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            id, try Self.time(Self.member(object.startedAt, "startedAt"), "startedAt"),
            try object.endedAt.map { try Self.time($0, "endedAt") }, object.model, object.reason, object.recording,
        ])
        if database.changesCount == 1 { report.sessions += 1 } else { report.known += 1 }
        numbers[id] = try Int64.fetchOne(database, sql: "SELECT number FROM sessions WHERE id = ?", arguments: [id])
    }

    private mutating func takeLine(_ object: Object) throws {
        let id = try Self.member(object.session, "session")
        guard let number = numbers[id] else { throw Self.mistake("no session “\(id)” came before it") }
        guard let speaker = Party(rawValue: try Self.member(object.speaker, "speaker")) else {
            throw Self.mistake("“speaker” is neither user nor model")
        }
        guard let source = ArchivedLine.Source(rawValue: object.source ?? ArchivedLine.Source.speech.rawValue) else {
            throw Self.mistake("“source” is neither speech nor typed")
        }
        let begin = try Self.time(Self.member(object.begin, "begin"), "begin")
        let end = try object.end.map { try Self.time($0, "end") } ?? begin
        let marks = try (object.marks ?? []).map { pair in
            guard pair.count == 2 else { throw Self.mistake("“marks” are pairs of characters and milliseconds") }
            return TextMark(characters: pair[0], milliseconds: pair[1])
        }
        try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO lines
                    (session, turn, speaker, language, beginAt, endAt, text, heard, source, isFinal, marks)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            number, try Self.member(object.turn, "turn"), speaker.rawValue, object.language, begin, end,
            try Self.member(object.text, "text"), object.heard, source.rawValue, object.final ?? true,
            MarkText.text(of: marks),
        ])
        if database.changesCount == 1 { report.lines += 1 } else { report.known += 1 }
    }

    private static func member<Value>(_ value: Value?, _ name: String) throws(ArchiveError) -> Value {
        guard let value else { throw mistake("it has no “\(name)”") }
        return value
    }

    private static func time(_ text: String, _ name: String) throws(ArchiveError) -> Int64 {
        guard let time = ISOTime.milliseconds(text) else { throw mistake("“\(name)” is no time: \(text)") }
        return time
    }

    private static func mistake(_ what: String) -> ArchiveError { ArchiveError(.badInput, what) }

    private static func words(for error: any Error) -> String {
        switch error {
        case DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty:
            "“\(context.codingPath[0].stringValue)” is of another kind than expected"
        case DecodingError.keyNotFound(let key, _): "it has no “\(key.stringValue)”"
        default: "it is no JSON object"
        }
    }
}
