import LiveProtocol
import LiveSession
import Testing

/// Which turn words belong to, whenever they come.
@Suite(.timeLimit(.minutes(5)))
struct TurnWordsTests {
    @Test("the user's words that come after turnComplete belong to the turn before the answer (pitfall 51)")
    func lateUserWords() {
        var stage = AssemblerStage()
        stage.speech(2_400)
        stage.model("It is noon.")
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(1))
        stage.user("what time is it")
        stage.wait(.seconds(5))
        let finals = stage.finals()
        #expect(finals.map(\.speaker) == [.user, .model])
        #expect(finals.map(\.text) == ["what time is it", "It is noon."])
        #expect(finals[0].turn < finals[1].turn)
    }

    /// What a question is, so that words after the last answer's end can be those of the next.
    enum Question: CaseIterable {
        case typed, transcribed, spokenWithoutWordsYet, noticedByTheService, overTheAnswer
    }

    @Test(
        "words that come before an answer's speech begin it, however soon it was asked for (gemini-live §5 rule 8)",
        arguments: Question.allCases)
    func wordsBeforeSpeech(question: Question) {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(24_000)
        stage.model("It is noon.")
        if question != .overTheAnswer {
            stage.event(.turnCompleted(reason: nil))
            stage.wait(.milliseconds(1_100))
        }
        switch question {
        case .typed: stage.told += stage.assembler.typed("and now", at: stage.moment)
        case .transcribed, .spokenWithoutWordsYet:
            stage.assembler.voiceChanged(isVoice: true, at: stage.now)
            stage.assembler.voiceChanged(isVoice: false, at: stage.now + .milliseconds(300))
            if question == .transcribed { stage.user("and now") }
        case .noticedByTheService: stage.event(.voiceActivity(.started(at: nil)))
        case .overTheAnswer:
            stage.event(.interrupted)
            stage.event(.turnCompleted(reason: nil))
        }
        stage.wait(.milliseconds(400), playing: question != .overTheAnswer)
        stage.model("It is")
        stage.speech(24_000)
        stage.model(" one.")
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(5))
        #expect(stage.finals().filter { $0.speaker == .model }.map(\.text) == ["It is noon.", "It is one."])
    }

    @Test("a message typed into the answer does not part a question from its late words (gemini-live §5 rule 8)")
    func typedIntoTheAnswer() {
        var stage = AssemblerStage()
        stage.user("what is")
        stage.speech(48_000)
        stage.model("It is noon.")
        stage.wait(.milliseconds(500))
        stage.told += stage.assembler.typed("and now", at: stage.moment)
        stage.event(.interrupted)
        stage.event(.turnCompleted(reason: nil))
        stage.user(" the time")
        stage.model("It is")
        stage.speech(24_000)
        stage.model(" one.")
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(5))
        let lines = stage.finals().sorted { $0.turn < $1.turn }
        #expect(lines.map(\.text) == ["what is the time", "It is noon.", "and now", "It is one."])
        #expect(lines.map(\.isTyped) == [false, false, true, false])
    }

    @Test("an answer's own words that come after its end, with nothing asked, are still its own (pitfall 51)")
    func lateAnswerWords() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(24_000)
        stage.model("It is")
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.milliseconds(1_100))
        stage.model(" noon.")
        stage.wait(.seconds(5))
        #expect(stage.finals().filter { $0.speaker == .model }.map(\.text) == ["It is noon."])
    }

    @Test("words during the answer complete the question they belong to")
    func lateFragment() {
        var stage = AssemblerStage()
        stage.user("what time")
        stage.speech(24_000)
        stage.user(" is it")
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(5))
        #expect(stage.finals().filter { $0.speaker == .user }.map(\.text) == ["what time is it"])
    }

    @Test("words after the grace are a new turn")
    func newWordsAfterGrace() {
        var stage = AssemblerStage()
        stage.user("hello")
        stage.speech(2_400)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(3))
        stage.user("how are you")
        stage.wait(.seconds(20))
        #expect(stage.finals().filter { $0.speaker == .user }.map(\.text) == ["hello", "how are you"])
    }

    @Test("transcripts that never finish, one character a piece, give one line each (pitfall 51)")
    func characterPieces() {
        var stage = AssemblerStage()
        for character in "what time is it" { stage.user(String(character)) }
        stage.speech(24_000)
        for character in "It is noon." { stage.model(String(character)) }
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(5))
        #expect(stage.finals().map(\.text) == ["what time is it", "It is noon."])
    }

    @Test("interim words replace each other and give way to settled ones")
    func interimWords() {
        var stage = AssemblerStage()
        for text in ["what", "what dime", "what time"] {
            var piece = Transcription(speaker: .user, text: text)
            piece.isInterim = true
            stage.event(.transcription(piece))
        }
        stage.user("what time is it")
        stage.wait(.seconds(11))
        #expect(stage.finals().map(\.text) == ["what time is it"])
    }
}
