import Foundation
import FoundationNetworking
import Testing

@testable import Rehearsal

@Suite("Short-lived tokens", .timeLimit(.minutes(5)))
struct TokenTests {
    private static let now = Date(timeIntervalSince1970: 1_795_435_200)  // 2026-11-23T12:00:00Z

    private func mint(_ store: TokenStore, _ body: String) throws -> String {
        try store.mint(Array(body.utf8), now: Self.now)
    }

    @Test("one use, a minute to begin and half an hour to live are what a token has that nothing was said of")
    func defaults() throws {
        let store = TokenStore()
        let name = try mint(store, "")
        #expect(name.hasPrefix("auth_tokens/"))
        #expect(store.isGood(name, now: Self.now + 1_799))
        #expect(!store.isGood(name, now: Self.now + 1_800))
        #expect(!store.use(name, isNew: true, now: Self.now + 60))
        #expect(store.use(name, isNew: true, now: Self.now + 59))
        #expect(!store.use(name, isNew: true, now: Self.now + 59))
        #expect(!store.isGood("auth_tokens/other", now: Self.now))
    }

    @Test("uses and times are kept to; none means any number")
    func terms() throws {
        let store = TokenStore()
        let twice = try mint(store, #"{"uses": 2, "newSessionExpireTime": "2026-11-23T12:10:00Z"}"#)
        let times = (0..<3).map { _ in store.use(twice, isNew: true, now: Self.now + 599) }
        #expect(times == [true, true, false])
        let ever = try mint(store, #"{"uses": 0, "expireTime": "2026-11-23T14:00:00.500Z"}"#)
        #expect((0..<50).allSatisfy { _ in store.use(ever, isNew: false, now: Self.now + 7_200) })
        #expect(!store.use(ever, isNew: false, now: Self.now + 7_201))
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            #"{"uses": -1}"#, #"{"uses": "many"}"#, #"{"expireTime": "soon"}"#, "[]", "{", #"{"use": 1}"#,
            #"{"expireTime": "2026-11-23T11:00:00Z"}"#, #"{"expireTime": "2026-11-24T12:00:00Z"}"#,
        ])
    func nonsense(body: String) {
        #expect(throws: TokenStore.BadRequest.self) { try mint(TokenStore(), body) }
    }

    @Test(
        "a token opens the constrained method, and a key makes tokens",
        arguments: [("", 403), ("Constrained", 101)])
    func method(suffix: String, status: Int) async throws {
        let answered = try await withService {
            $0.requiredKey = "right"
        } _: { url in
            let name = try await Self.mint(url, key: "right")
            do {
                _ = try await LiveClient.connect(
                    url, path: LiveClient.path + suffix, headers: ["Authorization": "Token \(name)"])
                return 101
            } catch let refused as LiveClient.Refused {
                return refused.status
            }
        }
        #expect(answered == status)
    }

    /// - Returns: the new token's name, or what came back instead.
    private static func mint(_ url: String, key: String) async throws -> String {
        var request = URLRequest(url: URL(string: url.replacing("ws:", with: "http:") + "/v1alpha/auth_tokens")!)
        request.httpMethod = "POST"
        request.httpBody = Data(#"{"uses": 1}"#.utf8)
        request.setValue(key, forHTTPHeaderField: "x-goog-api-key")
        let (body, _) = try await URLSession.shared.data(for: request)
        let answer = try JSONReader.read(Array(body))
        return answer["name"]?.string ?? String(decoding: body, as: UTF8.self)
    }
}
