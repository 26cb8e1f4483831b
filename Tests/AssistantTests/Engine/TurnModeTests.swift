import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

/// The modes, through the engine: what the service gets, and what is told.
@Suite(.timeLimit(.minutes(5)))
struct TurnModeTests {
    private static let start = #"{"realtimeInput":{"activityStart":{}}}"#
    private static let end = #"{"realtimeInput":{"activityEnd":{}}}"#
    private static let streamEnd = #"{"realtimeInput":{"audioStreamEnd":true}}"#

    private func stage(
        _ mode: TurnMode, _ change: (inout TurnKeeper.Configuration) -> Void = { _ in }
    ) -> EngineStage {
        var turns = TurnKeeper.Configuration()
        turns.mode = mode
        change(&turns)
        return EngineStage(turns: turns)
    }

    @Test("hold: the service is told of the turn, and gets what is said in it and nothing else (pitfall 20)")
    func hold() async throws {
        let stage = stage(.hold)
        _ = await stage.play { stage in
            let connection = await stage.transport.nextConnection()!
            connection.opens()
            let setup = await connection.nextSent() ?? ""
            #expect(setup.contains(#""automaticActivityDetection":{"disabled":true}"#))
            connection.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next { if case .sessionLive = $0 { true } else { false } }
            stage.capture(16_000)
            await stage.pass(.milliseconds(250))
            #expect(connection.takeVoice().isEmpty)
            stage.engine.perform(.press)
            await stage.hasObeyed()
            await stage.pass(.milliseconds(250))
            stage.capture(1_600)
            let begun = await stage.voice(on: connection) { $0.count >= 16 }
            #expect(begun.first == Self.start)
            #expect(begun.count == 1 + (3_200 + 1_600) / 320, "200 ms from before the press, and all since")
            stage.engine.perform(.release)
            await stage.hasObeyed()
            stage.capture(16_000)
            let ended = await stage.voice(on: connection) { $0.last == Self.end }
            #expect(ended.count == 9, "150 ms from after the release, in eight packets, and the mark")
            #expect(ended.last == Self.end)
        }
        #expect(stage.voice.samplesDropped == 0)
    }

    @Test("a mode that needs another setup changes the line in a quiet moment; the old one is treated as it was set up")
    func change() async throws {
        let stage = stage(.open)
        _ = await stage.play { stage in
            let first = await stage.goLive()
            stage.capture(320)
            first.holdsClose()
            stage.engine.perform(.mode(.toggle))
            _ = await stage.events.next { $0 == .turnsMode(mode: "toggle", because: "asked") }
            let old = await stage.voice(on: first) { $0.last == Self.streamEnd }
            #expect(old.count == 2)
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h","resumable":true}}"#)
            let second = await stage.transport.nextConnection()!
            second.opens()
            _ = await stage.events.next { $0 == .sessionRotating(because: .request) }
            while first.closeCode == nil, !Task.isCancelled { await Task.yield() }
            first.ends(Disconnection(.closedHere))
            let setup = await second.nextSent()
            #expect(setup?.contains(#""disabled":true"#) == true)
            second.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next { if case .sessionResumed = $0 { true } else { false } }
            stage.engine.perform(.press)
            await stage.hasObeyed()
            await stage.pass(.milliseconds(250))
            stage.capture(640)
            stage.engine.perform(.press)
            await stage.hasObeyed()
            stage.capture(3_200)
            let turn = await stage.voice(on: second) { $0.last == Self.end }
            #expect(turn.first == Self.start)
            #expect(turn.last == Self.end)
            #expect(turn.filter { $0 == Self.start || $0 == Self.end }.count == 2)
        }
    }

    @Test("local: a turn of our detector, with its pre-roll, between marks")
    func local() async throws {
        let stage = stage(.local)
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.capture(16_000)
            stage.hears(true)
            stage.capture(4_800)
            stage.hears(false)
            stage.capture(9_600)
            let voice = await stage.voice(on: connection) { $0.last == Self.end }
            #expect(voice.first == Self.start)
            #expect(voice.last == Self.end)
            // 300 ms before, 300 ms of voice, 480 ms of quiet.
            #expect(stage.voice.samplesSent == 4_800 + 4_800 + 7_680)
        }
    }

    @Test("wake: asleep nothing leaves; the sentence behind the wake word goes up with 1.5 s from before it")
    func wake() async throws {
        let stage = stage(.wake)
        _ = await stage.play { stage in
            _ = await stage.events.next { $0 == .wakeAsleep(because: "mode") }
            let connection = await stage.goLive()
            stage.hears(true)
            stage.capture(64_000)
            await stage.pass(.milliseconds(250))
            #expect(connection.takeVoice().isEmpty)
            stage.engine.wakeWordHeard(because: "a test", backBy: .milliseconds(500))
            _ = await stage.events.next { $0 == .wakeHeard(because: "a test") }
            let turn = await stage.voice(on: connection, until: { $0.count > 100 })
            #expect(turn.first == Self.start)
            let sent = stage.voice.samplesSent
            #expect(sent == 32_000)
        }
    }

    @Test("muting in a manual turn ends it, and is told")
    func mute() async throws {
        let stage = stage(.hold)
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.engine.perform(.press)
            await stage.hasObeyed()
            await stage.pass(.milliseconds(250))
            stage.capture(320)
            _ = await stage.voice(on: connection) { $0.count == 2 }
            stage.engine.perform(.mute)
            _ = await stage.events.next { $0 == .audioMuted(true) }
            #expect(stage.ports.isMuted)
            let rest = await stage.voice(on: connection) { $0.last == Self.end }
            #expect(rest == [Self.end])
            stage.engine.perform(.unmute)
            _ = await stage.events.next { $0 == .audioMuted(false) }
        }
    }

    @Test("muted from the beginning: nothing of the microphone leaves, and nothing is told that nobody did")
    func mutedFromTheBeginning() async throws {
        let stage = stage(.open) { $0.isMuted = true }
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            #expect(stage.ports.isMuted)
            stage.capture(16_000)
            await stage.hasObeyed()
            await stage.pass(.milliseconds(500))
            #expect(connection.takeVoice() == [], "not even an end of what never began")
            stage.engine.perform(.unmute)
            _ = await stage.events.next { $0 == .audioMuted(false) }
            #expect(await !stage.events.seen.contains(.audioMuted(true)))
            #expect(!stage.ports.isMuted)
            stage.capture(320)
            _ = await stage.voice(on: connection) { $0.contains { $0.contains("audio/pcm") } }
        }
    }

    @Test("a mode that was asked for before it began is told as asked")
    func askedBefore() async throws {
        var turns = TurnKeeper.Configuration()
        turns.mode = .hold
        let stage = EngineStage(turns: turns, modeReason: "asked")
        _ = await stage.play { stage in
            _ = await stage.events.next { $0 == .turnsMode(mode: "hold", because: "asked") }
        }
    }

    @Test("devices that nobody needs are let rest, and run again with the key")
    func rest() async throws {
        let stage = stage(.hold)
        _ = await stage.play { stage in
            _ = await stage.goLive()
            #expect(stage.ports.devicesAtRest.isEmpty)
            await stage.pass(.seconds(40))
            // Nothing is said meanwhile, which would bring them back as well.
            while stage.ports.devicesAtRest != [.microphone, .loudspeaker] { await Task.yield() }
            stage.engine.perform(.press)
            while !stage.ports.devicesAtRest.isEmpty { await Task.yield() }
        }
    }

    @Test("half: while the answer plays nothing goes up, and the service is told so (pitfall 34)")
    func half() async throws {
        let stage = stage(.half)
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.capture(320)
            _ = await stage.voice(on: connection) { $0.count == 1 }
            connection.says(speechMessage(2_400))
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            let closed = await stage.voice(on: connection) { !$0.isEmpty }
            #expect(closed == [Self.streamEnd])
            stage.capture(1_600)
            #expect(connection.takeVoice() == [])
            stage.playOut(2_400)
            await stage.pass(.milliseconds(750))
            stage.capture(320)
            _ = await stage.voice(on: connection) { !$0.isEmpty }
            #expect(stage.voice.samplesSent == 640)
        }
    }

    @Test("words over the answer that the service does not act upon end it here after 1.5 s (pitfall 41)")
    func bargeIn() async throws {
        let stage = stage(.open)
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(48_000))
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            #expect(stage.playOut(12_000) == 12_000)
            stage.hears(true)
            stage.capture(4_000)
            stage.engine.voiceChanged()
            await stage.hasObeyed()
            connection.says(#"{"serverContent":{"inputTranscription":{"text":"no"}}}"#)
            await stage.pass(.milliseconds(2_000))
            _ = await stage.events.next { if case .turnInterrupted = $0 { true } else { false } }
            #expect(stage.playOut(48_000) == 0)
        }
    }
}

extension EngineStage {
    /// Waits until everything that was asked of the engine has been done.
    func hasObeyed() async {
        engine.perform(.say("obeyed?"))
        _ = await events.next { if case .turnCompleted(_, .user, "typed", _) = $0 { true } else { false } }
    }

    /// What goes up until `isEnough`; time passes meanwhile.
    func voice(on connection: FakeConnection, until isEnough: ([String]) -> Bool) async -> [String] {
        var messages = connection.takeVoice()
        while !isEnough(messages), !Task.isCancelled {
            await pass(.milliseconds(50))
            messages += connection.takeVoice()
        }
        return messages
    }

    /// The voice detector changes its mind at what is captured next.
    func hears(_ isVoice: Bool) {
        ports.voiceActivity.observe(isVoice, at: voice.captured, capturedAt: ports.now)
        engine.voiceChanged()
    }
}
