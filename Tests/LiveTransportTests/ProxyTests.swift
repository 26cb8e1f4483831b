import LiveProtocol
import TestKit
import Testing

@testable import LiveTransport

@Suite("An HTTP proxy", .timeLimit(.minutes(5)))
struct ProxyTests {
    let transport = WebSocketTransport()
    let witness = Witness()

    func greeter() throws -> ScriptedPeer {
        try ScriptedPeer { peer in
            try peer.accept()
            try peer.send(text: "welcome")
            _ = try peer.readFrame()
        }
    }

    @Test("is tunnelled through, with the service's name left for it to resolve", arguments: [false, true])
    func tunnel(isSecure: Bool) async throws {
        let peer = try greeter()
        let terminator = isSecure ? try TLSTerminator(to: peer.port) : nil
        let proxy = try ConnectProxy(target: terminator?.port ?? peer.port)
        var endpoint = Endpoint(host: "localhost", port: 4443, isSecure: isSecure, path: "/")
        endpoint.proxy = "http://127.0.0.1:\(proxy.port)"
        endpoint.caFile = try TestCertificates.shared.get().authority
        _ = transport.open(endpoint, handler: witness)
        #expect(await witness.next() == .opened)
        #expect(try await witness.nextText() == "welcome")
        #expect(proxy.heads.count == 1)
        #expect(proxy.heads[0].hasPrefix("CONNECT localhost:4443 HTTP/1.1\r\n"))
        #expect(peer.heads[0].contains("Host: localhost:4443\r\n"))
    }

    @Test("gets user and password, percent escapes undone")
    func credentials() async throws {
        let peer = try greeter()
        let proxy = try ConnectProxy(credentials: "ada:p@ss:w/rd", target: peer.port)
        var endpoint = Endpoint.local(peer.port)
        endpoint.proxy = "http://ada:p%40ss%3aw%2frd@localhost:\(proxy.port)/"
        _ = transport.open(endpoint, handler: witness)
        #expect(await witness.next() == .opened)
    }

    @Test(
        "that refuses is told apart from a service that does, and no credential is shown",
        arguments: ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
    func refusal(status: String) async throws {
        let proxy = try ConnectProxy(refusal: status)
        var endpoint = Endpoint(host: "service.example", port: 443, isSecure: true, path: "/")
        endpoint.proxy = "http://ada:s3cret@127.0.0.1:\(proxy.port)"
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .proxyRefused(status: nil))
        #expect(end.detail.contains("127.0.0.1:\(proxy.port)"))
        #expect(!"\(end)".contains("s3cret") && !end.detail.contains("ada"))
    }

    @Test("that hangs up is named as the culprit")
    func hangsUp() async throws {
        let proxy = try Listener { _ in }
        var endpoint = Endpoint(host: "service.example", port: 443, isSecure: true, path: "/")
        endpoint.proxy = "http://127.0.0.1:\(proxy.port)"
        _ = transport.open(endpoint, handler: witness)
        #expect(try await witness.end().cause == .proxyRefused(status: nil))
    }

    @Test("that nobody runs is unreachable, and named without its credentials")
    func absent() async throws {
        let port = try Listener.closedPort()
        var endpoint = Endpoint(host: "service.example", port: 443, isSecure: true, path: "/")
        endpoint.proxy = "http://ada:s3cret@127.0.0.1:\(port)"
        _ = transport.open(endpoint, handler: witness)
        let end = try await witness.end()
        #expect(end.cause == .unreachable)
        #expect(end.detail.contains("proxy 127.0.0.1:\(port)") && !end.detail.contains("s3cret"))
    }

    @Test("whose credentials are too long for libwebsockets is refused here rather than bypassed")
    func longCredentials() async throws {
        let peer = try greeter()
        var endpoint = Endpoint.local(peer.port)
        endpoint.proxy = "http://ada:\(String(repeating: "x", count: 100))@127.0.0.1:9"
        _ = transport.open(endpoint, handler: witness)
        #expect(try await witness.end().cause == .proxyRefused(status: nil))
        #expect(peer.heads == [])
    }

    @Test(
        "is written as a URL",
        arguments: [
            ("http://proxy:3128", "proxy", 3128, nil as String?),
            ("proxy:3128", "proxy", 3128, nil),
            ("HTTP://proxy", "proxy", 80, nil),
            ("http://a:b@[2001:db8::1]:8080/", "2001:db8::1", 8080, "a:b"),
            ("http://a%40b:c%3Ad@proxy:1", "proxy", 1, "a@b:c:d"),
        ])
    func parsed(text: String, host: String, port: Int, credentials: String?) throws {
        let proxy = try #require(ProxyAddress(text))
        #expect(proxy.host == host && proxy.port == port && proxy.credentials == credentials)
    }

    @Test(
        "that is written otherwise is not guessed at",
        arguments: [
            "", "https://proxy:1", "http://", "http://proxy:0", "http://proxy:65536", "http://[::1", "http://a%zz@p:1",
            "socks5://p:1",
        ])
    func notParsed(text: String) { #expect(ProxyAddress(text) == nil) }
}
