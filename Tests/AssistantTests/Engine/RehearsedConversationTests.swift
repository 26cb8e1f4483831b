import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import LiveTransport
import Rehearsal
import Synchronization
import TestKit
import Testing

/// The engine over the real socket, against the rehearsal service: two codecs that share nothing.
@Suite(.timeLimit(.minutes(1)))
struct RehearsedConversationTests {
    @Test("a typed question is answered by voice and in words over a real socket")
    func typedQuestion() async throws {
        let service = try RehearsalService(RehearsalConfiguration())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.run() }
            let url = try await service.url()
            let port = try #require(Int(url.split(separator: ":").last!))

            let bus = EventBus()
            let events = EventLog(bus)
            let ring = SampleRing(minimumCapacity: 1 << 16)
            let voice = Voice(source: VoiceSource(ring))
            let speech = SpeechBuffer()
            let ports = FakePorts()
            let loudspeaker = Mutex(Loudspeaker(reader: speech.makeReader(cushion: .zero), clock: ports.clock))
            let engine = SessionEngine(
                configuration: SessionEngine.Configuration(
                    endpoint: Endpoint(
                        host: "127.0.0.1", port: port, isSecure: false,
                        path: "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"),
                    setup: SessionSetup(), until: .never),
                parts: SessionEngine.Parts(
                    dialect: GeminiDialect(), transport: WebSocketTransport(), voice: voice,
                    speech: SpeechSink(speech), ports: ports, bus: bus, time: EngineTime.ofMachine(),
                    wallClock: { 0 }, random: { 0 }))
            async let ending = engine.run()

            await events.next { if case .sessionLive = $0 { true } else { false } }
            engine.perform(.say("what is two plus two"))
            await events.next { if case .transcriptPartial(let line) = $0 { line.speaker == .model } else { false } }
            let player = Task {
                while !Task.isCancelled {
                    loudspeaker.withLock { _ = $0.play(24_000) }
                    await Task.yield()
                }
            }
            await events.next { if case .turnCompleted(_, .model, _, _) = $0 { true } else { false } }
            player.cancel()
            engine.perform(.hangUp)
            #expect(await ending.kind == .asked)

            let seen = await events.seen
            guard case .turnCompleted(_, _, let reason, let heard) = seen.last else { return }
            #expect(reason == "complete")
            #expect(heard ?? 0 > 300)
            let lines = seen.compactMap { body -> String? in
                if case .transcriptPartial(let line) = body, line.speaker == .model { line.text } else { nil }
            }
            #expect(lines.last?.lowercased().contains("four") == true)
            group.cancelAll()
        }
    }
}
