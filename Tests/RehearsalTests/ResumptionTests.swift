import Foundation
import Testing

@testable import Rehearsal

/// What two connections of one session are to each other, over loopback.
@Suite("Resumption", .serialized, .timeLimit(.minutes(5)))
struct ResumptionTests {
    private static func setup(handle: String) -> String {
        #"{"setup":{"model":"models/gemini-3.8-live","sessionResumption":{"handle":"\#(handle)"}}}"#
    }

    /// Begins a session and waits for its first handle.
    private static func begin(_ url: String) async throws -> (LiveClient, handle: String) {
        let client = try await LiveClient.session(url, setup: #","sessionResumption":{}"#)
        while true {
            let update = try await client.json()["sessionResumptionUpdate"] as? [String: Any]
            if update?["resumable"] as? Bool == true { return (client, update?["newHandle"] as? String ?? "") }
        }
    }

    @Test("resuming while the session's old socket is open closes the new one with 1011, and not the old (pitfall 6)")
    func oldSocketOpen() async throws {
        let (refused, again) = try await withService { url in
            let (client, handle) = try await Self.begin(url)
            let second = try await LiveClient.connect(url)
            try await second.send(Self.setup(handle: handle))
            let refused = try await second.closing()
            try await client.send(opcode: 8, [0x03, 0xE8])
            _ = try await client.closing()
            let third = try await LiveClient.connect(url)
            try await third.send(Self.setup(handle: handle))
            return (refused, try await third.json()["setupComplete"] != nil)
        }
        #expect(refused == .close(code: 1011, reason: "Internal error encountered."))
        #expect(again)
    }

    @Test("a handle serves one socket at a time: the second of two that use it is closed with 1011")
    func sharedHandle() async throws {
        let closed = try await withService { url in
            let (client, handle) = try await Self.begin(url)
            try client.close()
            let first = try await LiveClient.connect(url)
            try await first.send(Self.setup(handle: handle))
            while try await first.json()["setupComplete"] == nil {}
            let second = try await LiveClient.connect(url)
            try await second.send(Self.setup(handle: handle))
            return try await second.closing()
        }
        #expect(closed == .close(code: 1011, reason: "Internal error encountered."))
    }

    @Test("a connection that waits without a setup is in nobody's way")
    func warmStandby() async throws {
        let resumed = try await withService { url in
            let standby = try await LiveClient.connect(url)
            let (client, handle) = try await Self.begin(url)
            let other = try await LiveClient.connect(url)
            try client.close()
            try await standby.send(Self.setup(handle: handle))
            let isComplete = try await standby.json()["setupComplete"] != nil
            try other.close()
            return isComplete
        }
        #expect(resumed)
    }

    @Test(
        "a session whose old socket is stalled or half-open can be resumed: its end could not be heard of",
        arguments: ["stall", "halfOpen"])
    func deadSocket(fault: String) async throws {
        let scenario = try ScenarioReader.read(
            "connections:\n  - steps: [behave, {expect: text}, {fault: \(fault)}, {sendText: done}]\n"
                + "  - steps: [behave]", path: "s.yaml")
        let resumed = try await withService {
            $0.scenario = scenario
            $0.hasQuickVoice = true
        } _: { url in
            let (client, handle) = try await Self.begin(url)
            try await client.send(#"{"realtimeInput":{"text":"hello"}}"#)
            // Half open, not even this arrives; the service is then at its next step as soon as it has our question.
            if fault == "stall" { while try await client.receive() != .text("done") {} }
            let next = try await LiveClient.connect(url)
            try await next.send(Self.setup(handle: handle))
            return try await next.receive()
        }
        guard case .binary(let bytes) = resumed else {
            Issue.record("\(resumed)")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"setupComplete":{}}"#)
    }

    @Test("voice that was under way when a connection ended is lost with it, and so is a turn after the handle")
    func lostVoice() async throws {
        let said = try await withService {
            $0.hasQuickVoice = true
        } _: { url in
            let (client, handle) = try await Self.begin(url)
            let sound = voice(milliseconds: 500).withUnsafeBytes { Data($0).base64EncodedString() }
            try await client.send(
                #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"\#(sound)"}}}"#)
            try await client.send(#"{"realtimeInput":{"text":"how far is the moon"}}"#)
            _ = try await client.turn()
            try client.close()
            let next = try await LiveClient.session(
                url, setup: #","outputAudioTranscription":{},"sessionResumption":{"handle":"\#(handle)"}"#)
            try await next.send(#"{"realtimeInput":{"text":"what did I just ask you"}}"#)
            return try await next.turn().said
        }
        #expect(said.trimmingCharacters(in: .whitespaces) == "That was your first question.")
    }

    @Test("a poisoned handle is found by what follows: resumed, transcribed, unanswered (pitfall 5)")
    func poisoned() async throws {
        let scenario = try ScenarioReader.read(
            "connections:\n  - steps: [{fault: poisonHandles}, behave]\n"
                + "  - steps: [behave, {expect: text}, {wait: 100}, {sendText: unanswered}]", path: "s.yaml")
        let message = try await withService {
            $0.scenario = scenario
        } _: { url in
            let (client, handle) = try await Self.begin(url)
            try client.close()
            let next = try await LiveClient.connect(url)
            try await next.send(Self.setup(handle: handle))
            while try await next.json()["sessionResumptionUpdate"] == nil {}
            try await next.send(#"{"realtimeInput":{"text":"hello"}}"#)
            return try await next.receive()
        }
        #expect(message == .text("unanswered"))
    }
}
