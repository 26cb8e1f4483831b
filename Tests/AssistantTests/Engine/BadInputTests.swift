import Events
import LiveProtocol
import TestKit
import Testing

/// Whatever the service says, it costs the user a sentence at most.
@Suite(.timeLimit(.minutes(5)))
struct BadInputTests {
    private func warnings(_ stage: EngineStage) async -> [Problem] {
        await stage.events.seen.compactMap { if case .warning(let problem) = $0 { problem } else { nil } }
    }

    /// Waits until everything said so far has been handled.
    private func settle(_ stage: EngineStage, _ connection: FakeConnection, turn: Int) async {
        connection.says(#"{"serverContent":{"inputTranscription":{"text":"turn \#(turn)"}}}"#)
        _ = await stage.events.next { if case .transcriptPartial = $0 { true } else { false } }
    }

    @Test(
        "what cannot be read, is not known or is an error is told once, then counted, and told again later",
        arguments: [
            ("message.undecodable", "{"), ("message.unknown", #"{"serverContent":{"brandNew":1}}"#),
            ("message.unknown", #"{"serverContent":"no object"}"#), ("service.error", #"{"error":{"message":"no"}}"#),
            ("message.undecodable", String(repeating: "[", count: 100_000)),
        ])
    func told(code: String, message: String) async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for _ in 1...50 { connection.says(message) }
            await settle(stage, connection, turn: 1)
            #expect(await warnings(stage).map(\.code) == [code])
            stage.clock.advance(by: .seconds(599))
            connection.says(message)
            await settle(stage, connection, turn: 2)
            if code == "message.unknown" {
                #expect(await warnings(stage).filter { $0.code == code }.count == 1)
            } else {
                #expect(
                    await warnings(stage).last { $0.code == code }?.message.contains("(and 49 more like it)") == true)
            }
        }
    }

    @Test("no warning is longer than people read, however long the service's words are")
    func long() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            let long = String(repeating: "long ", count: 100_000)
            connection.says(#"{"\#(long)":1,"error":{"message":"\#(long)"}}"#)
            let part = #"{"inlineData":{"mimeType":"\#(long)","data":"AAAA"}},{"fileData":{"fileUri":"\#(long)"}}"#
            connection.says(#"{"serverContent":{"modelTurn":{"parts":[\#(part)]}}}"#)
            await settle(stage, connection, turn: 1)
            let told = await warnings(stage)
            #expect(told.map(\.code) == ["message.unknown", "service.error", "part.notKept", "part.notKept"])
            #expect(told.allSatisfy { $0.message.utf8.count < 700 })
        }
    }

    @Test("a service that makes up modalities does not make the account of tokens grow")
    func modalities() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for message in 0..<20 {
                let counts = (0..<50).map { #"{"modality":"M\#(message * 50 + $0)","tokenCount":1}"# }
                connection.says(#"{"usageMetadata":{"promptTokensDetails":[\#(counts.joined(separator: ","))]}}"#)
            }
            await settle(stage, connection, turn: 1)
            let reports = await stage.events.seen.compactMap { if case .usage(let report) = $0 { report } else { nil } }
            #expect(reports.count == 20)
            #expect(reports.allSatisfy { $0.session.input.count <= 17 && $0.turn.input.count <= 17 })
            #expect(reports.last?.session.input.values.reduce(0, +) == 1_000)
        }
    }
}
