import Foundation
import Synchronization

/// Short-lived tokens that were made of a key, by name. Shared by all connections of a service; lost when it ends.
final class TokenStore: Sendable {
    private struct Token {
        /// Nil: any number.
        var usesLeft: Int?
        let end: Date
        let startBy: Date
    }

    private let tokens = Mutex<[String: Token]>([:])

    /// What was asked for is not what may be asked for.
    struct BadRequest: Error, Equatable {
        let message: String
    }

    /// Makes one. Without words about it: one use, a minute to begin, half an hour to live.
    ///
    /// - Parameter request: the body of `POST …/auth_tokens`.
    /// - Returns: its name, which is the secret.
    func mint(_ request: [UInt8], now: Date) throws(BadRequest) -> String {
        let uses: Int
        let end: Date
        let startBy: Date
        do throws(Refusal) {
            let json = request.isEmpty ? JSON.object([]) : try Self.json(request)
            let fields = try Fields(
                json, at: "",
                names: ["uses", "expireTime", "newSessionExpireTime", "bidiGenerateContentSetup", "fieldMask"])
            uses = try fields.integer("uses") ?? 1
            end = try Self.date(try fields.string("expireTime")) ?? now + 1_800
            startBy = try Self.date(try fields.string("newSessionExpireTime")) ?? now + 60
        } catch {
            throw BadRequest(message: error.reason)
        }
        guard uses >= 0, end > now, startBy > now, max(end, startBy) < now + 72_000 else {
            throw BadRequest(message: "Request contains an invalid argument.")
        }
        let name = "auth_tokens/" + (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
        let token = Token(usesLeft: uses == 0 ? nil : uses, end: end, startBy: startBy)
        tokens.withLock { $0[name] = token }
        return name
    }

    private static func json(_ bytes: [UInt8]) throws(Refusal) -> JSON {
        guard let json = try? JSONReader.read(bytes) else { throw .invalidArgument }
        return json
    }

    private static func date(_ text: String?) throws(Refusal) -> Date? {
        guard let text else { return nil }
        let styles = [
            Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle(),
        ]
        for style in styles { if let date = try? Date(text, strategy: style) { return date } }
        throw .invalidArgument
    }

    /// Whether it is one of ours that may still open connections.
    func isGood(_ name: String, now: Date) -> Bool {
        tokens.withLock { $0[name].map { now < $0.end } ?? false }
    }

    /// Takes a use of it for a session.
    ///
    /// - Parameter isNew: a session that is resumed may begin after the token's minute.
    /// - Returns: whether there was one left; true for what is no token of ours, which was let in for other reasons.
    func use(_ name: String, isNew: Bool, now: Date) -> Bool {
        tokens.withLock { tokens in
            guard let token = tokens[name] else { return true }
            guard now < (isNew ? token.startBy : token.end), token.usesLeft != 0 else { return false }
            tokens[name]?.usesLeft? -= 1
            return true
        }
    }
}
