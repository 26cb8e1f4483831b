import Assistant
import AudioCore
import Events
import LiveProtocol
import LiveSession
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SessionEngineTests {
    @Test("nothing but the setup is sent before setupComplete, and the voice captured meanwhile follows (pitfall 19)")
    func gateAndPreRoll() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            stage.capture(640)
            let connection = await stage.transport.nextConnection()!
            stage.engine.perform(.say("hello"))
            #expect(connection.takeVoice().isEmpty)
            connection.opens()
            let setup = await connection.nextSent()
            #expect(setup?.hasPrefix(#"{"setup":{"#) == true)
            #expect(connection.takeVoice().isEmpty)
            connection.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next { $0 == .sessionLive(model: "models/gemini-3.8-live", resumed: false) }
            let typed = await connection.nextSent()
            #expect(typed == #"{"realtimeInput":{"text":"hello"}}"#)
            #expect(stage.ports.isStarted)
            #expect(connection.takeVoice().count == 2)
        }
    }

    @Test("a setup that is never answered is given up after 10 s, told and tried again (pitfall 17a)")
    func setupTimeout() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.transport.nextConnection()!
            first.opens()
            _ = await first.nextSent()
            stage.clock.advance(by: .seconds(10))
            let warning = await stage.events.next { if case .warning = $0 { true } else { false } }
            guard case .warning(let problem) = warning else { return }
            #expect(problem.message.contains("setup was not answered"))
            stage.clock.advance(by: .seconds(1))
            #expect(await stage.transport.nextConnection() != nil)
        }
    }

    @Test("a refusal is final after one attempt, with the service's words (invariant 8)")
    func refusal() async throws {
        let stage = EngineStage()
        async let ending = stage.engine.run()
        let connection = await stage.transport.nextConnection()!
        connection.ends(Disconnection(.closed(code: 1007, reason: "API key not valid.")))
        let ended = await ending
        #expect(ended.kind == .refused)
        #expect(ended.reason.contains("API key not valid."))
        #expect(stage.transport.dialCount == 1)
    }

    @Test("an exchange becomes turns and lines, and speech goes to the buffer")
    func exchange() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(#"{"serverContent":{"inputTranscription":{"text":"what time is it"}}}"#)
            connection.says(speechMessage(2_400))
            connection.says(#"{"serverContent":{"outputTranscription":{"text":"It is noon."}}}"#)
            connection.says(speechMessage(2_400))
            connection.says(#"{"serverContent":{"generationComplete":true}}"#)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            _ = await stage.events.next {
                $0.untimed == .transcriptPartial(TranscriptLine(turn: 2, speaker: .model, text: "It is noon."))
            }
            #expect(stage.playOut(10_000) == 4_800)
            // Time moves on when the engine sleeps: first until the answer should have been played.
            stage.clock.advance(by: .milliseconds(250))
            _ = await stage.events.next {
                $0 == .turnCompleted(turn: 2, speaker: .model, reason: "complete", heardMilliseconds: 200)
            }
            stage.clock.advance(by: .seconds(3))
            _ = await stage.events.next {
                $0.untimed == .transcriptFinal(TranscriptLine(turn: 2, speaker: .model, text: "It is noon."))
            }
            let seen = await stage.events.seen
            #expect(seen.contains(.turnStarted(turn: 1, speaker: .user)))
            #expect(
                seen.map(\.untimed).contains(
                    .transcriptFinal(TranscriptLine(turn: 1, speaker: .user, text: "what time is it"))))
        }
    }

    @Test("interrupted beside audio: the audio is dropped, and the cut is told at once (pitfall 28)")
    func interrupted() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(48_000))
            _ = await stage.events.next { $0 == .turnStarted(turn: 2, speaker: .model) }
            #expect(stage.playOut(12_000) == 12_000)
            connection.says(speechMessage(4_800, after: #","interrupted":true"#))
            _ = await stage.events.next { $0 == .turnInterrupted(turn: 2, heardMilliseconds: 500) }
            #expect(stage.playOut(10_000) == 0)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            connection.says(speechMessage(960))
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            #expect(stage.playOut(10_000) == 960, "the next answer is not dropped (pitfall 39)")
        }
    }

    @Test("the user's own stop silences at once, tells the service, and discards until it says so (pitfall 52)")
    func ownInterrupt() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(48_000))
            _ = await stage.events.next { $0 == .turnStarted(turn: 2, speaker: .model) }
            stage.engine.perform(.interrupt)
            let sent = await connection.nextSent()
            #expect(sent == #"{"clientContent":{"turnComplete":false}}"#)
            #expect(stage.playOut(10_000) == 0)
            connection.says(speechMessage(48_000))
            #expect(stage.playOut(10_000) == 0, "what still comes of the stopped answer is discarded")
            connection.says(#"{"serverContent":{"interrupted":true}}"#)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            connection.says(speechMessage(960))
            #expect(stage.playOut(10_000) == 960)
        }
    }

    @Test("the end of the input is told behind the last sample, its answer is awaited, and then it is over")
    func endOfInput() async throws {
        let stage = EngineStage(until: .endOfInput)
        let ending = await stage.play { stage in
            let connection = await stage.goLive()
            stage.capture(480)
            stage.engine.inputEnded()
            connection.says(speechMessage(960))
            _ = await stage.events.next { if case .turnStarted(_, .model) = $0 { true } else { false } }
            let voice = connection.takeVoice()
            #expect(voice.count == 3)
            #expect(voice.last == #"{"realtimeInput":{"audioStreamEnd":true}}"#)
            stage.playOut(960)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            _ = await stage.events.next { if case .turnCompleted(_, .model, _, _) = $0 { true } else { false } }
        }
        #expect(ending.kind == .asked)
        #expect(ending.reason == "the conversation is over")
    }

    @Test("a drop while live is dialled again at once with the newest handle, and the gap is told")
    func dropAndResume() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}}"#)
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"","resumable":false}}"#)
            first.ends(Disconnection(.lost))
            _ = await stage.events.next { if case .warning = $0 { true } else { false } }
            stage.clock.advance(by: .milliseconds(250))
            let second = await stage.transport.nextConnection()!
            stage.capture(320)
            second.opens()
            let setup = await second.nextSent()
            #expect(setup?.contains(#""sessionResumption":{"handle":"h-1"}"#) == true)
            second.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next {
                if case .sessionResumed(.drop, _, 0, "handle") = $0 { true } else { false }
            }
            #expect(second.takeVoice().count == 1, "what was captured in the gap is sent")
        }
    }

    @Test("a line that is silent for 60 s despite pings is given up (pitfall 12)")
    func silentLine() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            var slept = Duration.zero
            while stage.transport.dialCount == 1, slept < .seconds(600), let nap = await stage.clock.nextNap() {
                slept += nap
                stage.clock.advance(by: nap)
            }
            #expect(stage.transport.dialCount == 2)
            #expect(first.pingCount >= 2)
        }
    }

    @Test("malformed messages are one warning, and the session goes on")
    func malformed() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for _ in 1...100 { connection.says(#"{"serverContent":"#) }
            connection.says(String(repeating: "[", count: 100_000))
            connection.says(#"{"serverContent":{"inputTranscription":{"text":"still here"}}}"#)
            _ = await stage.events.next {
                $0.untimed == .transcriptPartial(TranscriptLine(turn: 1, speaker: .user, text: "still here"))
            }
            let warnings = await stage.events.seen.filter { if case .warning = $0 { true } else { false } }
            #expect(warnings.count == 1)
        }
    }

    @Test("a call of a tool that was never offered is answered honestly, once")
    func unknownTool() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(
                #"{"toolCall":{"functionCalls":[{"id":"f1","name":"lamp","args":{"on":true}}]}}"#)
            let sent = await connection.nextSent()
            #expect(sent?.contains(#""id":"f1""#) == true)
            #expect(sent?.contains(#""error""#) == true)
        }
    }

    @Test("a stop after the generation is over silences, says nothing, and does not cost the next answer")
    func lateInterrupt() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(48_000))
            connection.says(#"{"serverContent":{"generationComplete":true}}"#)
            _ = await stage.events.next { $0 == .turnStarted(turn: 2, speaker: .model) }
            stage.engine.perform(.interrupt)
            _ = await stage.events.next { if case .turnInterrupted = $0 { true } else { false } }
            #expect(stage.playOut(10_000) == 0)
            connection.says(#"{"serverContent":{"turnComplete":true}}"#)
            connection.says(speechMessage(960))
            #expect(stage.playOut(10_000) == 960)
        }
    }

    @Test("token counts of any size are added up without a trap")
    func hugeUsage() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for _ in 1...2 {
                connection.says(
                    #"{"usageMetadata":{"totalTokenCount":"9223372036854775807","promptTokenCount":9223372036854775807}}"#
                )
            }
            for _ in 1...2 {
                _ = await stage.events.next { if case .usage = $0 { true } else { false } }
            }
        }
    }

    @Test("muting really stops the input, and the service is told a moment later (pitfall 34)")
    func mute() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            stage.capture(320)
            stage.engine.perform(.mute)
            while !stage.ports.isMuted { await Task.yield() }
            stage.clock.advance(by: .milliseconds(200))
            var voice: [String] = []
            while voice.count < 2 {
                voice += connection.takeVoice()
                await Task.yield()
            }
            #expect(voice.last == #"{"realtimeInput":{"audioStreamEnd":true}}"#)
        }
    }

    @Test("hanging up sends a close frame and ends as asked")
    func hangUp() async throws {
        let stage = EngineStage()
        async let ending = stage.engine.run()
        let connection = await stage.goLive()
        stage.engine.perform(.hangUp)
        #expect(await ending.kind == .asked)
        #expect(connection.closeCode == 1000)
    }
}
