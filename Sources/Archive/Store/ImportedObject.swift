import Events
import Foundation

/// One object of a file that is imported; which members it must have depends on its type.
struct ImportedObject: Decodable {
    var type: String
    var id: String?
    var startedAt: String?
    var endedAt: String?
    var model: String?
    var reason: String?
    var recording: String?
    var tokens: Int?
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
    var at: String?
    var name: String?
    var resumed: Bool?
    var heardMilliseconds: Int?
    var direction: String?
    var modality: String?
    var path: String?
    var mimeType: String?

    /// - Throws: `.badInput`, as the rest here, in words that go on after “Cannot import line 3: ”.
    static func parsing(_ text: String) throws(ArchiveError) -> ImportedObject {
        do {
            return try JSONDecoder().decode(ImportedObject.self, from: Data(text.utf8))
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            throw mistake("“\(context.codingPath[0].stringValue)” is of another kind than expected")
        } catch DecodingError.keyNotFound(let key, _) {
            throw mistake("it has no “\(key.stringValue)”")
        } catch {
            throw mistake("it is no JSON object")
        }
    }

    static func mistake(_ what: String) -> ArchiveError { ArchiveError(.badInput, what) }

    /// A member that must be there.
    static func needed<Value>(_ value: Value?, _ name: String) throws(ArchiveError) -> Value {
        guard let value else { throw mistake("it has no “\(name)”") }
        return value
    }

    /// - Returns: milliseconds since 1970; nil where there is no such member.
    static func time(_ text: String?, _ name: String) throws(ArchiveError) -> Int64? {
        guard let text else { return nil }
        guard let time = ISOTime.milliseconds(text) else { throw mistake("“\(name)” is no time: \(text)") }
        return time
    }

    static func neededTime(_ text: String?, _ name: String) throws(ArchiveError) -> Int64 {
        try needed(try time(text, name), name)
    }

    func party() throws(ArchiveError) -> Party {
        guard let party = Party(rawValue: try Self.needed(speaker, "speaker")) else {
            throw Self.mistake("“speaker” is neither user nor model")
        }
        return party
    }
}
