import Foundation
import Testing

@testable import Rehearsal

@Suite("The service on loopback", .serialized, .timeLimit(.minutes(5)))
struct ServiceTests {
    @Test("a typed question is answered aloud, in the order that the protocol has (rule 2)")
    func answersAloud() async throws {
        let turn = try await withService { url in
            let client = try await LiveClient.session(url, setup: #","outputAudioTranscription":{}"#)
            try await client.send(#"{"realtimeInput":{"text":"What is two plus two?"}}"#)
            return try await client.turn().asSendable
        }
        #expect(turn.said.trimmingCharacters(in: .whitespaces) == "That is four.")
        #expect(turn.order == ["speech", "generationComplete", "turnComplete"])
        #expect(turn.samples > 12_000)  // more than half a second
        #expect(turn.totalTokens > 0)
    }

    @Test(
        "frames are binary, text or both in turn, as told (pitfall 18)",
        arguments: [(WireFormat.Frames.binary, [false, false]), (.text, [true, true]), (.mixed, [false, true])])
    func frames(kind: WireFormat.Frames, areText: [Bool]) async throws {
        let kinds = try await withService {
            $0.format.frames = kind
            $0.format.isPretty = true
            $0.format.hasExtraFields = true
        } _: { url in
            let client = try await LiveClient.connect(url)
            try await client.send(#"{"setup":{"model":"models/gemini-3.8-live","session_resumption":{}}}"#)
            var kinds: [Bool] = []
            for _ in 0..<2 {
                switch try await client.receive() {
                case .text(let text):
                    #expect(text.contains("\n  \"futureMember\""))
                    kinds.append(true)
                case .binary: kinds.append(false)
                default: Issue.record("neither text nor binary")
                }
            }
            return kinds
        }
        #expect(kinds == areText)
    }

    @Test(
        "the documented paths are served, doubled slashes and all",
        arguments: [
            ("//ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent", 101),
            ("/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained", 101),
            ("/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent?key=x", 101),
            ("/ws/google.ai.generativelanguage.v2.GenerativeService.BidiGenerateContent", 404), ("/", 404),
        ])
    func paths(path: String, status: Int) async throws {
        let answered = try await withService { url in
            do {
                _ = try await LiveClient.connect(url, path: path)
                return 101
            } catch let refused as LiveClient.Refused {
                return refused.status
            }
        }
        #expect(answered == status)
    }

    @Test(
        "a key is taken in each way that clients send it",
        arguments: [
            (["x-goog-api-key": "right"], "", 101), ([:], "?key=right", 101), ([:], "?access_token=right", 101),
            (["Authorization": "Token right"], "", 101), (["Authorization": "Bearer right"], "", 101),
            (["x-goog-api-key": "wrong"], "", 401), ([:], "", 403),
        ])
    func keys(headers: [String: String], query: String, status: Int) async throws {
        let answered = try await withService {
            $0.requiredKey = "right"
        } _: { url in
            do {
                _ = try await LiveClient.connect(url, path: LiveClient.path + query, headers: headers)
                return 101
            } catch let refused as LiveClient.Refused {
                return refused.status
            }
        }
        #expect(answered == status)
    }

    @Test(
        "an upgrade can be refused with a status and Google's kind of body",
        arguments: [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (429, "RESOURCE_EXHAUSTED")])
    func refusal(status: Int, name: String) async throws {
        let body = try await withService {
            $0.refusal = status
        } _: { url in
            do {
                _ = try await LiveClient.connect(url)
                return "connected"
            } catch let refused as LiveClient.Refused {
                return "\(refused.status) \(refused.body)"
            }
        }
        #expect(body.hasPrefix("\(status) "))
        #expect(body.contains(#""status": "\#(name)""#))
    }

    @Test("a wrong model closes with 1008 and its name, a bad message with 1007; reasons fit a close frame")
    func closeCodes() async throws {
        let closes = try await withService { url in
            var closes: [LiveClient.Message] = []
            for setup in [
                #"{"setup":{"model":"models/no-such-model-\#(String(repeating: "x", count: 200))"}}"#,
                #"{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"thinkingConfig":{}}}}"#,
                #"{"realtimeInput":{"text":"too early"}}"#, "{", #"{"clientContent":{},"setup":{}}"#,
            ] {
                let client = try await LiveClient.connect(url)
                try await client.send(setup)
                closes.append(try await client.closing())
            }
            return closes
        }
        let codes = closes.map { close in
            guard case .close(let code, let reason) = close else { return 0 }
            #expect(reason.utf8.count <= 123)
            return code
        }
        #expect(codes == [1008, 1007, 1007, 1007, 1007])
    }

    @Test("fragmented messages and pings between the fragments are taken; beyond the limit is 1009")
    func fragments() async throws {
        let outcome = try await withService {
            $0.largestMessage = 64 << 10
        } _: { url in
            let client = try await LiveClient.connect(url)
            let setup = Array(#"{"setup":{"model":"models/gemini-3.8-live"}}"#.utf8)
            try await client.send(opcode: 1, Array(setup[..<7]), isFinal: false)
            try await client.send(opcode: 0, Array(setup[7..<20]), isFinal: false)
            try await client.send(opcode: 9, [1, 2, 3])
            try await client.send(opcode: 0, Array(setup[20...]))
            let pong = try await client.receive()
            let complete = try await client.json()["setupComplete"] != nil
            let piece = [UInt8](repeating: 0x20, count: 4 << 10)
            try await client.send(opcode: 1, piece, isFinal: false)
            for _ in 0..<16 { try await client.send(opcode: 0, piece, isFinal: false) }
            return (pong, complete, try await client.closing())
        }
        #expect(outcome.0 == .pong([1, 2, 3]))
        #expect(outcome.1)
        #expect(outcome.2 == .close(code: 1009, reason: Refusal.tooLarge(64 << 10).reason))
    }

    @Test("typing while an answer is under way interrupts it, and the new question is answered (rules 4 and 5)")
    func interrupts() async throws {
        let turns = try await withService {
            $0.session.burst = .factor(2)
        } _: { url in
            let client = try await LiveClient.session(url, setup: #","outputAudioTranscription":{}"#)
            try await client.send(#"{"realtimeInput":{"text":"tell me a story"}}"#)
            while try await client.json()["serverContent"] == nil {}
            try await client.send(#"{"realtimeInput":{"text":"stop"}}"#)
            let first = try await client.turn()
            return [first.asSendable, try await client.turn().asSendable]
        }
        #expect(turns[0].order.suffix(2) == ["interrupted", "turnComplete"])
        #expect(!turns[0].order.contains("generationComplete"))
        #expect(turns[1].said.trimmingCharacters(in: .whitespaces) == "All right.")
    }

    @Test("a handle brings the conversation back on a new connection, an unknown one closes with 1008 (pitfall 4)")
    func resumes() async throws {
        let (said, close) = try await withService { url in
            let client = try await LiveClient.session(url, setup: #","sessionResumption":{}"#)
            try await client.send(#"{"realtimeInput":{"text":"how far is the moon"}}"#)
            _ = try await client.turn()
            var handle = ""
            while handle.isEmpty {
                let update = try await client.json()["sessionResumptionUpdate"] as? [String: Any]
                if update?["resumable"] as? Bool == true { handle = update?["newHandle"] as? String ?? "" }
            }
            try client.close()
            let resumed = try await LiveClient.session(
                url, setup: #","outputAudioTranscription":{},"sessionResumption":{"handle":"\#(handle)"}"#)
            try await resumed.send(#"{"realtimeInput":{"text":"what did I just ask you"}}"#)
            let turn = try await resumed.turn()
            let stranger = try await LiveClient.connect(url)
            try await stranger.send(
                #"{"setup":{"model":"models/gemini-3.8-live","sessionResumption":{"handle":"made up"}}}"#)
            return (turn.said, try await stranger.closing())
        }
        #expect(said.contains("how far is the moon"))
        #expect(close == .close(code: 1008, reason: "BidiGenerateContent session not found"))
    }

    @Test("spoken questions are understood from 48 kHz recordings of a person, and answered")
    func hearsAPerson() async throws {
        let recording = "/usr/share/sounds/alsa/Front_Center.wav"
        let data = try #require(FileManager.default.contents(atPath: recording))
        let turn = try await withService { url in
            let client = try await LiveClient.session(
                url, setup: #","inputAudioTranscription":{},"outputAudioTranscription":{}"#)
            // 44 bytes of header; two seconds of quiet let the gate close.
            let pcm = [UInt8](data.dropFirst(44)) + [UInt8](repeating: 0, count: 192_000)
            for start in stride(from: 0, to: pcm.count, by: 1_920) {
                let block = Data(pcm[start..<min(start + 1_920, pcm.count)]).base64EncodedString()
                try await client.send(
                    #"{"realtime_input":{"audio":{"mime_type":"audio/pcm;rate=48000","data":"\#(block)"}}}"#)
            }
            return try await client.turn().asSendable
        }
        #expect("front center".hasPrefix(turn.heard.trimmingCharacters(in: .whitespaces)) && !turn.heard.isEmpty)
        #expect(turn.said.trimmingCharacters(in: .whitespaces) == "I heard front center. Your microphone works.")
    }

    @Test("an address in use is an error that says so")
    func addressInUse() async throws {
        let error = try await withService { url in
            var configuration = RehearsalConfiguration()
            configuration.port = UInt16(url.split(separator: ":").last ?? "") ?? 0
            let second = try RehearsalService(configuration)
            do {
                try await second.run()
                return nil as RehearsalError?
            } catch let error as RehearsalError {
                return error
            }
        }
        #expect(error?.code == .listen)
    }
}

extension LiveClient.Turn {
    /// The parts of a turn that can leave a task.
    struct Summary: Sendable {
        let order: [String]
        let samples: Int
        let said: String
        let heard: String
        let totalTokens: Int
    }

    var asSendable: Summary {
        Summary(
            order: order, samples: samples, said: said, heard: heard, totalTokens: usage["totalTokenCount"] as? Int ?? 0
        )
    }
}
