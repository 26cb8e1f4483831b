import Assistant
import Events
import LiveProtocol
import TestKit
import Testing

/// What the service does to everybody, and what other clients were seen to make of it.
@Suite("Habits of the service", .timeLimit(.minutes(5)))
struct ServiceHabitsTests {
    private static let generationComplete = #"{"serverContent":{"generationComplete":true}}"#
    private static let turnComplete = #"{"serverContent":{"turnComplete":true}}"#

    private func isModelStart(_ body: Event.Body) -> Bool {
        if case .turnStarted(_, .model) = body { true } else { false }
    }

    /// Voice messages, `count` or more: the gate opens a moment after the session is told to be live.
    private func voice(_ count: Int, on connection: FakeConnection) async -> [String] {
        var messages = connection.takeVoice()
        while messages.count < count, !Task.isCancelled {
            await Task.yield()
            messages += connection.takeVoice()
        }
        return messages
    }

    @Test("turnComplete ends a turn and not the session: answer follows answer on one connection (pitfall 48)")
    func manyAnswers() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for samples in [960, 2_400, 4_801] {
                stage.capture(320)
                #expect(await voice(1, on: connection).count == 1)
                connection.says(speechMessage(samples))
                connection.says(Self.generationComplete)
                connection.says(Self.turnComplete)
                #expect(await stage.events.next(isModelStart) != nil)
                #expect(stage.playOut(10_000) == samples)
            }
            #expect(stage.transport.dialCount == 1)
            #expect(connection.closeCode == nil)
        }
    }

    @Test(
        "a turnComplete in mid-sentence costs nothing: what was said plays, and what follows is said, too (pitfall 49)")
    func prematureTurnComplete() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(2_400))
            connection.says(#"{"serverContent":{"outputTranscription":{"text":"The capital of"}}}"#)
            connection.says(Self.turnComplete)
            connection.says(speechMessage(1_200))
            connection.says(#"{"serverContent":{"outputTranscription":{"text":" France is Paris."}}}"#)
            connection.says(Self.turnComplete)
            #expect(stage.playOut(10_000) == 3_600)
            stage.engine.perform(.hangUp)
            _ = await stage.events.next {
                if case .transcriptFinal(let line) = $0 { line.text.hasSuffix("Paris.") } else { false }
            }
            let said = await stage.events.seen.compactMap { body -> String? in
                if case .transcriptFinal(let line) = body, line.speaker == .model { line.text } else { nil }
            }
            #expect(said == ["The capital of", "France is Paris."])
        }
    }

    @Test("while a turnComplete is owed, the user is heard and what is typed is sent (pitfall 50)")
    func missingTurnComplete() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(960))
            _ = await stage.events.next(isModelStart)
            stage.playOut(10_000)
            stage.clock.advance(by: .seconds(50))
            stage.capture(640)
            #expect(await voice(2, on: connection).count == 2)
            stage.engine.perform(.say("are you there"))
            #expect(await connection.nextSent() == #"{"realtimeInput":{"text":"are you there"}}"#)
            connection.says(speechMessage(480))
            #expect(stage.playOut(10_000) == 480)
        }
    }

    @Test("what the user does between two connections harms nothing: text waits, voice waits, a stop stops (pitfall 7)")
    func sendsWhileReconnecting() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let first = await stage.goLive()
            first.says(speechMessage(4_800))
            _ = await stage.events.next(isModelStart)
            first.ends(Disconnection(.lost))
            _ = await stage.events.next { if case .warning = $0 { true } else { false } }
            stage.engine.perform(.interrupt)
            stage.engine.perform(.say("hello"))
            stage.engine.perform(.say("again"))
            stage.capture(960)
            _ = await stage.events.next {
                if case .transcriptFinal(let line) = $0 { line.text == "again" } else { false }
            }
            #expect(stage.playOut(10_000) == 0, "the stop silenced what had come")
            stage.clock.advance(by: .seconds(1))
            let second = await stage.transport.nextConnection()!
            second.opens()
            #expect(await second.nextSent()?.hasPrefix(#"{"setup":{"#) == true)
            #expect(second.takeVoice().isEmpty)
            second.says(#"{"setupComplete":{}}"#)
            #expect(await second.nextSent() == #"{"realtimeInput":{"text":"hello\nagain"}}"#)
            #expect(await voice(3, on: second).count == 3)
        }
    }

    @Test("what the model thinks is neither printed nor heard as its answer (pitfall 23)")
    func thoughts() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(
                #"{"serverContent":{"modelTurn":{"parts":[{"text":"**Planning**","thought":true},{"thought":true,"inlineData":{"mimeType":"audio/pcm","data":"AQA="}}]}}}"#
            )
            connection.says(speechMessage(960))
            connection.says(#"{"serverContent":{"outputTranscription":{"text":"It is noon."}}}"#)
            _ = await stage.events.next {
                if case .transcriptPartial(let line) = $0 { line.text == "It is noon." } else { false }
            }
            #expect(stage.playOut(10_000) == 960)
            let partials = await stage.events.seen.filter { if case .transcriptPartial = $0 { true } else { false } }
            #expect(partials.count == 1)
        }
    }

    @Test("a call that also stands among the parts of the answer is answered once, for its toolCall (pitfall 24)")
    func callMentionedTwice() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            let call = #"{"id":"f1","name":"lamp","args":{"on":true}}"#
            connection.says(#"{"serverContent":{"modelTurn":{"parts":[{"functionCall":\#(call)}]}}}"#)
            connection.says(#"{"toolCall":{"functionCalls":[\#(call)]}}"#)
            connection.says(#"{"serverContent":{"modelTurn":{"parts":[{"functionCall":\#(call)}]}}}"#)
            connection.says(#"{"serverContent":{"outputTranscription":{"text":"Done."}}}"#)
            _ = await stage.events.next { if case .transcriptPartial = $0 { true } else { false } }
            stage.engine.perform(.say("next"))
            #expect(await connection.nextSent()?.hasPrefix(#"{"toolResponse":{"#) == true)
            #expect(await connection.nextSent() == #"{"realtimeInput":{"text":"next"}}"#)
        }
    }

    @Test("the model talks on while a call is open and after its answer: all of it is one turn, and heard (pitfall 25)")
    func speechAroundCalls() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            connection.says(speechMessage(960))
            connection.says(#"{"toolCall":{"functionCalls":[{"id":"f1","name":"lamp","args":{}}]}}"#)
            connection.says(speechMessage(960))
            _ = await connection.nextSent()
            connection.says(speechMessage(960))
            connection.says(#"{"serverContent":{"outputTranscription":{"text":"One moment. Done."}}}"#)
            connection.says(Self.turnComplete)
            _ = await stage.events.next { if case .transcriptPartial = $0 { true } else { false } }
            #expect(stage.playOut(10_000) == 2_880)
            #expect(await stage.events.seen.filter(isModelStart).count == 1)
        }
    }

    @Test("1011 around a tool call: one resume, then a fresh session; both faults are told (pitfall 17)")
    func internalErrors() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let fault = Disconnection(.closed(code: 1011, reason: "Internal error encountered."))
            let first = await stage.goLive()
            first.says(#"{"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}}"#)
            first.says(speechMessage(960))
            first.says(#"{"toolCall":{"functionCalls":[{"id":"f1","name":"lamp","args":{}}]}}"#)
            _ = await first.nextSent()
            first.ends(fault)
            let second = await stage.transport.nextConnection()!
            second.opens()
            #expect(await second.nextSent()?.contains(#""sessionResumption":{"handle":"h-1"}"#) == true)
            second.says(#"{"setupComplete":{}}"#)
            _ = await stage.events.next { if case .sessionResumed = $0 { true } else { false } }
            second.ends(fault)
            _ = await stage.events.next { if case .warning = $0 { true } else { false } }
            stage.clock.advance(by: .seconds(1))
            let third = await stage.transport.nextConnection()!
            third.opens()
            #expect(await third.nextSent()?.contains(#""sessionResumption":{}"#) == true)
            let told = await stage.events.seen.filter {
                if case .warning(let problem) = $0 { problem.message.contains("Internal error") } else { false }
            }
            #expect(told.count == 2)
        }
    }

    @Test("a sentence that the model repeats is printed and heard as often as it was said (pitfall 27)")
    func repeatedSentence() async throws {
        let stage = EngineStage()
        _ = await stage.play { stage in
            let connection = await stage.goLive()
            for _ in 1...2 {
                connection.says(speechMessage(960))
                connection.says(#"{"serverContent":{"outputTranscription":{"text":"Let me see. "}}}"#)
            }
            _ = await stage.events.next {
                if case .transcriptPartial(let line) = $0 { line.text == "Let me see. Let me see." } else { false }
            }
            #expect(stage.playOut(10_000) == 1_920)
        }
    }
}
