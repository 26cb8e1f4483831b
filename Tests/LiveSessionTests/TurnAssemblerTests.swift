import LiveProtocol
import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TurnAssemblerTests {
    @Test("a plain exchange: partials grow, the answer completes when it was heard, lines become final once")
    func plainExchange() {
        var stage = AssemblerStage()
        stage.user("what time")
        stage.user(" is it")
        #expect(
            stage.take() == [
                .started(turn: 1, speaker: .user),
                .partial(TurnLine(turn: 1, speaker: .user, text: "what time")),
                .partial(TurnLine(turn: 1, speaker: .user, text: "what time is it")),
            ])
        stage.speech(24_000)
        stage.model("It is noon.")
        stage.event(.generationCompleted)
        stage.event(.turnCompleted(reason: nil))
        #expect(
            stage.take() == [
                .started(turn: 2, speaker: .model),
                .partial(TurnLine(turn: 2, speaker: .model, text: "It is noon.")),
            ])
        stage.wait(.milliseconds(900))
        #expect(stage.take().isEmpty, "turnComplete is not the end of playback (pitfall 47)")
        stage.wait(.milliseconds(200))
        #expect(stage.take() == [.completed(turn: 2, speaker: .model, reason: "complete", heard: 24_000)])
        stage.wait(.seconds(3))
        #expect(
            stage.take() == [
                .final(TurnLine(turn: 1, speaker: .user, text: "what time is it")),
                .completed(turn: 1, speaker: .user, reason: "answered", heard: nil),
                .final(TurnLine(turn: 2, speaker: .model, text: "It is noon.")),
            ])
        stage.wait(.seconds(60))
        #expect(stage.take().isEmpty)
    }

    @Test("interrupted is told at once with what was heard, before any turnComplete")
    func interruption() {
        var stage = AssemblerStage()
        stage.user("tell me a story")
        stage.speech(240_000)
        stage.model("Once upon a time there was a very long story about a fox and a crow in a wood")
        stage.wait(.seconds(2))
        _ = stage.take()
        stage.event(.interrupted)
        #expect(stage.take() == [.interrupted(turn: 2, heard: 48_000)])
        stage.event(.turnCompleted(reason: nil))
        #expect(stage.take() == [.completed(turn: 2, speaker: .model, reason: "interrupted", heard: 48_000)])
        stage.user("stop")
        let told = stage.take()
        #expect(told.first == .final(TurnLine(turn: 1, speaker: .user, text: "tell me a story")))
        #expect(told.contains(.started(turn: 3, speaker: .user)))
        stage.wait(.seconds(3))
        let line = stage.finals().first { $0.speaker == .model }
        #expect(line?.heard == "Once upon a")
        #expect(line?.text.hasSuffix("in a wood") == true)
    }

    @Test("interrupted while the finished answer still plays cuts it (gemini-live §5 rule 5)")
    func interruptedAfterTurnComplete() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(48_000)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(1))
        _ = stage.take()
        stage.event(.interrupted)
        #expect(
            stage.take() == [
                .interrupted(turn: 2, heard: 24_000),
                .completed(turn: 2, speaker: .model, reason: "interrupted", heard: 24_000),
            ])
    }

    @Test("interrupted with nothing being said changes nothing (pitfall 40)")
    func interruptedInSilence() {
        var stage = AssemblerStage()
        stage.event(.interrupted)
        stage.event(.turnCompleted(reason: nil))
        #expect(stage.take().isEmpty)
    }

    @Test("speech still on its way when the answer was cut begins no turn")
    func speechAfterCut() {
        var stage = AssemblerStage()
        stage.speech(24_000)
        stage.told += stage.assembler.interruptedHere(at: stage.moment)
        _ = stage.take()
        stage.event(.speech(samples: 960))
        stage.event(.interrupted)
        #expect(stage.take().isEmpty)
        stage.event(.turnCompleted(reason: nil))
        #expect(stage.take() == [.completed(turn: 2, speaker: .model, reason: "interrupted", heard: 0)])
    }

    @Test("after interrupted and turnComplete the next speech is a new turn at once (pitfall 39)")
    func nextAnswerIsNotDropped() {
        var stage = AssemblerStage()
        stage.speech(24_000)
        stage.event(.interrupted)
        stage.event(.turnCompleted(reason: nil))
        _ = stage.take()
        stage.speech(960)
        let turns = stage.take().compactMap { if case .started(let turn, .model) = $0 { turn } else { nil } }
        #expect(turns.count == 1)
    }

    @Test("a turn whose turnComplete never comes is closed by silence (pitfall 50)")
    func missingTurnComplete() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(24_000)
        stage.wait(.seconds(20))
        #expect(stage.told.contains(.completed(turn: 2, speaker: .model, reason: "timeout", heard: 24_000)))
    }

    @Test("a turn may end with nothing said, and says why (gemini-live §5 rule 14)")
    func nothingSaid() {
        var stage = AssemblerStage()
        stage.user("something awful")
        stage.event(.turnCompleted(reason: TurnCompletion(name: "PROHIBITED_INPUT_CONTENT")))
        #expect(
            stage.told.contains(
                .completed(turn: 2, speaker: .model, reason: "PROHIBITED_INPUT_CONTENT", heard: 0)))
    }

    @Test("speech that no event told of counts as the turn's own")
    func untoldSpeech() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(960)
        stage.received += 47_040
        stage.event(.generationCompleted)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(3))
        #expect(stage.told.contains(.completed(turn: 2, speaker: .model, reason: "complete", heard: 48_000)))
    }

    @Test("a device that stalls does not hold the turn open for ever")
    func stalledDevice() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(24_000)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(10), playing: false)
        #expect(stage.told.contains(.completed(turn: 2, speaker: .model, reason: "complete", heard: 0)))
    }

    @Test("a typed message is a whole turn, and its answer follows it in number")
    func typed() {
        var stage = AssemblerStage()
        stage.told += stage.assembler.typed("what time is it", at: stage.moment)
        stage.speech(2_400)
        #expect(stage.told.contains(.completed(turn: 1, speaker: .user, reason: "typed", heard: nil)))
        #expect(stage.told.contains(.started(turn: 2, speaker: .model)))
    }

    @Test("the end makes everything final once")
    func finish() {
        var stage = AssemblerStage()
        stage.user("what time is it")
        stage.speech(24_000)
        stage.model("It is noon.")
        stage.told += stage.assembler.finish(at: stage.moment)
        #expect(stage.finals().map(\.text) == ["what time is it", "It is noon."])
        #expect(stage.finals().last?.heard == "", "nothing of it was played, and nothing will be")
        stage.told = []
        stage.told += stage.assembler.finish(at: stage.moment)
        #expect(stage.told.isEmpty)
    }
}
