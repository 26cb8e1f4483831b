import Events
import GRDB

/// An import under way, inside of its transaction.
struct Importing {
    let database: Database
    private(set) var report = ImportReport()
    /// Whether a line came that began before others, so that numbers are not in the order of times any more.
    private(set) var isDisordered = false

    /// Numbers of the sessions in this file.
    private var numbers: [String: Int64] = [:]
    /// Of these, the sessions of which nothing but lines was kept before.
    private var bare: Set<String> = []
    /// When the last of all lines began.
    private var newest: Int64?

    init(database: Database) throws {
        self.database = database
        newest = try Int64.fetchOne(database, sql: "SELECT max(beginAt) FROM lines")
    }

    /// Takes one object of the file.
    mutating func take(_ text: String) throws(ArchiveError) {
        let object = try ImportedObject.parsing(text)
        do {
            switch object.type {
            case "session": try takeSession(object)
            case "line": try takeLine(object)
            case "connection": try takeConnection(object)
            case "turn": try takeTurn(object)
            case "usage": try takeUsage(object)
            case "event": try takeEvent(object, text)
            case "artifact": try takeArtifact(object)
            default: break
            }
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw ArchiveError(error, at: "this place", doing: "change")
        }
    }

    private func run(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws {
        try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    /// Whether the statement before added something.
    private var isAdded: Bool { database.changesCount == 1 }

    private func number(for object: ImportedObject) throws(ArchiveError) -> Int64 {
        let id = try ImportedObject.needed(object.session, "session")
        guard let number = numbers[id] else { throw ImportedObject.mistake("no session “\(id)” came before it") }
        return number
    }

    private mutating func takeSession(_ object: ImportedObject) throws {
        let id = try ImportedObject.needed(object.id, "id")
        guard !id.isEmpty else { throw ImportedObject.mistake("“id” is empty") }
        try run(
            """
            INSERT OR IGNORE INTO sessions (id, startedAt, endedAt, model, reason, recording, tokenCount)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, id, try ImportedObject.neededTime(object.startedAt, "startedAt"),
            try ImportedObject.time(object.endedAt, "endedAt"), object.model, object.reason, object.recording,
            object.tokens ?? 0)
        if isAdded { report.sessions += 1 } else { report.known += 1 }
        let number = try Int64.fetchOne(database, sql: "SELECT number FROM sessions WHERE id = ?", arguments: [id])
        if numbers[id] == nil, let number, try isBare(number) { bare.insert(id) }
        numbers[id] = number
    }

    private func isBare(_ number: Int64) throws -> Bool {
        let some = ["connections", "turns", "usage", "events", "artifacts"]
            .map { "SELECT 1 FROM \($0) WHERE session = ?1" }.joined(separator: " UNION ALL ")
        let search = try database.cachedStatement(sql: "SELECT NOT EXISTS (\(some))")
        return try Bool.fetchOne(search, arguments: [number]) ?? false
    }

    private mutating func takeLine(_ object: ImportedObject) throws {
        let number = try number(for: object)
        let speaker = try object.party()
        guard let source = ArchivedLine.Source(rawValue: object.source ?? ArchivedLine.Source.speech.rawValue) else {
            throw ImportedObject.mistake("“source” is neither speech nor typed")
        }
        let begin = try ImportedObject.neededTime(object.begin, "begin")
        let marks = try (object.marks ?? []).map { pair in
            guard pair.count == 2 else {
                throw ImportedObject.mistake("“marks” are pairs of characters and milliseconds")
            }
            return TextMark(characters: pair[0], milliseconds: pair[1])
        }
        try run(
            """
            INSERT OR IGNORE INTO lines
                (session, turn, speaker, language, beginAt, endAt, text, heard, source, isFinal, marks)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, number, try ImportedObject.needed(object.turn, "turn"), speaker.rawValue, object.language, begin,
            try ImportedObject.time(object.end, "end") ?? begin, try ImportedObject.needed(object.text, "text"),
            object.heard, source.rawValue, object.final ?? true, MarkText.text(of: marks))
        guard isAdded else {
            report.known += 1
            return
        }
        report.lines += 1
        if let newest, begin < newest - LineOrder.tolerance { isDisordered = true }
        newest = max(newest ?? begin, begin)
    }

    // MARK: What is kept beside lines, and has no number of its own: taken where there is none yet

    /// - Returns: the session's number; nil where it is to stay as it is.
    private func bareNumber(for object: ImportedObject) throws(ArchiveError) -> Int64? {
        let number = try number(for: object)
        return object.session.map(bare.contains) ?? false ? number : nil
    }

    private func takeConnection(_ object: ImportedObject) throws {
        let at = try ImportedObject.neededTime(object.at, "at")
        let model = try ImportedObject.needed(object.model, "model")
        guard let number = try bareNumber(for: object) else { return }
        try run(
            "INSERT INTO connections (session, at, model, isResumed) VALUES (?, ?, ?, ?)", number, at, model,
            object.resumed ?? false)
    }

    private func takeTurn(_ object: ImportedObject) throws {
        let turn = try ImportedObject.needed(object.turn, "turn")
        let speaker = try object.party()
        let startedAt = try ImportedObject.neededTime(object.startedAt, "startedAt")
        let endedAt = try ImportedObject.time(object.endedAt, "endedAt")
        guard let number = try bareNumber(for: object) else { return }
        try run(
            """
            INSERT OR IGNORE INTO turns (session, turn, speaker, startedAt, endedAt, reason, heardMilliseconds)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, number, turn, speaker.rawValue, startedAt, endedAt, object.reason, object.heardMilliseconds)
    }

    private func takeUsage(_ object: ImportedObject) throws {
        let direction = try ImportedObject.needed(object.direction, "direction")
        let modality = try ImportedObject.needed(object.modality, "modality")
        let tokens = try ImportedObject.needed(object.tokens, "tokens")
        guard let number = try bareNumber(for: object) else { return }
        try run(
            "INSERT OR IGNORE INTO usage (session, direction, modality, tokens) VALUES (?, ?, ?, ?)", number, direction,
            modality, tokens)
    }

    /// - Parameter text: all of the object, for the event in it is kept as it was written.
    private func takeEvent(_ object: ImportedObject, _ text: String) throws {
        let at = try ImportedObject.neededTime(object.at, "at")
        let name = try ImportedObject.needed(object.name, "name")
        let json = try ImportedObject.needed(JSONText.member("event", of: text), "event")
        guard let number = try bareNumber(for: object) else { return }
        try run("INSERT INTO events (session, at, name, json) VALUES (?, ?, ?, ?)", number, at, name, json)
    }

    private func takeArtifact(_ object: ImportedObject) throws {
        let at = try ImportedObject.neededTime(object.at, "at")
        let path = try ImportedObject.needed(object.path, "path")
        let mimeType = try ImportedObject.needed(object.mimeType, "mimeType")
        guard let number = try bareNumber(for: object) else { return }
        try run(
            "INSERT INTO artifacts (session, at, path, mimeType) VALUES (?, ?, ?, ?)", number, at, path, mimeType)
    }
}
