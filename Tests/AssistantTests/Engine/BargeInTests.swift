import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

/// Speaking over the answer, through the engine: what the listener hears of it (pitfall 41).
@Suite(.timeLimit(.minutes(5)))
struct BargeInTests {
    /// A period of the loudspeaker, 20 ms.
    private static let period = 480

    private func ramp(_ range: Range<Int>) -> [Int16] { range.map { Int16(truncatingIfNeeded: $0) } }

    /// Two seconds of an answer, half a second of which has been heard; 40 ms are in the device.
    private func answering(_ stage: EngineStage) async -> FakeConnection {
        let connection = await stage.goLive()
        stage.deepen(to: 960)
        connection.says(speechMessage(ramp(0..<48_000)))
        _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
        stage.playOut(12_960)
        #expect(stage.heard.count == 12_000)
        return connection
    }

    /// Somebody makes a sound of `milliseconds` over the answer.
    private func sound(_ milliseconds: Int, on stage: EngineStage) async {
        stage.hears(true)
        stage.capture(milliseconds * 16)
        if milliseconds < 400 { stage.hears(false) }
        stage.engine.voiceChanged()
        await stage.hasObeyed()
    }

    @Test("20 ms of what the detector is sure of silence the answer within a period, and not a sample more is heard")
    func silences() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            _ = await answering(stage)
            await sound(10, on: stage)
            #expect(stage.playOut(Self.period) == Self.period, "less stops nothing")
            await sound(20, on: stage)
            for _ in 0..<20 { #expect(stage.playOut(Self.period) == 0) }
            #expect(stage.heard.count == 12_000 + Self.period)
            #expect(stage.speech.isHeld)
        }
    }

    @Test("a false alarm of 250 ms: 1.5 s later the answer goes on with the very next sample, and all of it was heard")
    func falseAlarm() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await answering(stage)
            await sound(250, on: stage)
            #expect(stage.playOut(Self.period) == 0)
            stage.capture(20_000)
            await stage.pass(.milliseconds(1_400))
            await stage.hasObeyed()
            #expect(stage.playOut(Self.period) == 0)
            await stage.pass(.milliseconds(150))
            await stage.hasObeyed()
            connection.says(#"{"serverContent":{"generationComplete":true}}"#)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            #expect(stage.playOut(48_000) == 36_000)
            stage.deepen(to: 0)
            stage.playOut(0)
            #expect(stage.heard == ramp(0..<48_000))
            // The engine may have looked before it was played, and looks again when it should have been.
            await stage.pass(.milliseconds(1_600))
            _ = await stage.events.next {
                if case .turnCompleted(_, .model, "complete", 2_000) = $0 { true } else { false }
            }
        }
        let seen = await stage.events.seen
        #expect(!seen.contains { if case .turnInterrupted = $0 { true } else { false } })
    }

    @Test("the service's interruption drops what was silenced for good; the next answer plays from its first sample")
    func interrupted() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await answering(stage)
            await sound(250, on: stage)
            #expect(stage.playOut(Self.period) == 0)
            connection.says(#"{"serverContent":{"interrupted":true}}"#)
            _ = await stage.events.next {
                if case .turnInterrupted(_, heardMilliseconds: 500) = $0 { true } else { false }
            }
            #expect(!stage.speech.isHeld)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            connection.says(speechMessage(ramp(50_000..<60_000)))
            stage.deepen(to: 0)
            var taken = 0
            while taken < 10_000, !Task.isCancelled { taken += stage.playOut(10_000) }
            #expect(stage.heard == ramp(0..<12_000) + ramp(50_000..<60_000))
            await stage.pass(.milliseconds(2_000))
            await stage.hasObeyed()
            #expect(!stage.speech.isHeld)
        }
    }

    @Test("an answer that waits for a loudspeaker is not playing, and is not silenced")
    func withoutLoudspeaker() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            _ = await answering(stage)
            stage.engine.outputAway(true)
            await stage.hasObeyed()
            await sound(250, on: stage)
            #expect(!stage.speech.isHeld)
            stage.engine.outputAway(false)
            await stage.hasObeyed()
            await sound(250, on: stage)
            #expect(stage.speech.isHeld)
        }
    }

    @Test("who talks on behind the interruption silences nothing: the answer to it is heard from its first sample")
    func talksOn() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await answering(stage)
            stage.hears(true)
            stage.capture(8_000)
            stage.engine.voiceChanged()
            await stage.hasObeyed()
            connection.says(#"{"serverContent":{"interrupted":true}}"#)
            _ = await stage.events.next { if case .turnInterrupted = $0 { true } else { false } }
            for _ in 0..<10 {
                stage.capture(1_600)
                await stage.pass(.milliseconds(100))
                await stage.hasObeyed()
                #expect(!stage.speech.isHeld, "nothing plays that could be silenced")
            }
            stage.hears(false)
            stage.engine.voiceChanged()
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            connection.says(speechMessage(ramp(50_000..<60_000)))
            stage.deepen(to: 0)
            var taken = 0
            while taken < 10_000, !Task.isCancelled { taken += stage.playOut(10_000) }
            #expect(stage.heard == ramp(0..<12_000) + ramp(50_000..<60_000))
        }
    }
}
