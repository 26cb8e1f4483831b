import Events
import Foundation
import Synchronization
import Testing

@testable import Observation

extension HookRunner.Limits {
    /// For tests of other things: beside hundreds of others, a program may wait for seconds until it gets to run.
    fileprivate static var patient: Self {
        var limits = Self()
        (limits.time, limits.ending) = (.seconds(100), .seconds(100))
        return limits
    }
}

@Suite("Programs at events", .timeLimit(.minutes(5)))
struct HookTests {
    private final class Told: Sendable {
        private let problems = Mutex<[Problem]>([])
        var messages: [String] { problems.withLock { $0.map(\.message) } }
        func note(_ problem: Problem) { problems.withLock { $0.append(problem) } }
    }

    private static let line = Event.Body.transcriptFinal(
        TranscriptLine(turn: 3, speaker: .user, text: "say \"hi\"\n$(x)\u{0}", heard: nil, isTyped: true))

    /// Runs programs at these events to their end. - Returns: what was told.
    private func run(
        _ command: String, at bodies: [Event.Body], _ limits: HookRunner.Limits = .patient,
        environment: [String: String] = [:]
    ) async throws -> [String] {
        let (bus, told) = (EventBus(), Told())
        let runner = try HookRunner([.transcriptFinal: command], environment: environment, limits: limits) {
            told.note($0)
        }
        let events = bus.subscribe(capacity: 256, overflow: .dropsOldest)
        for body in bodies { bus.publish(event(body)) }
        bus.finish()
        await runner.run(events)
        return told.messages
    }

    @Test(
        "a command line is split into words as a shell would, and nothing else is done to it",
        arguments: [
            ("a b  c", ["a", "b", "c"]), ("a 'b c' \"d 'e'\"", ["a", "b c", "d 'e'"]), ("a\\ b c", ["a b", "c"]),
            ("a '' \"\"", ["a", "", ""]), ("a '\\n' \"\\\"\"", ["a", "\\n", "\""]),
            ("~/x ~/y $Z *", ["/home/me/x", "~/y", "$Z", "*"]),
            ("a'b'c", ["abc"]), ("", nil), ("  ", nil), ("'a", nil), ("a \\", nil), ("''", nil),
        ] as [(String, [String]?)])
    func words(text: String, words: [String]?) {
        #expect(CommandLine(text, home: "/home/me")?.words == words)
    }

    @Test("a program gets the event's members as variables and its JSON on stdin")
    func given() async throws {
        let folder = try Folder()
        let command = "sh -c 'env > \(folder.path)/env; cat > \(folder.path)/in'"
        let told = try await run(command, at: [Self.line], environment: ["PATH": "/usr/bin:/bin", "OTHER": "1"])
        #expect(told.isEmpty)
        #expect(try String(contentsOfFile: folder.path + "/in", encoding: .utf8) == event(Self.line).json + "\n")
        let variables = try String(contentsOfFile: folder.path + "/env", encoding: .utf8)
        for line in [
            "VIVAVOCE_EVENT=transcript.final\n", "VIVAVOCE_SPEAKER=user\n", "VIVAVOCE_TURN=3\n",
            "VIVAVOCE_TYPED=true\n",
            "VIVAVOCE_SESSION=s1\n", "VIVAVOCE_TEXT=say \"hi\"\n$(x)\n", "VIVAVOCE_AT=1970-01-01T00:00:00.000Z\n",
            "OTHER=1\n",
        ] { #expect(variables.contains(line), "\(line)") }
    }

    @Test("words of two parts are divided, long texts are cut, and lists are left to the JSON")
    func variables() {
        let long = event(
            .transcriptPartial(TranscriptLine(turn: 1, speaker: .model, text: String(repeating: "ä", count: 40_000))))
        #expect(long.variables["VIVAVOCE_TEXT"]?.utf8.count == 32_768)
        let turn = event(.turnInterrupted(turn: 2, heardMilliseconds: 1_500)).variables
        #expect(turn["VIVAVOCE_HEARD_MILLISECONDS"] == "1500")
        #expect(event(.audioLevel(input: -31.5, output: nil)).variables["VIVAVOCE_INPUT"] == "-31.5")
        #expect(event(.toolCancelled(ids: ["a"])).variables["VIVAVOCE_IDS"] == nil)
        #expect(event(usage(["AUDIO": 1])).variables.keys.allSatisfy { !$0.contains("TOKENS") })
    }

    @Test("a long event reaches a program that reads slowly, and one that reads nothing is none the worse")
    func longEvent() async throws {
        let folder = try Folder()
        let text = String(repeating: "x", count: 300_000)
        let body = Event.Body.transcriptFinal(TranscriptLine(turn: 1, speaker: .user, text: text))
        #expect(try await run("sh -c 'cat > \(folder.path)/in'", at: [body]).isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/in")).count > 300_000)
        #expect(try await run("true", at: [body]).isEmpty)
    }

    @Test(
        "a program that fails is told of with its last words, and often is told of once",
        arguments: [
            ("no-such-program-at-all", "there is no such program"), ("/etc/passwd", "Permission denied"),
            ("sh -c 'echo oh no >&2; exit 3'", "status 3: oh no"), ("sh -c 'kill -9 $$'", "signal 9"),
        ])
    func failures(command: String, says: String) async throws {
        let told = try await run(command, at: [Self.line, Self.line, Self.line])
        #expect(told.count == 1)
        #expect(told.first?.contains(says) == true, "\(told)")
        #expect(told.first?.contains("hooks.transcript.final") == true)
    }

    @Test("a program that takes too long is killed, with what it started")
    func tooLong() async throws {
        var limits = HookRunner.Limits()
        (limits.time, limits.ending) = (.milliseconds(200), .seconds(100))
        let folder = try Folder()
        let command = "sh -c 'sleep 1000 & echo $! > \(folder.path)/child; wait'"
        let told = try await run(command, at: [Self.line], limits)
        #expect(told.first?.contains("was ended") == true)
        let child = try String(contentsOfFile: folder.path + "/child", encoding: .utf8)
        let number = try #require(pid_t(child.split(separator: "\n").first ?? ""))
        // Killed; that may take a moment, and whoever adopted it may not have taken note of it yet.
        func state() -> String? { try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) }
        while state().map({ !$0.contains(") Z ") }) ?? false { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test("a program that is slow at one event is not overtaken by itself at the next")
    func ordered() async throws {
        let folder = try Folder()
        let script = "[ $VIVAVOCE_TURN = 1 ] && sleep 0.2; echo $VIVAVOCE_TURN >> \(folder.path)/log"
        let lines = (1...4).map {
            Event.Body.transcriptFinal(TranscriptLine(turn: $0, speaker: .user, text: "t"))
        }
        #expect(try await run("sh -c '\(script)'", at: lines).isEmpty)
        #expect(try String(contentsOfFile: folder.path + "/log", encoding: .utf8) == "1\n2\n3\n4\n")
    }

    @Test("of a program one runs at once, a few more wait, and what is beyond is told of")
    func bounded() async throws {
        var limits = HookRunner.Limits()
        (limits.waiting, limits.ending) = (3, .seconds(100))
        let folder = try Folder()
        // Each notes how many of them are there.
        let script =
            "touch \(folder.path)/on.$$; ls \(folder.path) | grep -c on. >> \(folder.path)/log; sleep 0.1; "
            + "rm \(folder.path)/on.$$"
        let told = try await run("sh -c '\(script)'", at: Array(repeating: Self.line, count: 40), limits)
        let counts = try String(contentsOfFile: folder.path + "/log", encoding: .utf8).split(separator: "\n")
        #expect(counts.allSatisfy { $0 == "1" }, "\(counts)")
        #expect(counts.count < 40)
        #expect(told.first?.contains("3 wait already") == true)
    }

    @Test("what is under way at the end has a moment, and no more")
    func ending() async throws {
        var limits = HookRunner.Limits()
        (limits.time, limits.ending) = (.seconds(1_000), .zero)
        #expect(try await run("sleep 1000", at: [Self.line], limits).count == 1)
    }

    @Test("a command that is none is refused")
    func bad() {
        let error = #expect(throws: ObservationError.self) {
            try HookRunner([.warning: "notify 'x"], environment: [:]) { _ in }
        }
        #expect(error?.code == .settings && error?.message.contains("hooks.warning") == true)
    }
}
