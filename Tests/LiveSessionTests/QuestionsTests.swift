import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct QuestionsTests {
    private func texts(_ questions: Questions) -> [String] { questions.due.map(\.text) }

    /// One typed question of turn 1, sent.
    private func asked() -> Questions {
        var questions = Questions()
        questions.typed("why?", turn: 1, now: .zero)
        questions.sent(now: .zero)
        return questions
    }

    @Test("what is typed waits until it is sent, and is sent once (pitfall 7)")
    func sentOnce() {
        var questions = Questions()
        questions.typed("why?", turn: 1, now: .zero)
        #expect(texts(questions) == ["why?"])
        questions.sent(now: .zero)
        #expect(texts(questions) == [])
    }

    @Test("a question whose answer was lost with the line is asked again, however old it is")
    func askedAgain() {
        var questions = asked()
        questions.answerBegan(turn: 2)
        questions.lineEnded(keepsSpoken: false, now: .seconds(100))
        #expect(texts(questions) == ["why?"])
    }

    @Test("an answered question is not asked again, and neither is one that was answered with silence")
    func answered() {
        var questions = asked()
        questions.answerBegan(turn: 2)
        questions.answerEnded(awaitsTurnEnd: true)
        questions.turnCompleted()
        questions.lineEnded(keepsSpoken: false, now: .seconds(1))
        #expect(texts(questions) == [])

        var silent = asked()
        silent.turnCompleted()
        silent.lineEnded(keepsSpoken: false, now: .seconds(1))
        #expect(texts(silent) == [])
    }

    @Test("the end of the turn before does not answer what was typed after its answer")
    func lateTurnEnd() {
        var questions = asked()
        questions.answerBegan(turn: 2)
        questions.answerEnded(awaitsTurnEnd: true)
        questions.typed("and then?", turn: 3, now: .seconds(1))
        questions.sent(now: .seconds(1))
        questions.turnCompleted()
        questions.lineEnded(keepsSpoken: false, now: .seconds(2))
        #expect(texts(questions) == ["and then?"])
    }

    @Test("an answer answers what came before it only")
    func onlyEarlier() {
        var questions = asked()
        questions.answerBegan(turn: 2)
        questions.typed("and then?", turn: 3, now: .seconds(1))
        questions.sent(now: .seconds(1))
        questions.answerEnded(awaitsTurnEnd: true)
        questions.lineEnded(keepsSpoken: false, now: .seconds(2))
        #expect(texts(questions) == ["and then?"])
    }

    @Test("a question at which the line breaks every time is asked eight times more, and then told as lost")
    func breaksTheLine() {
        var questions = asked()
        for repeats in 1...Questions.mostRepeats {
            #expect(questions.lineEnded(keepsSpoken: false, now: .seconds(repeats)).isEmpty)
            #expect(questions.due.count == 1)
            questions.sent(now: .seconds(repeats))
        }
        let lost = questions.lineEnded(keepsSpoken: false, now: .seconds(20))
        #expect(lost.map(\.turn) == [1])
        #expect(questions.open.isEmpty)
    }

    @Test("a line that breaks before a question was sent does not count as a try")
    func neverSent() {
        var questions = Questions()
        questions.typed("why?", turn: 1, now: .zero)
        for second in 1...100 { questions.lineEnded(keepsSpoken: false, now: .seconds(second)) }
        #expect(questions.due.count == 1)
    }

    @Test("spoken words: half a sentence is continued, a whole one asked again, an old one left")
    func spoken() {
        var questions = Questions()
        questions.spoken("what is", turn: 1, now: .seconds(10))
        var unfinished = questions
        unfinished.lineEnded(keepsSpoken: false, now: .seconds(11))
        #expect(unfinished.due.map(\.form) == [.toContinue])
        var whole = questions
        whole.lineEnded(keepsSpoken: false, now: .seconds(13))
        #expect(whole.due.map(\.form) == [.toWrite])
        var old = questions
        old.lineEnded(keepsSpoken: false, now: .seconds(20))
        #expect(old.due.isEmpty)
        questions.lineEnded(keepsSpoken: true, now: .seconds(20))
        #expect(questions.due.map(\.form) == [.toWrite])
    }

    @Test("what is said after a sentence that was asked again is not lost with the next line")
    func spokenOn() {
        var questions = Questions()
        questions.spoken("what is", turn: 1, now: .zero)
        questions.lineEnded(keepsSpoken: false, now: .seconds(3))
        questions.sent(now: .seconds(4))
        questions.spoken("what is the time", turn: 1, now: .seconds(5))
        questions.lineEnded(keepsSpoken: false, now: .seconds(8))
        #expect(texts(questions) == ["what is the time"])
    }

    @Test("they are asked in their order, and no more are taken than there is room for")
    func ordered() {
        var questions = Questions()
        questions.typed("second", turn: 2, now: .zero)
        questions.spoken("first", turn: 1, now: .zero)
        questions.lineEnded(keepsSpoken: true, now: .seconds(5))
        #expect(texts(questions) == ["first", "second"])
        for turn in 3...Questions.most { questions.typed("more", turn: turn, now: .zero) }
        #expect(!questions.hasRoom)
    }
}
