/// Why the service closes a connection: a WebSocket close code and the words that go with it.
///
/// Codes and wording follow what clients of the real service report: 1007 for a message that is not accepted, 1008 for
/// a model or session that does not exist, 1011 for the service's own failures.
struct Refusal: Error, Equatable, Sendable {
    let code: UInt16
    let reason: String

    init(code: UInt16, reason: String) {
        self.code = code
        self.reason = reason
    }

    static let invalidArgument = invalid("Request contains an invalid argument.")
    static let sessionNotFound = Refusal(code: 1008, reason: "BidiGenerateContent session not found")
    static let tokenUsedUp = Refusal(code: 1008, reason: "The auth token has expired or has no use left")
    static let deadlineExpired = Refusal(code: 1011, reason: "Deadline expired before operation could complete.")
    static let internalError = Refusal(code: 1011, reason: "Internal error encountered.")

    static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(code: 1009, reason: "Message is larger than \(limit) bytes.")
    }

    static func invalid(_ reason: String) -> Refusal {
        Refusal(code: 1007, reason: reason)
    }

    static func unknownName(_ name: String, at path: String) -> Refusal {
        let place = path.isEmpty ? "" : " at '\(path)'"
        return invalid("Invalid JSON payload received. Unknown name \"\(name)\"\(place): Cannot find field.")
    }

    static func wrongValue(at path: String, expected: String) -> Refusal {
        invalid("Invalid value at '\(path)' (\(expected)).")
    }

    static func unknownModel(_ model: String, version: String) -> Refusal {
        let words = "is not found for API version \(version), or is not supported for bidiGenerateContent."
        return Refusal(code: 1008, reason: "\(model) \(words) Call ListModels to see the available models.")
    }
}
