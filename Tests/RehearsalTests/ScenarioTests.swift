import Foundation
import Testing

@testable import Rehearsal

@Suite("Scenarios", .serialized, .timeLimit(.minutes(5)))
struct ScenarioTests {
    @Test(
        "a mistake is named with its line, and the nearest right word",
        arguments: [
            ("steps:\n  - expect: setup\n  - expct: audio", "s.yaml:3: no such key: expct; did you mean expect?"),
            ("steps:\n  - expect: setups", "s.yaml:2: no such kind of message: setups; did you mean setup?"),
            ("steps:\n  - wait: soon", "s.yaml:2: milliseconds are due, 0 to a day"),
            ("steps:\n  - wait: 10\n\n  - close: {code: 7}", "s.yaml:4: close takes a code from 1000 to 4999"),
            ("steps:\n  - sendHex: 0g", "s.yaml:2: that is no hexadecimal"),
            ("steps:\n  - expect: setup\n    frame: text", "s.yaml:3: frame belongs to send"),
            ("steps:\n  - dorp", "s.yaml:2: no such step: dorp; did you mean drop?"),
            ("stages: []", "s.yaml:1: no such key: stages; did you mean steps?"),
        ])
    func mistakes(yaml: String, message: String) {
        let error = #expect(throws: RehearsalError.self) { try ScenarioReader.read(yaml, path: "s.yaml") }
        #expect(error == RehearsalError(.badScenario, message))
    }

    @Test("broken YAML and an empty file are errors with a line", arguments: ["steps: [", "", "steps:\n\t- wait: 1"])
    func broken(yaml: String) {
        let error = #expect(throws: RehearsalError.self) { try ScenarioReader.read(yaml, path: "s.yaml") }
        #expect(error?.code == .badScenario)
        #expect(error?.description.hasPrefix("s.yaml:") == true)
    }

    @Test("later connections get the last list of steps")
    func connections() throws {
        let scenario = try ScenarioReader.read(
            "connections:\n  - steps: [drop]\n  - steps: [behave]", path: "s.yaml")
        #expect(scenario.steps(forConnection: 1).map(\.kind) == [.drop])
        #expect(scenario.steps(forConnection: 2).map(\.kind) == [.behave])
        #expect(scenario.steps(forConnection: 9).map(\.kind) == [.behave])
    }

    @Test("the examples that come with the program make sense")
    func examples() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/rehearsal")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter { $0.hasSuffix(".yaml") }
        #expect(!files.isEmpty)
        for file in files {
            #expect(throws: Never.self, "\(file)") {
                try ScenarioReader.read(path: folder.appending(path: file).path())
            }
        }
    }

    private func play(_ yaml: String, _ body: @escaping @Sendable (LiveClient) async throws -> [LiveClient.Message])
        async throws -> [LiveClient.Message]
    {
        let scenario = try ScenarioReader.read(yaml, path: "s.yaml")
        return try await withService {
            $0.scenario = scenario
        } _: { url in
            try await body(try await LiveClient.connect(url))
        }
    }

    private static let setup = #"{"setup":{"model":"models/gemini-3.8-live"}}"#

    @Test("steps are done in order, to the byte: JSON, raw text, raw bytes, a close with code and reason")
    func exactBytes() async throws {
        let messages = try await play(
            """
            steps:
              - expect: setup
              - send: {setupComplete: {}}
                frame: text
              - expect: {text: hello}
              - sendText: "{ not JSON"
              - sendHex: 00 ff
              - sendBase64: AAECAw==
                frame: binary
              - close: {code: 1011, reason: Internal error encountered.}
            """
        ) { client in
            try await client.send(Self.setup)
            var messages = [try await client.receive()]
            try await client.send(#"{"realtimeInput":{"text":"ignored"}}"#)
            try await client.send(#"{"realtimeInput":{"text":"Hello there"}}"#)
            for _ in 0..<4 { messages.append(try await client.receive()) }
            return messages
        }
        #expect(
            messages == [
                .text(#"{"setupComplete":{}}"#), .text("{ not JSON"), .binary([0, 255]), .binary([0, 1, 2, 3]),
                .close(code: 1011, reason: "Internal error encountered."),
            ])
    }

    @Test("drop ends the connection without a close frame; a wait in vain closes with the line's number")
    func dropAndFailure() async throws {
        let dropped = try await play("steps:\n  - expect: setup\n  - drop") { client in
            try await client.send(Self.setup)
            return [try await client.receive()]
        }
        #expect(dropped == [.dropped])
        let failed = try await play("steps:\n  - expect: activityEnd\n    timeout: 20") { [try await $0.receive()] }
        #expect(failed == [.close(code: 1011, reason: "scenario line 2: waited 20 ms in vain for activityEnd")])
    }

    @Test("a message in a time of silence is a failure, so a client that speaks too early is found (pitfall 19)")
    func expectNothing() async throws {
        let messages = try await play("steps:\n  - expect: setup\n  - expectNothing: 5000\n  - behave") { client in
            try await client.send(Self.setup)
            try await client.send(#"{"realtimeInput":{"text":"too early"}}"#)
            return [try await client.receive()]
        }
        #expect(messages == [.close(code: 1011, reason: "scenario line 3: text came too early")])
    }

    @Test("after behave the service answers by itself, beside the steps that follow")
    func behaves() async throws {
        let messages = try await play(
            """
            steps:
              - expect: setup
              - wait: 20
              - behave
              - expect: {audio: 100}
              - say: Hello.
              - close: {code: 1000}
            """
        ) { client in
            try await client.send(Self.setup)
            #expect(try await client.json()["setupComplete"] != nil)
            let block = Data(count: 3_200).base64EncodedString()
            try await client.send(#"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"\#(block)"}}}"#)
            let turn = try await client.turn()
            #expect(turn.samples > 2_400)
            #expect(turn.order == ["speech", "generationComplete", "turnComplete"])
            return [try await client.receive()]
        }
        #expect(messages == [.close(code: 1000, reason: "")])
    }
}
