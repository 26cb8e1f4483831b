import LiveProtocol
import LiveSession
import TestKit
import Testing

@testable import Assistant

/// What is said of the way to the service, by how far it went.
@Suite(.timeLimit(.minutes(5)))
struct LineCheckTests {
    private static let endpoint = Endpoint(host: "example.org", port: 443, isSecure: true, path: "/")

    private func findings(_ cause: Disconnection.Cause?, secure: Bool = true) -> [String: Finding] {
        var endpoint = Self.endpoint
        endpoint.isSecure = secure
        let found = LineCheck.findings(on: endpoint, after: cause.map { Disconnection($0, detail: "what came back") })
        return Dictionary(uniqueKeysWithValues: found.map { ($0.check, $0) })
    }

    @Test("each way to fail is told as what failed, with what came back and a remedy")
    func failures() {
        let table: [(Disconnection.Cause, check: String, exit: Assistant.ExitCode)] = [
            (.unresolved, "network", .unavailable), (.unreachable, "network", .unavailable),
            (.proxyRefused(status: 502), "proxy", .unavailable), (.proxyRefused(status: 407), "proxy", .refused),
            (.tls, "TLS", .unavailable),
        ]
        for (cause, check, exit) in table {
            let found = findings(cause)
            #expect(found.values.filter { $0.state == .failed }.map(\.check) == [check], "\(cause)")
            #expect(found.values.allSatisfy { $0.state != .ok }, "nothing was proved: \(cause)")
            #expect(found[check]?.exit == exit, "\(cause)")
            #expect(found[check]?.words.contains("what came back") == true && found[check]?.remedy != nil)
        }
    }

    @Test("a service that answers has been reached, whatever it says to one without a key")
    func reached() {
        for cause in [nil, Disconnection.Cause.upgradeRefused(status: 403, body: ""), .closed(code: 1008, reason: "")] {
            let found = findings(cause)
            #expect(found["network"]?.state == .ok && found["TLS"]?.state == .ok, "\(String(describing: cause))")
        }
        #expect(findings(nil, secure: false)["TLS"]?.state == .skipped)
    }

    @Test("a proxy that let us through is named, without its password")
    func proxy() {
        var endpoint = Self.endpoint
        endpoint.proxy = "http://me:sesame@proxy.example:3128"
        let found = LineCheck.findings(on: endpoint, after: nil)
        #expect(found.map(\.check) == ["network", "proxy", "TLS"])
        #expect(found[1].words.contains("proxy.example") && !found[1].words.contains("sesame"))
    }

    @Test("a port on which nobody listens is found by dialling it")
    func dials() async {
        // Of the discard service, which nobody runs.
        let endpoint = Endpoint(host: "127.0.0.1", port: 9, isSecure: false, path: "/")
        let found = await LineCheck.findings(on: endpoint)
        #expect(found.first?.check == "network" && found.first?.state == .failed, "\(found)")
    }
}

/// What is said of the detector of the wake word, by what becomes of it.
@Suite(.timeLimit(.minutes(5)))
struct WakeCheckTests {
    private let environment = ["PATH": "/usr/bin:/bin"]

    private func finding(_ command: String?, _ mode: TurnMode, within patience: Duration) async -> Finding? {
        var settings = Settings()
        settings.turns.mode = mode
        settings.wake.command = command
        return await WakeCheck.finding(settings, environment: environment, within: patience)
    }

    @Test("a program that is missing, one that ends, and one that listens")
    func programs() async {
        let long = Duration.seconds(600)
        let unneeded = await finding("/no/such/detector", .open, within: long)
        #expect(unneeded?.state == .warning && unneeded?.exit == .success && unneeded?.remedy != nil)
        let missing = await finding("/no/such/detector", .wake, within: long)
        #expect(missing?.state == .failed && missing?.exit == .configuration)
        #expect(missing?.words.contains("/no/such/detector") == true && missing?.remedy != nil)
        let ends = await finding("echo 'no model' >&2; exit 3", .wake, within: long)
        #expect(ends?.state == .warning && ends?.words.contains("no model") == true, "\(String(describing: ends))")
        let listens = await finding("exec cat >/dev/null", .wake, within: .zero)
        #expect(listens?.state == .ok)
    }

    @Test("where no word wakes it, nothing is started")
    func none() async {
        #expect(await finding(nil, .open, within: .zero) == nil)
    }
}
