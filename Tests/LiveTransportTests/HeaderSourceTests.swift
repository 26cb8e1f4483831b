import LiveProtocol
import LiveTransport
import Synchronization
import TestKit
import Testing

@Suite("Headers that are asked for", .timeLimit(.minutes(5)))
struct HeaderSourceTests {
    private final class Count: Sendable {
        private let count = Atomic<Int>(0)

        func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    }

    @Test("each connection is dialled with headers of its own, beside the endpoint's (pitfall 9)")
    func eachItsOwn() async throws {
        let asked = Count()
        let peer = try ScriptedPeer { try $0.refuse("503 Service Unavailable", body: "") }
        let transport = WebSocketTransport { tell in
            tell(.success([Endpoint.Header("Authorization", "Token auth_tokens/\(asked.next())")]))
        }
        for number in 1...2 {
            let witness = Witness()
            _ = transport.open(.local(peer.port, headers: [.init("X-Own", "yes")]), handler: witness)
            _ = try await witness.end()
            #expect(peer.heads[number - 1].contains("Authorization: Token auth_tokens/\(number)"))
            #expect(peer.heads[number - 1].contains("X-Own: yes"))
        }
    }

    @Test("without them nobody is dialled, and the connection ends as they say, once")
    func failure() async throws {
        let peer = try ScriptedPeer { try $0.accept() }
        let reason = Disconnection(.noCredential(.refused), detail: "the broker said no")
        let transport = WebSocketTransport { $0(.failure(reason)) }
        let witness = Witness()
        let connection = transport.open(.local(peer.port), handler: witness)
        #expect(try await witness.end() == reason)
        #expect(!connection.send([1]))
        #expect(peer.heads.isEmpty)
    }

    @Test("a connection that is abandoned while they are awaited ends when they have come")
    func abandoned() async throws {
        let peer = try ScriptedPeer { try $0.accept() }
        let (asking, asked) = AsyncStream.makeStream(of: (@Sendable () -> Void).self)
        let transport = WebSocketTransport { tell in asked.yield { tell(.success([])) } }
        let witness = Witness()
        let connection = transport.open(.local(peer.port), handler: witness)
        connection.abandon()
        var iterator = asking.makeAsyncIterator()
        let tell = try #require(await iterator.next())
        tell()
        #expect(try await witness.end().cause == .closedHere)
        #expect(peer.heads.isEmpty)
    }
}
