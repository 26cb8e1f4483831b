import Assistant
import AudioCore
import AudioDevices
import Dispatch
import Events
import LiveProtocol
import LiveSession
import LiveTransport
import Rehearsal
import Synchronization
import TestKit
import Testing

/// The engine over the real socket, against the rehearsal service: two codecs that share nothing.
@Suite(.timeLimit(.minutes(5)))
struct RehearsedConversationTests {
    @Test("a typed question is answered by voice and in words over a real socket")
    func typedQuestion() async throws {
        try await rehearse { stage in
            let answer = await stage.ask("what is two plus two")
            #expect(answer.lowercased().contains("four"))
            let completed = await stage.events.seen.compactMap { body -> Int? in
                guard case .turnCompleted(_, .model, "complete", let heard?) = body else { return nil }
                return heard
            }
            #expect(completed.count == 1)
            #expect(completed.first ?? 0 > 300)
        }
    }

    @Test("a session resumed after a reset remembers what was said (pitfall 4)")
    func resumed() async throws {
        try await rehearse { stage in
            _ = await stage.ask("tell me about whales")
            stage.network.reset()
            let how = await stage.cameBack()
            #expect(how == "handle")
            #expect(await stage.ask("what did I just ask").contains("whales"))
        }
    }

    @Test(
        "a session whose handle has expired is begun anew and told what was said (pitfall 8)",
        arguments: [
            "models/gemini-3.8-live", "models/gemini-3.1-flash-live-preview",
        ])
    func reseeded(model: String) async throws {
        var service = RehearsalConfiguration()
        service.handleLifetime = .zero
        try await rehearse(service, model: model) { stage in
            _ = await stage.ask("tell me about whales")
            stage.network.reset()
            let how = await stage.cameBack()
            #expect(how == "reseed")
            #expect(await stage.ask("what did I just ask").contains("whales"))
        }
    }

    @Test(
        "a connection limit with a warning is never met: the line is changed before, and the service remembers (pitfall 1)"
    )
    func rotated() async throws {
        var service = RehearsalConfiguration()
        service.session.connectionLimit = .seconds(8)
        service.session.goAwayBefore = .seconds(6)
        try await rehearse(service) { stage in
            _ = await stage.ask("tell me about whales")
            let how = await stage.cameBack()
            #expect(how == "handle")
            #expect(!(await stage.events.seen.contains { if case .warning = $0 { true } else { false } }))
            #expect(await stage.ask("what did I just ask").contains("whales"))
        }
    }
}

/// An engine that talks to a rehearsal service through a network that can be broken, with somebody who listens.
private struct RehearsedStage: Sendable {
    let engine: SessionEngine
    let events: EventLog
    let network: ImpairmentProxy

    /// Types a question. - Returns: the transcript of the answer, whole.
    func ask(_ question: String) async -> String {
        engine.perform(.say(question))
        await events.next {
            if case .transcriptFinal(let line) = $0 { line.speaker == .user && line.text == question } else { false }
        }
        let told = await events.next {
            if case .transcriptFinal(let line) = $0 { line.speaker == .model } else { false }
        }
        guard case .transcriptFinal(let line) = told else { return "" }
        return line.text
    }

    /// Waits until the session is live again. - Returns: how it was brought back.
    func cameBack() async -> String {
        let told = await events.next { if case .sessionResumed = $0 { true } else { false } }
        guard case .sessionResumed(_, _, _, let how) = told else { return "" }
        return how
    }
}

private func rehearse(
    _ configuration: RehearsalConfiguration = RehearsalConfiguration(), model: String = "models/gemini-3.8-live",
    _ script: @Sendable (RehearsedStage) async throws -> Void
) async throws {
    let service = try RehearsalService(configuration)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await service.run() }
        let url = try await service.url()
        let network = try ImpairmentProxy(to: try #require(Int(url.split(separator: ":").last!)))

        let bus = EventBus()
        let events = EventLog(bus)
        let ring = SampleRing(minimumCapacity: 1 << 16)
        let speech = SpeechBuffer()
        let ports = FakePorts { MonotonicClock().now }
        let loudspeaker = Mutex(Loudspeaker(reader: speech.makeReader(cushion: .zero), clock: ports.clock))
        let engine = SessionEngine(
            configuration: SessionEngine.Configuration(
                endpoint: Endpoint(
                    host: "127.0.0.1", port: network.port, isSecure: false,
                    path: "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"),
                setup: SessionSetup(model: model), until: .never),
            parts: SessionEngine.Parts(
                dialect: GeminiDialect(model: model), transport: WebSocketTransport(),
                voice: Voice(source: VoiceSource(ring)), speech: SpeechSink(speech), ports: ports,
                announcer: Announcer(bus: bus) { 0 }, time: EngineTime.ofMachine(), random: { 0 }))
        async let ending = engine.run()
        // A device's clock: a task that span would starve the tests beside it.
        let player = DispatchSource.makeTimerSource()
        player.setEventHandler { loudspeaker.withLock { _ = $0.play(24_000, at: ports.now) } }
        player.schedule(deadline: .now(), repeating: .milliseconds(20))
        player.resume()
        defer { player.cancel() }
        await events.next { if case .sessionLive = $0 { true } else { false } }
        do { try await script(RehearsedStage(engine: engine, events: events, network: network)) } catch {
            engine.perform(.hangUp)
            _ = await ending
            throw error
        }
        engine.perform(.hangUp)
        #expect(await ending.kind == .asked)
        group.cancelAll()
    }
}
