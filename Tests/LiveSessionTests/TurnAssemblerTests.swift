import LiveProtocol
import LiveSession
import Testing

/// Feeds an assembler in virtual time and keeps what it tells.
struct AssemblerStage {
    var assembler = TurnAssembler()
    var now = Duration.zero
    var received = 0
    var heard = 0
    var told: [TurnChange] = []

    /// What was heard, and when it began to be.
    private var stretches: [(positions: Range<Int>, began: Duration)] = []

    var moment: Moment {
        Moment(
            now: now, received: received, played: heard,
            heardIn: { [heard] in min(max(heard - $0.lowerBound, 0), $0.count) },
            timeHeard: { [stretches] position in
                stretches.first { $0.positions.contains(position) }.map {
                    $0.began + .microseconds(Int64(position - $0.positions.lowerBound) * 1_000_000 / 24_000)
                }
            })
    }

    mutating func user(_ text: String, finished: Bool = false) {
        var piece = Transcription(speaker: .user, text: text)
        piece.isFinished = finished
        told += assembler.handle(.transcription(piece), at: moment)
    }
    mutating func model(_ text: String) {
        told += assembler.handle(.transcription(Transcription(speaker: .model, text: text)), at: moment)
    }
    mutating func speech(_ samples: Int) {
        received += samples
        told += assembler.handle(.speech(samples: samples), at: moment)
    }
    mutating func event(_ event: LiveEvent) { told += assembler.handle(event, at: moment) }
    /// Lets time pass while the device plays what has been received, in steps of 10 ms.
    mutating func wait(_ duration: Duration, playing: Bool = true) {
        let end = now + duration
        while now < end {
            if playing, heard < received {
                let end = min(received, heard + 240)
                stretches.append((heard..<end, now))
                heard = end
            }
            now += .milliseconds(10)
            if let deadline = assembler.deadline(at: moment), deadline <= now {
                told += assembler.timePassed(at: moment)
            }
        }
    }
    /// What was told, but for the times.
    mutating func take() -> [TurnChange] {
        defer { told = [] }
        return told.map(\.untimed)
    }
    func finals() -> [TurnLine] {
        told.compactMap { if case .final(let line) = $0 { line } else { nil } }
    }
}

extension TurnChange {
    /// As it is, without times and marks.
    var untimed: TurnChange {
        func untimed(_ line: TurnLine) -> TurnLine {
            var line = line
            (line.begin, line.end, line.marks) = (nil, nil, [])
            return line
        }
        return switch self {
        case .partial(let line): .partial(untimed(line))
        case .final(let line): .final(untimed(line))
        default: self
        }
    }
}

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

@Suite(.timeLimit(.minutes(5)))
struct WordingTests {
    @Test("text that runs ahead of its speech is not taken as heard")
    func aheadOfSpeech() {
        var wording = Wording()
        wording.append(String(repeating: "word ", count: 100), language: nil, samples: 960)
        #expect(wording.heard(samples: 24_000, samplesPerSecond: 24_000).count <= 25)
    }

    @Test("text pinned sentence by sentence is cut in the right sentence")
    func pinned() {
        var wording = Wording()
        wording.append("One two three. ", language: nil, samples: 24_000)
        wording.append("Four five six. ", language: nil, samples: 48_000)
        #expect(wording.heard(samples: 24_000, samplesPerSecond: 24_000) == "One two three.")
        #expect(wording.heard(samples: 36_000, samplesPerSecond: 24_000) == "One two three. Four")
        #expect(wording.heard(samples: 48_000, samplesPerSecond: 24_000) == "One two three. Four five six.")
        #expect(wording.heard(samples: 0, samplesPerSecond: 24_000) == "")
    }

    @Test("characters that join across pieces are cut between words, too")
    func joined() {
        var wording = Wording()
        wording.append("nai\u{308}f ", language: nil, samples: 24_000)
        wording.append("e", language: nil, samples: 30_000)
        wording.append("\u{301}te\u{301}s", language: nil, samples: 48_000)
        #expect(wording.heard(samples: 30_000, samplesPerSecond: 24_000) == "naïf")
        #expect(wording.heard(samples: 48_000, samplesPerSecond: 24_000) == "naïf étés")
    }

    @Test("a turn's text is bounded, cut between two scalars, and says that more came")
    func bounded() {
        var wording = Wording()
        wording.append(String(repeating: "é", count: Wording.mostBytes), language: nil, samples: 0)
        wording.append("more", language: nil, samples: 0)
        wording.replaceInterim("more", language: nil)
        #expect(wording.isFull)
        #expect(wording.text == String(repeating: "é", count: Wording.mostBytes / 2) + " …")
    }
}

/// Anything that looks at the whole text for each of its pieces would be busy for many minutes here.
@Suite(.timeLimit(.minutes(5)))
struct TranscriptFloodTests {
    @Test(
        "a third of a million small pieces cost in proportion: the text is told seldom, and cut short once",
        arguments: [
            Speaker.user, .model,
        ])
    func flood(speaker: Speaker) {
        var stage = AssemblerStage()
        var bytesTold = 0
        var cuts = 0
        for _ in 0..<370_000 {
            stage.received += 9
            stage.event(.transcription(Transcription(speaker: speaker, text: "abc")))
            for change in stage.take() {
                if case .partial(let line) = change { bytesTold += line.text.utf8.count }
                if case .cutShort = change { cuts += 1 }
            }
        }
        #expect(bytesTold < Wording.shortBytes * Wording.shortBytes / 2 + 40 * Wording.mostBytes)
        #expect(cuts == 1)
        stage.told += stage.assembler.finish(at: stage.moment)
        #expect(stage.finals().map { $0.text.utf8.count } == [Wording.mostBytes + " …".utf8.count])
    }
}

@Suite(.timeLimit(.minutes(5)))
struct EndWatchTests {
    @Test("at the end of the input the answer under way is awaited, then it is over")
    func endOfInputDuringAnswer() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.answerBegan(now: .seconds(1))
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .seconds(100)))
        watch.answerEnded(isCut: false, now: .seconds(100))
        #expect(watch.isDue(now: .seconds(100)))
    }

    @Test("with no answer it is over 8 s after the end of the input")
    func endOfInputUnanswered() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .milliseconds(9_999)))
        #expect(watch.isDue(now: .seconds(10)))
    }

    @Test("an answer that is cut has another one to come")
    func cutAnswer() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.answerBegan(now: .seconds(1))
        watch.inputEnded(now: .seconds(2))
        watch.answerEnded(isCut: true, now: .seconds(3))
        #expect(!watch.isDue(now: .seconds(10)))
        watch.answerBegan(now: .seconds(4))
        watch.answerEnded(isCut: false, now: .seconds(6))
        #expect(watch.isDue(now: .seconds(6)))
    }

    @Test("while no connection is live nobody's patience runs")
    func endOfInputWhileReconnecting() {
        var watch = EndWatch(.endOfInput)
        watch.wentLive(now: .zero)
        watch.lineEnded()
        watch.inputEnded(now: .seconds(2))
        #expect(!watch.isDue(now: .seconds(60)))
        watch.wentLive(now: .seconds(60))
        #expect(!watch.isDue(now: .seconds(67)))
        #expect(watch.isDue(now: .seconds(68)))
    }

    @Test("asleep without a connection: an input that is over is over, and idle time goes on")
    func parked() {
        var input = EndWatch(.endOfInput)
        input.wentLive(now: .zero)
        input.lineEnded()
        input.parked(now: .seconds(1))
        #expect(input.deadline == nil)
        input.inputEnded(now: .seconds(2))
        #expect(input.deadline == .seconds(10))
        input.lineEnded()
        #expect(input.deadline == nil, "it was woken, and what was said waits")
        input.parked(now: .seconds(20))
        #expect(input.deadline == .seconds(28))
        var idle = EndWatch(.idle(.seconds(60)))
        idle.wentLive(now: .zero)
        idle.lineEnded()
        idle.parked(now: .seconds(10))
        #expect(idle.deadline == .seconds(60))
    }

    @Test("`for` counts from the first time it is live; `idle` from the last word")
    func elapsedAndIdle() {
        var elapsed = EndWatch(.elapsed(.seconds(5)))
        #expect(elapsed.deadline == nil)
        elapsed.wentLive(now: .seconds(3))
        elapsed.wentLive(now: .seconds(7))
        #expect(elapsed.deadline == .seconds(8))
        var idle = EndWatch(.idle(.seconds(5)))
        idle.wentLive(now: .zero)
        idle.somethingSaid(now: .seconds(4))
        #expect(idle.deadline == .seconds(9))
        idle.answerBegan(now: .seconds(5))
        #expect(idle.deadline == nil)
    }
}
