import LiveProtocol
import LiveTransport
import TestKit
import Testing

@Suite("The HTTP client", .timeLimit(.minutes(5)))
struct HTTPTests {
    let client = HTTPClient()

    static func answer(_ peer: PeerConnection, _ head: String, _ body: String) throws {
        try peer.socket.write(Array("HTTP/1.1 \(head)\r\n\r\n\(body)".utf8))
    }

    @Test(
        "gets an answer with its status, its headers and its body, whatever says where it ends",
        arguments: [
            ("200 OK\r\nContent-Type: application/json\r\nContent-Length: 13", #"{"models":[]}"#),
            (
                "200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked",
                "5\r\n{\"mod\r\n8\r\nels\":[]}\r\n0\r\n\r\n"
            ),
            ("200 OK\r\nContent-Type: application/json", #"{"models":[]}"#),
        ])
    func get(head: String, body: String) async throws {
        let peer = try ScriptedPeer { try Self.answer($0, head, body) }
        let response = try await client.send(
            .get, to: .local(peer.port, path: "/v1beta/models?pageSize=1000", headers: [.init("x-goog-api-key", "k")]))
        #expect(response == .init(status: 200, contentType: "application/json", body: Array(#"{"models":[]}"#.utf8)))
        #expect(peer.heads[0].hasPrefix("GET /v1beta/models?pageSize=1000 HTTP/1.1\r\n"))
        #expect(peer.heads[0].contains("x-goog-api-key: k"))
        #expect(!peer.heads[0].contains("Upgrade"))
    }

    @Test("posts a body", arguments: [0, 10, 100_000])
    func post(count: Int) async throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let peer = try ScriptedPeer { peer in
            let length = peer.header("Content-Length").flatMap { Int($0) } ?? -1
            try Self.answer(peer, "200 OK\r\nContent-Length: 4", try peer.readBody(length) == body ? "same" : "not!")
        }
        let response = try await client.send(
            .post(body: body, contentType: "application/json"), to: .local(peer.port, path: "/v1beta/auth_tokens"))
        #expect(response.body == Array("same".utf8))
        #expect(peer.heads[0].hasPrefix("POST /v1beta/auth_tokens HTTP/1.1\r\n"))
        #expect(peer.heads[0].contains("Content-Type: application/json"))
    }

    @Test("hands over refusals like any answer")
    func refusal() async throws {
        let peer = try ScriptedPeer { try Self.answer($0, "429 Slow\r\nRetry-After: 7\r\nContent-Length: 5", "quota") }
        let response = try await client.send(.get, to: .local(peer.port))
        #expect(response == .init(status: 429, retryAfter: "7", body: Array("quota".utf8)))
    }

    @Test("speaks TLS, and refuses whom it cannot trust")
    func secure() async throws {
        let peer = try ScriptedPeer { try Self.answer($0, "200 OK\r\nContent-Length: 2", "ok") }
        let terminator = try TLSTerminator(to: peer.port)
        var endpoint = Endpoint(host: "localhost", port: terminator.port, isSecure: true, path: "/")
        await #expect { try await client.send(.get, to: endpoint) } throws: { ($0 as? Disconnection)?.cause == .tls }
        endpoint.caFile = try TestCertificates.shared.get().authority
        #expect(try await client.send(.get, to: endpoint).body == Array("ok".utf8))
    }

    @Test("takes no more than the longest body it was told of")
    func tooLong() async throws {
        let peer = try ScriptedPeer { try Self.answer($0, "200 OK\r\nContent-Length: 5", "12345") }
        await #expect { try await client.send(.get, to: .local(peer.port), longestBody: 4) } throws: {
            ($0 as? Disconnection)?.cause == .protocolError(code: 1009)
        }
    }

    @Test("says .lost when the answer breaks off, and .unreachable when nobody listens")
    func failures() async throws {
        let peer = try ScriptedPeer { try Self.answer($0, "200 OK\r\nContent-Length: 50", "12345") }
        await #expect { try await client.send(.get, to: .local(peer.port)) } throws: {
            ($0 as? Disconnection)?.cause == .lost
        }
        await #expect { try await client.send(.get, to: .local(try Listener.closedPort())) } throws: {
            ($0 as? Disconnection)?.cause == .unreachable
        }
    }

    @Test("gives up when its task is cancelled")
    func cancelled() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let peer = try ScriptedPeer { peer in
            arrival.yield()
            _ = try peer.socket.read()
        }
        let task = Task { try await client.send(.get, to: .local(peer.port)) }
        var iterator = arrivals.makeAsyncIterator()
        await iterator.next()
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? Disconnection)?.cause == .closedHere }
    }
}
