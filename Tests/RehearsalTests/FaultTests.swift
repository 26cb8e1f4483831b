import FlyingFox
import Foundation
import Testing

@testable import Rehearsal

/// Each fault as a client meets it, over loopback.
@Suite("Faults", .serialized, .timeLimit(.minutes(5)))
struct FaultTests {
    private static let setup = #"{"setup":{"model":"models/gemini-3.8-live","sessionResumption":{}}}"#
    private static let question = #"{"realtimeInput":{"text":"hello"}}"#

    private func play<Result: Sendable>(
        _ steps: String, _ configure: (inout RehearsalConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (LiveClient, String) async throws -> Result
    ) async throws -> Result {
        let scenario = try ScenarioReader.read("steps:\n\(steps)", path: "s.yaml")
        return try await withService {
            $0.scenario = scenario
            $0.hasQuickVoice = true
            configure(&$0)
        } _: { url in
            try await body(try await LiveClient.connect(url), url)
        }
    }

    @Test(
        "the ways a connection can end: reset, dropped, closed with a reason cut in the middle of a word",
        arguments: [
            ("  - behave\n  - expect: text\n  - fault: reset", LiveClient.Message.dropped),
            ("  - expect: setup\n  - fault: reset", .dropped),
            ("  - behave\n  - expect: setup\n  - fault: {drop: true}", .dropped),
            (
                "  - fault: {cutReasons: 8}\n  - close: {code: 1011, reason: Internal error}",
                .close(code: 1011, reason: "Internal")
            ),
            ("  - behave\n  - goAway: {timeLeft: 0.02, close: true}", .close(code: 1011, reason: deadline)),
            ("  - goAway: {timeLeft: 0.02, close: true}", .close(code: 1011, reason: deadline)),
        ])
    func endings(steps: String, ending: LiveClient.Message) async throws {
        let ended = try await play(steps) { client, _ in
            try? await client.send(Self.setup)
            try? await client.send(Self.question)
            return try await client.closing()
        }
        #expect(ended == ending)
    }

    private static let deadline = Refusal.deadlineExpired.reason

    @Test("a goAway that is not meant leaves the connection alone, and what follows works (pitfall 1)")
    func idleGoAway() async throws {
        let (left, turn) = try await play("  - behave\n  - expect: setup\n  - goAway: 300") { client, _ in
            try await client.send(Self.setup)
            var left: String?
            while left == nil { left = (try await client.json()["goAway"] as? [String: Any])?["timeLeft"] as? String }
            try await client.send(Self.question)
            return (left, try await client.turn().asSendable)
        }
        #expect(left == "300s")
        #expect(turn.order.last == "turnComplete")
    }

    @Test(
        "a stalled service reads nothing: bytes pile up at the client until no more fit, and speech still arrives (12)")
    func stall() async throws {
        let (piled, turn) = try await play("  - behave\n  - expect: text\n  - fault: stall") { client, _ in
            try await client.send(Self.setup)
            try await client.send(Self.question)
            let turn = try await client.turn().asSendable
            return (try client.fill(), turn)
        }
        #expect(turn.order.last == "turnComplete")
        // What the buffers of both ends hold; anything read would make it endless.
        #expect((1...32 << 20).contains(piled))
    }

    @Test("half-open: nothing is read or written, and no end is told; healed, it goes on where it was (pitfall 12)")
    func halfOpen() async throws {
        let (silence, turn) = try await play(
            "  - expect: setup\n  - fault: halfOpen\n  - sendText: one\n  - wait: 150\n  - fault: heal\n  - behave"
        ) { client, _ in
            let began = ContinuousClock.now
            try await client.send(Self.setup)
            #expect(try await client.receive() == .text("one"))
            let silence = began.duration(to: .now)
            while try await client.json()["setupComplete"] == nil {}
            try await client.send(Self.question)
            return (silence, try await client.turn().asSendable)
        }
        #expect(silence >= .milliseconds(140))
        #expect(turn.order.last == "turnComplete")
    }

    @Test("messages in fragments of any size are whole when joined (pitfall 18)", arguments: [1, 7, 200])
    func fragments(size: Int) async throws {
        let joined = try await play("  - fault: {fragment: \(size)}\n  - behave") { client, _ in
            try await client.send(Self.setup)
            let fragments = try await client.fragments()
            #expect(fragments.allSatisfy { $0.count <= size })
            return String(decoding: fragments.joined(), as: UTF8.self)
        }
        #expect(joined == #"{"setupComplete":{}}"#)
    }

    @Test("bytes dribble, or frames come merged, and nothing is lost of them")
    func segments() async throws {
        let started = ContinuousClock.now
        let dribbled = try await play("  - fault: {split: {bytes: 3, every: 2}}\n  - behave") { client, _ in
            try await client.send(Self.setup)
            return try await client.json()["setupComplete"] != nil
        }
        #expect(dribbled)
        #expect(started.duration(to: .now) >= .milliseconds(10))  // 22 bytes, three at a time
        let pieces = try await play(
            """
              - expect: setup
              - fault: {merge: 100}
              - sendText: one
              - sendText: two
              - wait: 20
              - sendText: three
            """
        ) { client, _ in
            try await client.send(Self.setup)
            return try await client.available()
        }
        #expect(
            pieces == [0x81, 3] + Array("one".utf8) + [0x81, 3] + Array("two".utf8) + [0x81, 5] + Array("three".utf8))
    }

    @Test("pongs come late, and messages meanwhile in time (pitfall 11)")
    func latePongs() async throws {
        let messages = try await play("  - fault: {delayPongs: 0.15}\n  - behave") { client, _ in
            try await client.send(Self.setup)
            while try await client.json()["setupComplete"] == nil {}
            let pinged = ContinuousClock.now
            try await client.send(opcode: 9, [7])
            try await client.send(Self.question)
            var messages = [try await client.receive()]
            while messages.last != .pong([7]) { messages.append(try await client.receive()) }
            #expect(pinged.duration(to: .now) >= .milliseconds(140))
            return messages
        }
        #expect(messages.count > 1)
    }

    @Test("hostile messages arrive as they are, and the service goes on", arguments: HostileMessage.allCases)
    func hostile(message: HostileMessage) async throws {
        let frames = message.frames
        let received = try await play("  - expect: setup\n  - hostile: \(message.rawValue)\n  - sendText: after") {
            client, _ in
            try await client.send(Self.setup)
            var received: [[UInt8]] = []
            for _ in frames { received.append(try await client.frame()) }
            if message != .cutReason && message != .shortClose {
                #expect(try await client.receive() == .text("after"))
            }
            return received
        }
        for (frame, bytes) in zip(frames, received) {
            #expect(Data(bytes) == frame.payload)
        }
    }

    @Test("swallowed: the setup is never answered (17a), sound not heard, questions not answered")
    func swallowed() async throws {
        let quiet = try await play("  - fault: swallowSetup\n  - behave\n  - wait: 100\n  - sendText: end") {
            client, _ in
            try await client.send(Self.setup)
            return try await client.receive()
        }
        #expect(quiet == .text("end"))
        let unanswered = try await play(
            "  - behave\n  - fault: swallowAnswers\n  - expect: text\n  - wait: 100\n  - sendText: end"
        ) { client, _ in
            try await client.send(#"{"setup":{"model":"models/gemini-3.8-live"}}"#)
            while try await client.json()["setupComplete"] == nil {}
            try await client.send(Self.question)
            return try await client.receive()
        }
        #expect(unanswered == .text("end"))
    }

    @Test("after any number of connections that the service ended, the next is heard: descriptors are used again")
    func descriptorsUsedAgain() async throws {
        let answered = try await play("  - expect: setup\n  - drop") { client, url in
            var ended = try await client.dropped(after: Self.setup)
            for _ in 0..<300 where ended { ended = try await LiveClient.connect(url).dropped(after: Self.setup) }
            return ended
        }
        #expect(answered)
    }

    @Test("a mistake in a fault is named with its line, and the nearest right word")
    func mistakes() {
        let wrong = [
            ("fault: stal", "s.yaml:2: no such fault: stal; did you mean stall?"),
            ("fault: {fragment: 0}", "s.yaml:2: a number of bytes is due, 1 to a million"),
            ("fault: {halfOpen: 3}", "s.yaml:2: halfOpen is true, or is left out"),
            ("hostile: nestd", "s.yaml:2: no such hostile message: nestd; did you mean nested?"),
            ("goAway: soon", "s.yaml:2: seconds are due, 0 to a day"),
        ]
        for (step, message) in wrong {
            let error = #expect(throws: RehearsalError.self) {
                try ScenarioReader.read("steps:\n  - \(step)", path: "s.yaml")
            }
            #expect(error == RehearsalError(.badScenario, message))
        }
    }

    @Test("a port that is taken is an error with a relay, too")
    func portTaken() async throws {
        let code = try await play("  - fault: stall") { _, url in
            var configuration = RehearsalConfiguration()
            configuration.chaos = Chaos(seed: 1)
            configuration.port = UInt16(url.split(separator: ":").last ?? "") ?? 0
            do {
                _ = try RehearsalService(configuration)
                return nil as RehearsalError.Code?
            } catch let error as RehearsalError {
                return error.code
            }
        }
        #expect(code == .listen)
    }
}

extension LiveClient {
    /// Whether the service answers a message by ending the connection; ends our side of it, too.
    fileprivate func dropped(after message: String) async throws -> Bool {
        try await send(message)
        defer { try? close() }
        return try await receive() == .dropped
    }
}
