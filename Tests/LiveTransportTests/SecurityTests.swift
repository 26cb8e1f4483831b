import LiveProtocol
import LiveTransport
import TestKit
import Testing

@Suite("TLS", .timeLimit(.minutes(5)))
struct SecurityTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    /// Dials a peer that greets, behind a terminator with the certificate given.
    func dial(
        host: String = "localhost", _ certificate: TestCertificates.Kind, trustsAuthority: Bool = true
    ) async throws -> (first: Witness.Event?, peer: ScriptedPeer, keep: Any) {
        let peer = try ScriptedPeer { peer in
            try peer.accept()
            try peer.send(text: "welcome")
            _ = try peer.readFrame()
        }
        let terminator = try TLSTerminator(to: peer.port, certificate: certificate)
        var endpoint = Endpoint(host: host, port: terminator.port, isSecure: true, path: "/")
        if trustsAuthority { endpoint.caFile = try TestCertificates.shared.get().authority }
        let connection = transport.open(endpoint, handler: witness)
        return (await witness.next(), peer, (connection, terminator))
    }

    @Test(
        "a service whose authority is in the CA file is trusted, by name and by address",
        arguments: ["localhost", "127.0.0.1"])
    func trusted(host: String) async throws {
        let (first, _, keep) = try await dial(host: host, .good)
        #expect(first == .opened)
        #expect(try await witness.nextText() == "welcome")
        withExtendedLifetime(keep) {}
    }

    @Test("the CA file stands beside the system's authorities: without it the same service is refused, with the reason")
    func untrusted() async throws {
        let (first, peer, keep) = try await dial(.good, trustsAuthority: false)
        guard case .ended(let end) = first else {
            Issue.record("\(String(describing: first))")
            return
        }
        #expect(end.cause == .tls)
        #expect(end.detail.contains("issuer"), "\(end.detail)")
        #expect(peer.heads == [])
        withExtendedLifetime(keep) {}
    }

    @Test(
        "a certificate that is wrong ends with .tls and says what is wrong",
        arguments: zip(
            [TestCertificates.Kind.wrongHost, .expired, .selfSigned], ["hostname mismatch", "expired", "self"]))
    func wrong(kind: TestCertificates.Kind, word: String) async throws {
        let (first, peer, keep) = try await dial(kind)
        guard case .ended(let end) = first else {
            Issue.record("\(String(describing: first))")
            return
        }
        #expect(end.cause == .tls)
        #expect(end.detail.lowercased().contains(word), "\(end.detail)")
        #expect(peer.heads == [])
        withExtendedLifetime(keep) {}
    }

    @Test("a server that speaks no TLS ends with .tls")
    func noTLS() async throws {
        let peer = try Listener { socket in
            _ = try? socket.read()
            try? socket.write(Array("SSH-2.0-nonsense\r\n".utf8))
        }
        let endpoint = Endpoint(host: "localhost", port: peer.port, isSecure: true, path: "/")
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .tls)
        #expect(end.detail.contains("TLS port"), "\(end.detail)")
    }

    @Test(
        "a CA file that is missing or holds no certificate is named",
        arguments: ["/nonexistent/ca.pem", "/etc/hostname"])
    func badAuthorityFile(path: String) async throws {
        var endpoint = Endpoint(host: "localhost", port: 9, isSecure: true, path: "/")
        endpoint.caFile = path
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .tls)
        #expect(end.detail.contains(path))
    }
}
