import Assistant
import LiveProtocol
import Testing

@Suite("Where to dial", .timeLimit(.minutes(5)))
struct ServiceAddressTests {
    @Test(
        "URLs are understood",
        arguments: [
            ("wss://a.example", "wss://a.example"), ("https://A.Example/", "wss://a.example"),
            ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080"), ("http://localhost", "ws://localhost"),
            ("wss://a:443/x/y/", "wss://a/x/y"), ("WSS://a:8443/x", "wss://a:8443/x"),
            ("ws://[::1]:9/", "ws://[::1]:9"),
        ])
    func understands(text: String, shown: String) {
        #expect(ServiceAddress(text)?.description == shown)
    }

    @Test(
        "what is no URL of a service, or holds a secret, is not",
        arguments: [
            "", "example.com", "example.com:443", "ftp://a", "wss://", "wss:///x", "wss://a:0", "wss://a:70000",
            "wss://a:x", "wss://a b", "wss://a/?key=k", "wss://a#f", "wss://user:pw@a", "wss://[::1", "wss://[zz]",
            "://a", "wss://ä.example", "wss://a:1:2",
        ])
    func refuses(text: String) {
        #expect(ServiceAddress(text) == nil)
    }

    @Test(
        "this machine is told from the network",
        arguments: [
            ("ws://localhost:1", true), ("ws://127.0.0.1", true), ("ws://127.9.9.9", true), ("ws://[::1]", true),
            ("ws://127.0.0.1.evil.example", false), ("ws://127.evil", false), ("ws://10.0.0.1", false),
            ("ws://localhost.evil.example", false), ("ws://128.0.0.1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try #require(ServiceAddress(text)).isLoopback == isLoopback)
    }

    private func settings(_ endpoint: String) throws -> Settings {
        var settings = Settings()
        settings.service.endpoint = try #require(ServiceAddress(endpoint))
        return settings
    }

    @Test("a key travels in its header alone, on the plain method (pitfalls 10 and 17b)")
    func key() throws {
        var settings = try settings("https://gate.example:8443/live")
        settings.service.caFile = "/ca.pem"
        settings.service.proxy = "http://p:1"
        settings.service.apiVersion = "v1alpha"
        let endpoint = try settings.endpoint(credential: Credential("k"))
        let expected = Endpoint(
            host: "gate.example", port: 8443, isSecure: true,
            path: "/live/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent",
            headers: [Endpoint.Header("x-goog-api-key", "k")], caFile: "/ca.pem", proxy: "http://p:1")
        #expect(endpoint == expected)
    }

    @Test("a token travels in Authorization alone, on the constrained method (pitfall 10)")
    func token() throws {
        let endpoint = try Settings().endpoint(credential: Credential("auth_tokens/abc"))
        #expect(endpoint.headers == [Endpoint.Header("Authorization", "Token auth_tokens/abc")])
        #expect(
            endpoint.path
                == "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained")
    }

    @Test("a token that a command is to print is dialled with like one that is there, in the version that was set")
    func command() throws {
        var settings = Settings()
        let asked = Credential.command(TokenCommand("broker"))
        #expect(try settings.endpoint(credential: asked).headers == [])
        #expect(
            try settings.endpoint(credential: asked).path
                == settings.endpoint(credential: Credential("auth_tokens/abc")).path)
        settings.service.apiVersion = "v1beta"
        let path = try settings.endpoint(credential: asked).path
        #expect(path.hasSuffix(".v1beta.GenerativeService.BidiGenerateContentConstrained"))
        settings.service.endpoint = try #require(ServiceAddress("ws://example.com"))
        let error = try #require(throws: AssistantError.self) { try settings.endpoint(credential: asked) }
        #expect(error.exit == .configuration)
    }

    @Test("a base that names the method is taken as it is")
    func wholePath() throws {
        let path = "/ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent"
        #expect(try settings("wss://a" + path).endpoint(credential: nil).path == path)
    }

    @Test("a key goes over TLS or stays on this machine", arguments: ["ws://example.com", "http://192.168.1.2:80"])
    func refusesClear(text: String) throws {
        let settings = try settings(text)
        let error = try #require(throws: AssistantError.self) {
            try settings.endpoint(credential: Credential("sesame"))
        }
        #expect(error.exit == .configuration)
        #expect(!error.description.contains("sesame"))
        #expect(throws: Never.self) { try settings.endpoint(credential: nil) }
    }

    @Test(
        "a key may go in the clear to this machine",
        arguments: ["ws://127.0.0.1:1", "ws://[::1]:1", "http://localhost"])
    func allowsLoopback(text: String) throws {
        #expect(try settings(text).endpoint(credential: Credential("k")).headers.count == 1)
    }
}

@Suite("Proxies", .timeLimit(.minutes(5)))
struct ProxyTests {
    private func proxy(
        _ environment: [String: String], endpoint: String = "wss://api.example.com", flag: String? = nil
    ) throws -> String? {
        let home = try SettingsFolder()
        home.environment.merge(environment) { $1 }
        var flags = ["service.endpoint": endpoint]
        flags["service.proxy"] = flag
        return try home.layers(flags: flags).settings().service.proxy
    }

    @Test("the environment's proxy counts unless --proxy names another")
    func order() throws {
        let environment = ["https_proxy": "http://user:pw@proxy:3128/", "HTTPS_PROXY": "http://other:1"]
        #expect(try proxy(environment) == "http://user:pw@proxy:3128")
        #expect(try proxy(environment, flag: "http://mine:8080") == "http://mine:8080")
        #expect(try proxy(["HTTPS_PROXY": "proxy:3128"]) == "http://proxy:3128")
        #expect(try proxy([:]) == nil)
    }

    @Test(
        "no_proxy names hosts with their subdomains, ports, or all",
        arguments: [
            ("api.example.com", true), ("example.com", true), (".example.com", true), ("*", true),
            ("other, example.com", true), ("API.Example.com", true), ("example.com:443", true),
            ("example.com:8443", false), ("ample.com", false), ("", false), ("api.example.com.evil", false),
        ])
    func exceptions(list: String, isDirect: Bool) throws {
        #expect(try proxy(["https_proxy": "http://p:1", "no_proxy": list]) == (isDirect ? nil : "http://p:1"))
    }

    @Test("neither this machine nor an unencrypted endpoint is reached through https_proxy")
    func direct() throws {
        for endpoint in ["wss://localhost:1", "wss://127.0.0.1", "ws://example.com"] {
            #expect(try proxy(["https_proxy": "http://p:1"], endpoint: endpoint) == nil)
        }
    }

    @Test("a proxy that cannot be used is named without its password")
    func bad() throws {
        let error = try #require(throws: AssistantError.self) {
            try proxy(["https_proxy": "socks5://user:sesame@proxy"])
        }
        #expect(error.exit == .configuration)
        #expect(error.message.contains("https_proxy"))
        #expect(!error.description.contains("sesame"))
    }
}
