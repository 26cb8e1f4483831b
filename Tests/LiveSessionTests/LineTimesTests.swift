import LiveProtocol
import LiveSession
import Testing

/// When a line was said, as the devices' clocks have it and not as messages arrive (pitfalls 47 and 51).
@Suite(.timeLimit(.minutes(5)))
struct LineTimesTests {
    private func voice(_ stage: inout AssemblerStage, _ from: Duration, _ to: Duration) {
        stage.assembler.voiceChanged(isVoice: true, at: from)
        stage.assembler.voiceChanged(isVoice: false, at: to)
    }

    /// Three pieces that come with their second of speech each, all at once.
    private func answer(_ stage: inout AssemblerStage) {
        for piece in ["One two three. ", "Four five six. ", "Seven and eight"] {
            stage.speech(24_000)
            stage.model(piece)
        }
        stage.event(.turnCompleted(reason: nil))
    }

    private func line(_ stage: AssemblerStage, of speaker: Speaker) -> TurnLine? {
        stage.finals().first { $0.speaker == speaker }
    }

    private func near(_ time: Duration?, _ expected: Duration, within tolerance: Duration = .milliseconds(1)) -> Bool {
        time.map { abs(($0 - expected) / .seconds(1)) <= tolerance / .seconds(1) } ?? false
    }

    @Test("an answer begins when its first sample leaves the device and ends when its last has")
    func answer() {
        var stage = AssemblerStage()
        answer(&stage)
        stage.wait(.milliseconds(700), playing: false)
        stage.wait(.seconds(6))
        let line = line(stage, of: .model)
        #expect(near(line?.begin, .milliseconds(700)))
        #expect(near(line?.end, .milliseconds(3_700)))
        #expect(line?.marks.map(\.characters) == [15, 30, 45])
        for (index, mark) in (line?.marks ?? []).enumerated() {
            #expect(near(mark.time, .milliseconds(1_700 + 1_000 * index)))
        }
    }

    @Test("a pause in mid-answer is in its times: a hold, or a device that was opened again (pitfall 41)")
    func paused() {
        var stage = AssemblerStage()
        answer(&stage)
        stage.wait(.milliseconds(1_500))
        stage.wait(.seconds(2), playing: false)
        stage.wait(.seconds(6))
        let line = line(stage, of: .model)
        #expect(near(line?.begin, .zero))
        #expect(near(line?.end, .seconds(5)))
        #expect(near(line?.marks.first?.time, .seconds(1)))
        #expect(near(line?.marks.dropFirst().first?.time, .seconds(4)))
    }

    @Test("a cut answer ends at the cut, and its marks do, too")
    func cut() {
        var stage = AssemblerStage()
        answer(&stage)
        stage.wait(.milliseconds(1_700))
        stage.event(.interrupted)
        stage.wait(.seconds(6), playing: false)
        let line = line(stage, of: .model)
        #expect(line?.heard == "One two three. Four five")
        #expect(near(line?.end, .milliseconds(1_700)))
        #expect(line?.marks.last?.characters == 24)
        #expect(near(line?.marks.last?.time, .milliseconds(1_700)))
        #expect(near(line?.marks.first?.time, .seconds(1)))
    }

    @Test("an answer that the next one follows before it is over ends when it will have been heard")
    func followed() {
        var stage = AssemblerStage()
        answer(&stage)
        stage.wait(.milliseconds(500))
        stage.speech(2_400)
        let line = line(stage, of: .model)
        #expect(near(line?.end, .seconds(3)))
        #expect(near(line?.marks.last?.time, .seconds(3)))
    }

    @Test("a text that comes whole before its speech is spread over it")
    func ahead() {
        var stage = AssemblerStage()
        stage.model(String(repeating: "word ", count: 20))
        stage.speech(240_000)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(14))
        let line = line(stage, of: .model)
        #expect(line?.marks.last?.characters == 99)
        #expect(near(line?.end, .seconds(10)))
        #expect(line?.marks.allSatisfy { $0.time <= .seconds(10) } == true)
    }

    @Test("an answer in writing was said when it came")
    func written() {
        var stage = AssemblerStage()
        stage.wait(.seconds(1))
        stage.event(.text("It is noon.", isThought: false))
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(3))
        let line = line(stage, of: .model)
        #expect((line?.begin, line?.end) == (.seconds(1), .seconds(1)))
        #expect(line?.marks == [])
    }

    @Test("a line has at most 64 marks, however many pieces it came in")
    func bounded() {
        var stage = AssemblerStage()
        for _ in 0..<500 {
            stage.speech(1_200)
            stage.model("a ")
        }
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(30))
        let marks = line(stage, of: .model)?.marks ?? []
        #expect(marks.count == Wording.mostMarks)
        #expect(marks.last?.characters == 999)
        #expect(zip(marks, marks.dropFirst()).allSatisfy { $0.characters < $1.characters && $0.time <= $1.time })
    }

    // MARK: The user

    @Test("the user's line is when the voice was heard, not when its words came")
    func user() {
        var stage = AssemblerStage()
        voice(&stage, .milliseconds(100), .milliseconds(200))  // a cough, long before
        stage.wait(.seconds(4))
        voice(&stage, .milliseconds(3_000), .milliseconds(3_600))
        voice(&stage, .milliseconds(3_800), .milliseconds(4_000))
        stage.user("what time")
        stage.wait(.milliseconds(500))
        stage.user(" is it")
        stage.speech(24_000)
        voice(&stage, .milliseconds(4_900), .milliseconds(5_500))  // over the answer: the next line's
        stage.wait(.seconds(1))
        stage.event(.interrupted)
        stage.user("stop")
        stage.wait(.seconds(12))
        let lines = stage.finals().filter { $0.speaker == .user }
        #expect(lines.map(\.text) == ["what time is it", "stop"])
        #expect(lines.map(\.begin) == [.milliseconds(3_000), .milliseconds(4_900)])
        #expect(lines.map(\.end) == [.milliseconds(4_000), .milliseconds(5_500)])
    }

    @Test("words that come after the answer are of the voice before it (pitfall 51)")
    func lateWords() {
        var stage = AssemblerStage()
        stage.wait(.seconds(2))
        voice(&stage, .milliseconds(1_000), .milliseconds(1_800))
        stage.speech(2_400)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(1))
        stage.user("what time is it")
        stage.wait(.seconds(5))
        let line = line(stage, of: .user)
        #expect((line?.begin, line?.end) == (.milliseconds(1_000), .milliseconds(1_800)))
    }

    @Test("without a detector the service's own words say when")
    func deaf() {
        var stage = AssemblerStage()
        stage.wait(.seconds(1))
        stage.user("what time")
        stage.wait(.seconds(1))
        stage.user(" is it")
        stage.wait(.seconds(1))
        stage.speech(2_400)
        stage.event(.turnCompleted(reason: nil))
        stage.wait(.seconds(5))
        let line = line(stage, of: .user)
        #expect((line?.begin, line?.end) == (.seconds(1), .seconds(2)))
    }

    @Test("what is typed was said when it was typed")
    func typed() {
        var stage = AssemblerStage()
        stage.wait(.seconds(1))
        stage.told += stage.assembler.typed("hello", at: stage.moment)
        let line = line(stage, of: .user)
        #expect(line?.isTyped == true)
        #expect((line?.begin, line?.end) == (.seconds(1), .seconds(1)))
    }
}
