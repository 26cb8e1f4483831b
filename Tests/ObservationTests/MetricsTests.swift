import Events
import Testing

@testable import Observation

@Suite("The page for Prometheus", .timeLimit(.minutes(5)))
struct MetricsTests {
    private static func line(_ speaker: Party, from begin: Int64?, to end: Int64?, typed: Bool = false) -> Event {
        event(
            .transcriptFinal(
                TranscriptLine(turn: 1, speaker: speaker, text: "…", isTyped: typed, begin: begin, end: end)))
    }

    private static func page(_ events: [Event]) -> [Substring] {
        var board = MetricsBoard()
        for event in events { board.note(event) }
        return board.text(nil).split(separator: "\n")
    }

    @Test("every family has its HELP and TYPE once, in order, and only families are on the page")
    func families() {
        let page = Self.page([event(usage(["AUDIO": 1]))])
        let helps = page.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
        #expect(helps.map(String.init) == MetricFamily.all.map(\.name))
        let types = page.filter { $0.hasPrefix("# TYPE ") }.map(String.init)
        #expect(types == MetricFamily.all.map { "# TYPE \($0.name) \($0.kind.rawValue)" })
        #expect(MetricFamily.all.filter { $0.kind == .counter }.allSatisfy { $0.name.hasSuffix("_total") })
    }

    @Test("the dashboard uses exactly the page's names")
    func dashboard() throws {
        let text = try packageFile("config/grafana/vivavoce.json")
        let used = text.matches(of: /vivavoce_[a-z_]+/).map { match in
            let name = String(match.output)
            return name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
        }
        #expect(Set(used) == Set(MetricFamily.all.map(\.name)))
    }

    @Test("what the user waited for an answer is counted once for each spoken question")
    func firstAudio() {
        let page = Self.page([
            Self.line(.user, from: 1_000, to: 2_000), Self.line(.model, from: 2_450, to: 3_000),
            Self.line(.model, from: 4_000, to: 5_000),  // nothing was asked before it
            Self.line(.user, from: 6_000, to: 6_000, typed: true), Self.line(.model, from: 6_500, to: 7_000),
            Self.line(.user, from: 8_000, to: nil), Self.line(.model, from: 8_100, to: 9_000),
            Self.line(.user, from: 10_000, to: 11_000), Self.line(.model, from: 21_500, to: 22_000),
        ])
        #expect(page.contains("vivavoce_first_audio_seconds_bucket{le=\"0.4\"} 0"))
        #expect(page.contains("vivavoce_first_audio_seconds_bucket{le=\"0.5\"} 1"))
        #expect(page.contains("vivavoce_first_audio_seconds_bucket{le=\"10\"} 1"))
        #expect(page.contains("vivavoce_first_audio_seconds_bucket{le=\"+Inf\"} 2"))
        #expect(page.contains("vivavoce_first_audio_seconds_sum 10.95"))
        #expect(page.contains("vivavoce_first_audio_seconds_count 2"))
    }

    @Test(
        "each event counts where it belongs",
        arguments: [
            (.turnStarted(turn: 1, speaker: .user), "vivavoce_turns_total{speaker=\"user\"} 1"),
            (.turnInterrupted(turn: 1, heardMilliseconds: 3), "vivavoce_interruptions_total 1"),
            (.audioUnderrun(count: 3), "vivavoce_underruns_total 3"),
            (
                .audioXrun(direction: .output, count: 5, ours: 2, lateMilliseconds: 40),
                "vivavoce_xruns_total{direction=\"output\",cause=\"ours\"} 2"
            ),
            (
                .audioXrun(direction: .output, count: 5, ours: 2, lateMilliseconds: 40),
                "vivavoce_xruns_total{direction=\"output\",cause=\"server\"} 3"
            ),
            (
                .audioXrun(direction: .output, count: 5, ours: 2, lateMilliseconds: 40),
                "vivavoce_xrun_late_seconds_total{direction=\"output\"} 0.04"
            ),
            (
                .audioDropped(direction: .input, milliseconds: 250, because: "x"),
                "vivavoce_dropped_seconds_total{direction=\"input\"} 0.25"
            ),
            (
                .sessionResumed(because: .goAway, gapMilliseconds: 120, lostMilliseconds: 20, how: "x"),
                "vivavoce_reconnects_total{because=\"goAway\"} 1"
            ),
            (
                .sessionResumed(because: .goAway, gapMilliseconds: 120, lostMilliseconds: 20, how: "x"),
                "vivavoce_reconnect_gap_seconds_bucket{le=\"0.25\"} 1"
            ),
            (
                .sessionResumed(because: .goAway, gapMilliseconds: 120, lostMilliseconds: 20, how: "x"),
                "vivavoce_reconnect_lost_seconds_total 0.02"
            ),
            (.sessionLive(model: "m", resumed: false), "vivavoce_state{state=\"live\"} 1"),
            (.sessionLive(model: "m", resumed: false), "vivavoce_conversations_total 1"),
            (.wakeAsleep(because: "x"), "vivavoce_state{state=\"asleep\"} 1"),
            (.sessionConnecting(attempt: 1), "vivavoce_state{state=\"connecting\"} 1"),
            (.audioMuted(true), "vivavoce_muted 1"),
            (.audioLevel(input: -31.5, output: nil), "vivavoce_level_decibels{direction=\"input\"} -31.5"),
            (.error(Problem(code: "x", message: "y")), "vivavoce_problems_total{severity=\"error\"} 1"),
            (usage(["AUDIO": 7]), "vivavoce_tokens_total{direction=\"input\",modality=\"AUDIO\"} 7"),
            (
                usage([:], ["A\"\\\n": 7]), #"vivavoce_tokens_total{direction="output",modality="A\"\\\n"} 7"#
            ),
        ] as [(Event.Body, Substring)])
    func counts(body: Event.Body, line: Substring) {
        #expect(!Self.page([]).contains(line))
        #expect(Self.page([event(body)]).contains(line))
    }

    @Test("a connection that is taken over is the same conversation")
    func conversations() {
        let page = Self.page([
            event(.sessionLive(model: "m", resumed: false)), event(.sessionLive(model: "m", resumed: true)),
            event(.sessionEnded(reason: "x", code: nil, exit: 0)),
            event(.sessionLive(model: "m", resumed: false), session: "s2"),
        ])
        #expect(page.contains("vivavoce_conversations_total 2"))
    }

    @Test("numbers of a service that counts wrong neither trap nor go back")
    func hostileCounts() {
        let page = Self.page((0..<3).map { _ in event(usage(["AUDIO": .max, "TEXT": .min])) })
        #expect(page.contains("vivavoce_tokens_total{direction=\"input\",modality=\"TEXT\"} 0"))
    }

    @Test(
        "only this machine is served",
        arguments: ["0.0.0.0:9464", "192.168.1.5:9464", ":9464", "9464", "[::]:9464", "x:y"])
    func notLoopback(text: String) {
        let error = #expect(throws: ObservationError.self) { try MetricsAddress(text) }
        #expect(error?.code == .settings && error?.remedy?.contains("127.0.0.1:PORT") == true)
    }

    @Test("a loopback port and a path are served")
    func loopback() throws {
        #expect(try MetricsAddress("127.0.0.1:9464") == .port(host: "127.0.0.1", 9464))
        #expect(try MetricsAddress("localhost:1") == .port(host: "127.0.0.1", 1))
        #expect(try MetricsAddress("[::1]:9464") == .port(host: "::1", 9464))
        #expect(try MetricsAddress("/run/v.sock") == .socket("/run/v.sock"))
    }
}
