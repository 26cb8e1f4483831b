import LiveProtocol
import LiveTransport
import TestKit
import Testing

@Suite("An attempt that comes to nothing", .timeLimit(.minutes(5)))
struct RefusalTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    @Test(
        "a refused upgrade gives status and body, after exactly one request (pitfall 14)",
        arguments: [
            "401 Unauthorized", "403 Forbidden", "429 Too Many Requests", "503 Service Unavailable", "302 Found",
        ])
    func refused(status: String) async throws {
        let body = #"{"error": {"message": "You exceeded your current quota"}}"#
        let peer = try ScriptedPeer {
            try $0.refuse(status, headers: ["Location: http://127.0.0.1:9/"], body: body + "\n")
        }
        let connection = transport.open(.local(peer.port), handler: witness)
        let end = try await witness.end()
        let code = try #require(Int(status.prefix(3)))
        #expect(end.cause == .upgradeRefused(status: code, body: body))
        #expect(end.detail.contains(status.prefix(3)) && end.detail.contains("quota"))
        #expect(peer.heads.count == 1)
        #expect(!connection.send([1]))
    }

    @Test("a key that the service quotes back is not passed on (pitfall 17b)")
    func quotedKey() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.refuse("401 Unauthorized", body: "no such key: \(peer.header("x-goog-api-key") ?? "")")
        }
        let headers: [Endpoint.Header] = [
            .init("x-goog-api-key", "AIzaVerySecret"), .init("Authorization", "Token ya29.abcdefgh"),
        ]
        _ = transport.open(.local(peer.port, headers: headers), handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .upgradeRefused(status: 401, body: "no such key: …"))
        #expect(!"\(end)\(end.cause)".contains("Secret"))
        #expect(peer.heads[0].contains("Authorization: Token ya29.abcdefgh"))
    }

    @Test("the body of a refusal is read when it comes in chunks")
    func chunkedBody() async throws {
        let peer = try ScriptedPeer { peer in
            let chunks = "7\r\nno key,\r\n5\r\n sir!\r\n0\r\n\r\n"
            try peer.refuse("403 Forbidden", headers: ["Transfer-Encoding: chunked"], body: chunks)
        }
        _ = transport.open(.local(peer.port), handler: witness)
        #expect(try await witness.end().cause == .upgradeRefused(status: 403, body: "no key, sir!"))
    }

    @Test(
        "the body of a refusal is read when it comes a little later than its head, also over TLS",
        arguments: [false, true])
    func lateBody(isSecure: Bool) async throws {
        let peer = try ScriptedPeer { try $0.refuse("403 Forbidden", body: "late", pause: .milliseconds(40)) }
        let terminator = isSecure ? try TLSTerminator(to: peer.port) : nil
        var endpoint = Endpoint(host: "localhost", port: terminator?.port ?? peer.port, isSecure: isSecure, path: "/")
        endpoint.caFile = try TestCertificates.shared.get().authority
        _ = transport.open(endpoint, handler: witness)
        #expect(try await witness.end().cause == .upgradeRefused(status: 403, body: "late"))
        #expect(peer.heads.count == 1)
    }

    @Test("a refusal whose body has no length is read to the end of the stream, at most 64 KiB of it")
    func endlessBody() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.socket.write(Array("HTTP/1.1 500 Broken\r\n\r\n".utf8) + [UInt8](repeating: 65, count: 200_000))
        }
        _ = transport.open(.local(peer.port), handler: witness)
        guard case .upgradeRefused(500, let body) = try await witness.end().cause else { throw Witness.Surprise() }
        #expect(body.utf8.count == 64 << 10 && body.utf8.allSatisfy { $0 == 65 })
    }

    @Test("a refusal that promises more body than it has gives what there was")
    func brokenBody() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.socket.write(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\npart".utf8))
            _ = try peer.readFrame()  // keeps the stream open until the client leaves
        }
        _ = transport.open(.local(peer.port), handler: witness)
        #expect(try await witness.end().cause == .upgradeRefused(status: 403, body: "part"))
    }

    @Test("an answer that accepts with the wrong hash is a protocol error")
    func wrongAccept() async throws {
        let peer = try ScriptedPeer { peer in
            try peer.socket.write(
                Array(
                    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n").utf8))
            _ = try peer.readFrame()
        }
        _ = transport.open(.local(peer.port), handler: witness)
        #expect(try await witness.end().cause == .protocolError(code: 1002))
    }

    @Test("a server that hangs up instead of answering ends with .lost")
    func noAnswer() async throws {
        let peer = try ScriptedPeer { _ in }
        _ = transport.open(.local(peer.port), handler: witness)
        #expect(try await witness.end().cause == .lost)
    }

    @Test(
        "nobody listening ends with .unreachable at once, on every address of the name",
        arguments: ["127.0.0.1", "localhost", "::1"])
    func closedPort(host: String) async throws {
        let endpoint = Endpoint(host: host, port: try Listener.closedPort(), isSecure: false, path: "/")
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .unreachable)
        #expect(end.detail.contains(host))
    }

    @Test("a name with several addresses is dialled until one answers")
    func severalAddresses() async throws {
        let peer = try ScriptedPeer { try $0.accept() }  // on 127.0.0.1 alone; localhost is ::1 too
        let endpoint = Endpoint(host: "localhost", port: peer.port, isSecure: false, path: "/")
        _ = transport.open(endpoint, handler: witness)
        #expect(await witness.next() == .opened)
    }

    @Test("a name without an address ends with .unresolved and names it")
    func unresolved() async throws {
        let endpoint = Endpoint(host: "nowhere.invalid", port: 443, isSecure: true, path: "/")
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .unresolved)
        #expect(end.detail.contains("nowhere.invalid"))
    }

    @Test("an attempt can be abandoned while the name is looked up, while dialling, and while the upgrade is awaited")
    func abandoned() async throws {
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let silent = try ScriptedPeer { peer in
            arrival.yield()
            _ = try peer.socket.read()
        }
        let endpoints = [
            Endpoint(host: "slow.invalid", port: 1, isSecure: false, path: "/"),
            Endpoint(host: "192.0.2.1", port: 443, isSecure: true, path: "/"),  // TEST-NET-1: no answer, or no route
        ]
        for endpoint in endpoints {
            let witness = Witness()
            transport.open(endpoint, handler: witness).abandon()
            let cause = try await witness.end().cause  // the network may be quicker than we are
            #expect([.closedHere, .unreachable, .unresolved].contains(cause), "\(endpoint.host)")
        }
        let connection = transport.open(.local(silent.port), handler: witness)
        var iterator = arrivals.makeAsyncIterator()
        await iterator.next()
        connection.abandon()
        #expect(try await witness.end().cause == .closedHere)
    }

    @Test("a header that would smuggle in another is not sent")
    func headerInjection() async throws {
        let peer = try ScriptedPeer { try $0.accept() }
        let header = Endpoint.Header("x-goog-api-key", "key\r\nX-Evil: 1")
        _ = transport.open(.local(peer.port, headers: [header]), handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .closedHere)
        #expect(!end.detail.contains("Evil"))
        #expect(peer.heads == [])
    }
}
