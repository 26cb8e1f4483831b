import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

/// A conversation goes on although its connections do not: what a user and a service see of it.
@Suite(.timeLimit(.minutes(5)))
struct ContinuityTests {
    private static let lost = Disconnection(.lost)
    private static let offersHandle = #"{"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}}"#

    @Test(
        "on goAway the next connection is made ahead, and nothing is said on it before the old one is closed (pitfalls 1 and 6)"
    )
    func rotation() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.holdsClose()
            first.says(Self.offersHandle)
            first.says(speechMessage(4_800))
            first.says(#"{"serverContent":{"generationComplete":true,"turnComplete":true}}"#)
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h-2","resumable":true}}"#)
            first.says(#"{"goAway":{"timeLeft":"50s"}}"#)
            let second = await stage.transport.nextConnection()!
            stage.capture(640)
            second.opens()
            #expect(second.takeVoice().isEmpty, "the standby is silent, open gate or not (pitfall 19)")
            _ = await stage.events.next { $0 == .sessionRotating(because: .goAway) }
            while first.closeCode == nil { await Task.yield() }
            #expect(first.closeCode == 1000)
            stage.capture(640)
            #expect(first.takeVoice().isEmpty, "the voice is held from the decision on")
            #expect(stage.playOut(10_000) == 4_800, "what was received plays on")
            #expect(second.sentCount == 0)
            first.ends(Disconnection(.closedHere))
            let setup = await second.nextSent()
            #expect(setup?.contains(#""sessionResumption":{"handle":"h-2"}"#) == true)
            #expect(second.takeVoice().isEmpty, "nothing before setupComplete (invariant 1)")
            second.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next {
                $0 == .sessionResumed(because: .goAway, gapMilliseconds: 0, lostMilliseconds: 0, how: "handle")
            }
            #expect(second.takeVoice().count == 4)
            let warnings = await stage.events.seen.filter { if case .warning = $0 { true } else { false } }
            #expect(warnings.isEmpty)
        }
    }

    @Test("a goAway with 300 s to go changes nothing for 240 s (pitfall 1)")
    func earlyWarning() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.answersPings()
            first.says(Self.offersHandle)
            first.says(#"{"goAway":{"timeLeft":"300s"}}"#)
            await stage.pass(.seconds(239))
            #expect(stage.transport.dialCount == 1)
            await stage.pass(.seconds(2))
            await stage.dialled(2)
            #expect(first.closeCode == nil)
        }
    }

    @Test("an answer under way is not cut by a goAway, unless the time is up")
    func waitsForTheAnswer() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"","resumable":false}}"#)
            first.says(speechMessage(4_800))
            first.says(#"{"goAway":{"timeLeft":"50s"}}"#)
            let second = await stage.transport.nextConnection()!
            second.opens()
            for _ in 1...10 {
                await stage.pass(.seconds(2))
                first.says(speechMessage(48_000))
            }
            #expect(first.closeCode == nil)
            first.says(#"{"serverContent":{"generationComplete":true}}"#)
            first.says(#"{"serverContent":{"turnComplete":true}}"#)
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h-2","resumable":true}}"#)
            _ = await stage.events.next { $0 == .sessionRotating(because: .goAway) }
            let setup = await second.nextSent()
            #expect(setup?.contains("h-2") == true)
        }
    }

    @Test("goAway and an answer that does not end: the change comes 10 s before the time is up (pitfalls 2 and 3)")
    func changesInTime() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.answersPings()
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"","resumable":false}}"#)
            first.says(#"{"goAway":{"timeLeft":"50s"}}"#)
            await stage.pass(.seconds(39))
            #expect(first.closeCode == nil)
            await stage.pass(.seconds(2))
            while first.closeCode == nil { await Task.yield() }
        }
    }

    @Test("without a warning the connection is left before the model's limit (pitfalls 1 and 2)")
    func ownTimer() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.answersPings()
            first.says(Self.offersHandle)
            await stage.pass(.seconds(535))
            #expect(stage.transport.dialCount == 1)
            await stage.pass(.seconds(10))
            let second = await stage.transport.nextConnection()!
            second.opens()
            _ = await stage.events.next { $0 == .sessionRotating(because: .timer) }
        }
    }

    @Test(
        "what was typed while no line was live is sent when one is, and what was not answered is asked again (pitfall 7)"
    )
    func askedAgain() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            stage.engine.perform(.say("one"))
            _ = await first.nextSent()
            first.says(speechMessage(480))
            first.says(#"{"serverContent":{"generationComplete":true,"turnComplete":true}}"#)
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            stage.engine.perform(.say("two"))
            _ = await first.nextSent()
            first.says(speechMessage(480))
            first.ends(Self.lost)
            _ = await stage.events.next {
                if case .warning(let problem) = $0 { problem.code == "session.dropped" } else { false }
            }
            stage.engine.perform(.say("three"))
            let (second, _) = await stage.comeBack()
            let asked = await second.nextSent()
            #expect(asked == #"{"realtimeInput":{"text":"two\nthree"}}"#, "in one message: none cuts another's answer")
            let told = await stage.events.next {
                if case .warning(let problem) = $0 { problem.code == "session.askedAgain" } else { false }
            }
            guard case .warning(let problem) = told else { return }
            #expect(problem.message.contains("“two”"))
            #expect(!problem.message.contains("three"))
        }
    }

    @Test("voice of the gap goes up after the last 200 ms before it; what is too old is counted as lost (invariant 4)")
    func gapIsCounted() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            stage.capture(16_000)
            #expect(first.takeVoice().count == 50)
            first.ends(Self.lost)
            let second = await stage.transport.nextConnection()!
            stage.capture(11 * 16_000)
            second.opens()
            _ = await second.nextSent()
            second.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next {
                $0 == .audioDropped(direction: .input, milliseconds: 1_000, because: "no connection")
            }
            _ = await stage.events.next {
                $0 == .sessionResumed(because: .drop, gapMilliseconds: 0, lostMilliseconds: 1_000, how: "handle")
            }
            #expect(second.takeVoice().count == 10 + 500)
        }
    }

    @Test("a handle that is not known any more leads to a fresh session that is told what was said (pitfalls 4 and 8)")
    func reseeded() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            first.says(#"{"serverContent":{"inputTranscription":{"text":"my name is Ada"}}}"#)
            first.says(#"{"serverContent":{"outputTranscription":{"text":"Hello Ada."}}}"#)
            first.says(#"{"serverContent":{"generationComplete":true,"turnComplete":true}}"#)
            _ = await stage.events.next { if case .turnCompleted(_, .model, _, _) = $0 { true } else { false } }
            first.ends(Self.lost)
            let second = await stage.transport.nextConnection()!
            second.opens()
            #expect(await second.nextSent()?.contains("h-1") == true)
            second.ends(Disconnection(.closed(code: 1008, reason: "BidiGenerateContent session not found")))
            let (third, setup) = await stage.comeBack()
            #expect(!setup.contains("h-1"))
            #expect(setup.contains(#""sessionResumption":{}"#))
            let history = await third.nextSent()
            #expect(
                history
                    == #"{"clientContent":{"turns":[{"role":"user","parts":[{"text":"my name is Ada"}]},{"role":"model","parts":[{"text":"Hello Ada."}]}],"turnComplete":false}}"#
            )
            _ = await stage.events.next { if case .sessionResumed(.drop, _, 0, "reseed") = $0 { true } else { false } }
            _ = await stage.events.next {
                if case .warning(let problem) = $0 { problem.code == "session.memoryThinner" } else { false }
            }
        }
    }

    @Test("a model that waits for its history is told in the setup that it comes (pitfall 56)")
    func reseededAwaiting() async throws {
        let stage = EngineStage(model: "models/gemini-3.1-flash-live-preview")
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(#"{"serverContent":{"outputTranscription":{"text":"Hello."}}}"#)
            first.says(#"{"serverContent":{"turnComplete":true}}"#)
            _ = await stage.events.next { if case .turnCompleted(_, .model, _, _) = $0 { true } else { false } }
            first.ends(Self.lost)
            let (second, setup) = await stage.comeBack()
            #expect(setup.contains(#""historyConfig":{"initialHistoryInClientContent":true}"#))
            #expect(await second.nextSent()?.hasSuffix(#""turnComplete":true}}"#) == true)
        }
    }

    @Test("a service that does not answer is resumed, then begun anew, then told of (pitfalls 5, 25 and 50)")
    func stalls() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.answersPings()
            first.says(Self.offersHandle)
            await stage.pass(.seconds(120))
            #expect(stage.transport.dialCount == 1, "a quiet session is no stalled one")
            stage.engine.perform(.say("hello?"))
            _ = await first.nextSent()
            await stage.pass(.seconds(10))
            _ = await stage.events.next { $0 == .sessionStalled(stage: 1) }
            let (second, resumed) = await stage.comeBack()
            #expect(resumed.contains("h-1"))
            #expect(await second.nextSent() == #"{"realtimeInput":{"text":"hello?"}}"#)
            second.answersPings()
            await stage.pass(.seconds(10))
            _ = await stage.events.next { $0 == .sessionStalled(stage: 2) }
            let (third, fresh) = await stage.comeBack()
            #expect(!fresh.contains("h-1"))
            #expect(await third.nextSent() == #"{"realtimeInput":{"text":"hello?"}}"#)
            third.answersPings()
            await stage.pass(.seconds(10))
            _ = await stage.events.next { $0 == .sessionStalled(stage: 3) }
            await stage.pass(.seconds(60))
            #expect(stage.transport.dialCount == 3, "telling is the last stage")
        }
    }

    @Test("after the machine slept the line is made anew at once, not after a timeout")
    func sleep() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            await stage.pass(.seconds(2))
            stage.machine.sleeps(.seconds(3_600))
            await stage.pass(.seconds(1))
            await stage.dialled(2)
            let (_, setup) = await stage.comeBack()
            #expect(setup.contains("h-1"))
        }
    }

    @Test(
        "a repeated tool call is executed once, and its result is sent again to a session that knows the call (pitfalls 3 and 24)"
    )
    func tools() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(#"{"toolCall":{"functionCalls":[{"id":"f1","name":"lamp","args":{}}]}}"#)
            _ = await first.nextSent()
            first.says(#"{"toolCall":{"functionCalls":[{"id":"f1","name":"lamp","args":{}}]}}"#)
            first.says(Self.offersHandle)
            first.ends(Self.lost)
            let (second, _) = await stage.comeBack()
            #expect(await second.nextSent()?.contains(#""id":"f1""#) == true)
            _ = await stage.events.next { if case .sessionResumed = $0 { true } else { false } }
            let calls = await stage.events.seen.filter { if case .toolCall = $0 { true } else { false } }
            #expect(calls.count == 1)
        }
    }

    @Test("the end of the voice is told again to the next line (pitfall 34)")
    func streamEndIsRepeated() async throws {
        let stage = EngineStage(until: .endOfInput)
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(Self.offersHandle)
            stage.engine.inputEnded()
            var voice: [String] = []
            while voice.isEmpty {
                voice = first.takeVoice()
                await Task.yield()
            }
            first.ends(Self.lost)
            let (second, _) = await stage.comeBack()
            _ = await stage.events.next { if case .sessionResumed = $0 { true } else { false } }
            #expect(second.takeVoice().contains(#"{"realtimeInput":{"audioStreamEnd":true}}"#))
        }
    }
}

extension EngineStage {
    /// Moves time on in steps, each after the engine has gone to sleep again, so that it sees time pass and not jump.
    func pass(_ time: Duration) async {
        let end = clock.elapsed + time
        while clock.elapsed < end {
            while clock.sleeperCount == 0 { await Task.yield() }
            clock.advance(by: min(.milliseconds(250), end - clock.elapsed))
            for _ in 1...20 { await Task.yield() }
        }
    }

    /// Waits until so many connections were dialled.
    func dialled(_ count: Int) async {
        while transport.dialCount < count { await Task.yield() }
    }
}
