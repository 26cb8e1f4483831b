import LiveProtocol
import LiveSession
import Testing

/// Scripts of what happens and what is answered, one for each promise of a conversation that outlives its lines.
@Suite(.timeLimit(.minutes(5)))
struct SessionKeeperTests {
    private static let lost = Disconnection(.lost)
    private static let closedHere = Disconnection(.closedHere)
    private static let internalError = Disconnection(.closed(code: 1011, reason: "Internal error encountered."))

    private func handle(_ name: String) -> LiveEvent {
        .resumption(handle: name, isResumable: true, lastConsumedMessage: nil)
    }

    /// Live since zero, with the handle "h1".
    private func live(_ family: ModelFamily = ModelCatalogue.family(of: ModelCatalogue.defaultModel)) -> SessionKeeper {
        var keeper = SessionKeeper(.init(family: family))
        _ = keeper.start(now: .zero)
        _ = keeper.opened(.main, now: .zero)
        _ = keeper.received(.setupCompleted(sessionID: nil), now: .zero)
        _ = keeper.received(handle("h1"), now: .zero)
        return keeper
    }

    private func ended(_ keeper: inout SessionKeeper, _ reason: Disconnection, at now: Duration) -> [SessionKeeper
        .Effect]
    {
        keeper.ended(.main, reason, now: now, fraction: 1)
    }

    /// Opened and set up again. - Returns: what is done when the setup has been answered.
    private func backAgain(_ keeper: inout SessionKeeper, at now: Duration) -> [SessionKeeper.Effect] {
        _ = keeper.opened(.main, now: now)
        return keeper.received(.setupCompleted(sessionID: nil), now: now)
    }

    @Test("nothing goes before the setup is answered; what was typed meanwhile goes before the voice (pitfall 19)")
    func firstWords() {
        var keeper = SessionKeeper(.init(family: ModelCatalogue.unknownModel))
        #expect(keeper.start(now: .zero) == [.tell(.connecting(attempt: 1)), .dial(attempt: 1)])
        #expect(keeper.typed("hello", turn: 1, now: .seconds(1)) == [])
        #expect(keeper.opened(.main, now: .seconds(2)) == [.sendSetup(.init())])
        let effects = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(3))
        #expect(effects == [.send(.text("hello")), .openGate, .tell(.live(resumed: false))])
    }

    @Test("a warning of 300 s does not cut the greeting (pitfall 1)")
    func earlyWarning() {
        var keeper = live()
        #expect(keeper.received(.goAway(timeLeft: .seconds(300)), now: .seconds(1)) == [])
        #expect(keeper.deadline(now: .seconds(1)).map { $0 <= .seconds(241) } == true)
        #expect(keeper.timePassed(now: .seconds(241)) == [.dialStandby])
    }

    @Test(
        "a planned change: warm, close the old line, then set up the new one with the newest handle (pitfalls 1 and 6)")
    func plannedChange() {
        var keeper = live()
        _ = keeper.received(handle("h2"), now: .seconds(90))
        #expect(keeper.received(.goAway(timeLeft: .seconds(50)), now: .seconds(100)) == [.dialStandby])
        let left = keeper.opened(.standby, now: .milliseconds(100_100))
        #expect(left == [.tell(.rotating(because: .goAway)), .closeGate(resendsLast: false), .closeLine])
        #expect(keeper.typed("meanwhile", turn: 1, now: .milliseconds(100_110)) == [])
        let changed = ended(&keeper, Self.closedHere, at: .milliseconds(100_150))
        #expect(changed == [.takeOver, .sendSetup(.init(handle: "h2"))])
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .milliseconds(100_200))
        #expect(
            back == [
                .send(.text("meanwhile")), .openGate, .tell(.live(resumed: true)),
                .tell(.resumed(because: .goAway, gap: .milliseconds(100), how: .handle)),
            ])
    }

    @Test("in a silent session the deadline is noticed by time alone (pitfall 2)")
    func silentSession() {
        var keeper = live()
        var now = Duration.zero
        var effects: [SessionKeeper.Effect] = []
        var progress = ConnectionProgress()
        while effects.isEmpty, now < .seconds(600) {
            now = max(now + .milliseconds(1), keeper.deadline(now: now) ?? .seconds(600))
            progress.pongsReceived += 1
            effects = keeper.timePassed(now: now)
            if effects.isEmpty { _ = keeper.observed(progress, isWaiting: false, speech: 0, now: now) }
        }
        #expect(effects == [.dialStandby])
        #expect(now == .seconds(540))
    }

    @Test("a warning during a tool's work waits for the result; at the last moment the result goes first (pitfall 3)")
    func warningDuringCall() {
        var keeper = live()
        let call = ToolCall(id: "c", name: "f", arguments: .null)
        #expect(keeper.toolsCalled([call], now: .seconds(100)).new == [call])
        _ = keeper.received(handle("h2"), now: .seconds(101))
        _ = keeper.received(.goAway(timeLeft: .seconds(40)), now: .seconds(102))
        #expect(keeper.opened(.standby, now: .seconds(103)) == [])
        let left = keeper.timePassed(now: .seconds(132))
        #expect(left.last == .closeLine)
        let result = ToolResult(id: "c", name: "f", response: .null)
        #expect(keeper.toolsAnswered([result], now: .seconds(132)) == [])
        #expect(keeper.typed("and?", turn: 1, now: .seconds(132)) == [])
        _ = ended(&keeper, Self.closedHere, at: .seconds(132))
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(133))
        #expect(
            back.prefix(4) == [
                .send(.toolResults([result])), .send(.text("and?")), .openGate, .tell(.live(resumed: true)),
            ])
    }

    @Test("a line that breaks is dialled again at once, and its last moments go up again (pitfalls 7 and 17)")
    func brokenLine() {
        var keeper = live()
        let effects = ended(&keeper, Self.lost, at: .seconds(60))
        #expect(effects.first == .closeGate(resendsLast: true))
        #expect(effects.last == .dial(attempt: 1))
        #expect(effects.contains(.tell(.rotating(because: .drop))))
        #expect(keeper.opened(.main, now: .seconds(61)) == [.sendSetup(.init(handle: "h1"))])
    }

    @Test("one resume after a fault of the service, then a fresh session, seeded from our record (pitfall 17)")
    func faultTwice() {
        var keeper = live()
        keeper.note(.final(TurnLine(turn: 1, speaker: .user, text: "Hello.")), now: .seconds(1))
        _ = ended(&keeper, Self.internalError, at: .seconds(10))
        #expect(keeper.opened(.main, now: .seconds(10)) == [.sendSetup(.init(handle: "h1"))])
        _ = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(10))
        _ = ended(&keeper, Self.internalError, at: .seconds(15))
        #expect(keeper.opened(.main, now: .seconds(15)) == [.sendSetup(.init())])
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(15))
        let hello = ConversationTurn(speaker: .user, parts: [.text("Hello.")])
        #expect(back.prefix(2) == [.send(.turns([hello], isComplete: false)), .openGate])
        #expect(back.contains(.tell(.memoryThinner(turns: 1))))
    }

    @Test("a handle that the service does not know is given up at once, and none is made up (pitfall 4)")
    func unknownHandle() {
        var keeper = live()
        _ = ended(&keeper, Self.lost, at: .seconds(60))
        _ = keeper.opened(.main, now: .seconds(60))
        let unknown = Disconnection(.closed(code: 1008, reason: "BidiGenerateContent session not found"))
        #expect(ended(&keeper, unknown, at: .seconds(60)).last == .dial(attempt: 2))
        #expect(keeper.opened(.main, now: .seconds(60)) == [.sendSetup(.init())])
    }

    @Test("with no handle yet the conversation is not forgotten (pitfall 8)")
    func noHandleYet() {
        var keeper = SessionKeeper(.init(family: ModelCatalogue.family(of: ModelCatalogue.defaultModel)))
        _ = keeper.start(now: .zero)
        _ = backAgain(&keeper, at: .zero)
        #expect(keeper.typed("why?", turn: 1, now: .seconds(1)) == [.send(.text("why?"))])
        _ = ended(&keeper, Self.lost, at: .seconds(3))
        let back = backAgain(&keeper, at: .seconds(4))
        #expect(back.contains(.send(.text("why?"))))
        #expect(back.contains(.tell(.askedAgain(["why?"]))))
    }

    @Test("a session that only transcribes is resumed, then begun anew, then told of; a quiet one is left (pitfall 5)")
    func poisoned() {
        var keeper = live()
        var now = Duration.seconds(10)
        for stage in 1...3 {
            keeper.note(.partial(TurnLine(turn: stage, speaker: .user, text: "Why?")), now: now)
            now += .seconds(10)
            let effects = keeper.timePassed(now: now)
            #expect(effects.first == .tell(.stalled(stage: stage)))
            #expect(effects.last == (stage == 3 ? .tell(.unanswering) : .closeLine))
            guard stage < 3 else { break }
            _ = ended(&keeper, Self.closedHere, at: now)
            let setup = keeper.opened(.main, now: now)
            #expect(setup == [.sendSetup(.init(handle: stage == 1 ? "h1" : nil))])
            let back = keeper.received(.setupCompleted(sessionID: nil), now: now)
            let asked = Array(repeating: "Why?", count: stage).joined(separator: "\n")
            #expect(back.contains(.send(.text(asked))), "what was said and ignored is asked again in writing")
            now += .seconds(1)
        }
        var quiet = live()
        _ = ended(&quiet, Self.lost, at: .seconds(60))
        _ = backAgain(&quiet, at: .seconds(61))
        #expect(quiet.timePassed(now: .seconds(100)) == [])
        #expect(quiet.timePassed(now: .seconds(400)) == [])
    }

    @Test("late words of a question that has been answered are no question: nothing is overdue (pitfalls 5 and 51)")
    func lateWords() {
        var keeper = live()
        keeper.note(.started(turn: 2, speaker: .model), now: .seconds(1))
        _ = keeper.received(.generationCompleted, now: .seconds(2))
        _ = keeper.received(.turnCompleted(reason: nil), now: .seconds(3))
        keeper.note(.partial(TurnLine(turn: 1, speaker: .user, text: "Late.")), now: .seconds(4))
        _ = keeper.received(.transcription(Transcription(speaker: .user, text: "Late.")), now: .seconds(4))
        #expect(keeper.timePassed(now: .seconds(14)) == [])
        #expect(keeper.timePassed(now: .seconds(30)) == [])
    }

    @Test(
        "an answer that a service thinks on after is not over, and its question not answered (gemini-live §5 rule 10)")
    func thinksOn() {
        var keeper = live(ModelCatalogue.family(of: "gemini-3.8-live-extended-thinking"))
        _ = keeper.typed("why?", turn: 1, now: .seconds(1))
        keeper.note(.started(turn: 2, speaker: .model), now: .seconds(2))
        _ = keeper.received(.speech(samples: 960), now: .seconds(2))
        _ = keeper.received(.generationCompleted, now: .seconds(2))
        _ = keeper.received(.interactionStatus(.inProgress), now: .seconds(3))
        _ = keeper.received(.turnCompleted(reason: nil), now: .seconds(3))
        _ = ended(&keeper, Self.lost, at: .seconds(5))
        #expect(backAgain(&keeper, at: .seconds(6)).contains(.send(.text("why?"))))
        keeper.note(.started(turn: 4, speaker: .model), now: .seconds(7))
        _ = keeper.received(.speech(samples: 960), now: .seconds(7))
        _ = keeper.received(.interactionStatus(.idle), now: .seconds(8))
        _ = keeper.received(.turnCompleted(reason: nil), now: .seconds(8))
        _ = ended(&keeper, Self.lost, at: .seconds(9))
        #expect(!backAgain(&keeper, at: .seconds(10)).contains(.send(.text("why?"))))
    }

    @Test("a question on its way when the answer to an earlier one is cut for it is still to be answered")
    func crossing() {
        var keeper = live()
        _ = keeper.typed("one", turn: 1, now: .seconds(10))
        _ = keeper.typed("two", turn: 2, now: .milliseconds(10_050))
        keeper.note(.started(turn: 3, speaker: .model), now: .milliseconds(10_090))
        _ = keeper.received(.speech(samples: 960), now: .milliseconds(10_090))
        _ = keeper.received(.interrupted, now: .milliseconds(10_090))
        _ = keeper.received(.turnCompleted(reason: nil), now: .milliseconds(10_090))
        _ = ended(&keeper, Self.lost, at: .milliseconds(10_100))
        let back = backAgain(&keeper, at: .seconds(11))
        #expect(back.contains(.send(.text("two"))))
        #expect(!back.contains(.send(.text("one"))))
    }

    @Test("a session that is begun anew is not resumed by a handle that was on its way (pitfall 5)")
    func handleOnItsWay() {
        var keeper = live()
        for stage in 1...2 {
            let now = Duration.seconds(20 * stage)
            _ = keeper.typed("why?", turn: stage, now: now)
            _ = keeper.timePassed(now: now + .seconds(10))
            if stage == 2 { _ = keeper.received(handle("late"), now: now + .seconds(10)) }
            _ = ended(&keeper, Self.closedHere, at: now + .seconds(11))
            if stage == 1 { _ = backAgain(&keeper, at: now + .seconds(11)) }
        }
        #expect(keeper.opened(.main, now: .seconds(52)) == [.sendSetup(.init())])
    }

    @Test("a sleep gives the line up as broken: nothing is planned with it any more, and its last moments go up again")
    func sleptThrough() {
        var keeper = live()
        let effects = keeper.slept(.seconds(3_600), now: .seconds(3_700))
        #expect(effects == [.tell(.slept(.seconds(3_600))), .abandonLine])
        #expect(keeper.timePassed(now: .seconds(3_701)) == [])
        let end = ended(&keeper, Self.closedHere, at: .seconds(3_701))
        #expect(end.first == .closeGate(resendsLast: true))
        #expect(end.contains(.tell(.rotating(because: .drop))))
    }

    @Test("while somebody seems to speak, the line is not changed before it must be")
    func userSpeaks() {
        var keeper = live()
        for tick in 0..<40 { keeper.listened(-60, now: .milliseconds(95_000 + 125 * tick)) }
        keeper.listened(-20, now: .seconds(100))
        #expect(keeper.received(.goAway(timeLeft: .seconds(50)), now: .seconds(100)) == [.dialStandby])
        #expect(keeper.opened(.standby, now: .seconds(101)) == [])
        keeper.listened(-60, now: .seconds(101))
        #expect(keeper.timePassed(now: .seconds(102)).last == .closeLine)
    }

    @Test("a line that has to be left while the user speaks is told: the sentence may be torn")
    func tornSpeech() {
        var keeper = live()
        keeper.listened(-60, now: .seconds(99))
        keeper.listened(-20, now: .seconds(100))
        _ = ended(&keeper, Self.lost, at: .seconds(101))
        #expect(backAgain(&keeper, at: .seconds(102)).contains(.tell(.speechTorn)))
        _ = ended(&keeper, Self.lost, at: .seconds(130))
        #expect(!backAgain(&keeper, at: .seconds(131)).contains(.tell(.speechTorn)))
    }

    @Test("silence after a tool's result is noticed, and the result sent again on the next line (pitfall 25)")
    func muteAfterResult() {
        var keeper = live()
        let call = ToolCall(id: "c", name: "f", arguments: .null)
        _ = keeper.toolsCalled([call], now: .seconds(10))
        _ = keeper.received(handle("h2"), now: .seconds(11))
        #expect(keeper.timePassed(now: .seconds(60)) == [])
        let result = ToolResult(id: "c", name: "f", response: .null)
        #expect(keeper.toolsAnswered([result], now: .seconds(61)) == [.send(.toolResults([result]))])
        #expect(keeper.timePassed(now: .seconds(71)).last == .closeLine)
        _ = ended(&keeper, Self.closedHere, at: .seconds(72))
        #expect(backAgain(&keeper, at: .seconds(73)).contains(.send(.toolResults([result]))))
    }

    @Test("a line that takes nothing for 5 s is given up (pitfalls 12 and 36)")
    func stuck() {
        var keeper = live()
        let progress = ConnectionProgress()
        #expect(keeper.observed(progress, isWaiting: true, speech: 0, now: .seconds(1)) == [])
        #expect(keeper.observed(progress, isWaiting: true, speech: 0, now: .seconds(6)) == [.abandonLine])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(6)).first == .closeGate(resendsLast: true))
    }

    @Test("a turn that never ends does not keep the line from being changed (pitfall 50)")
    func noTurnEnd() {
        var keeper = live()
        _ = keeper.received(.speech(samples: 960), now: .seconds(100))
        _ = keeper.received(handle("h2"), now: .seconds(101))
        _ = keeper.received(.goAway(timeLeft: .seconds(60)), now: .seconds(101))
        #expect(keeper.opened(.standby, now: .seconds(102)) == [])
        #expect(keeper.timePassed(now: .seconds(115)).last == .closeLine)
    }

    @Test("after a sleep the line is given up at once, and so is the standby")
    func slept() {
        var keeper = live()
        let effects = keeper.slept(.seconds(3600), now: .seconds(11))
        #expect(effects == [.tell(.slept(.seconds(3600))), .abandonLine])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(11)).last == .dial(attempt: 1))
        var changing = live()
        #expect(changing.renew(now: .seconds(10)) == [.dialStandby])
        let both = changing.slept(.seconds(3600), now: .seconds(11))
        #expect(both.prefix(3) == [.tell(.slept(.seconds(3600))), .abandonStandby, .abandonLine])
    }

    @Test("a service that hands out a handle and dies is dialled again at once only the first time (invariant 8)")
    func diesAfterHandle() {
        var keeper = live()
        #expect(ended(&keeper, Self.internalError, at: .milliseconds(100)).last == .dial(attempt: 1))
        _ = backAgain(&keeper, at: .milliseconds(200))
        _ = keeper.received(handle("h2"), now: .milliseconds(300))
        let effects = ended(&keeper, Self.internalError, at: .milliseconds(400))
        #expect(!effects.contains { if case .dial = $0 { true } else { false } })
        #expect(keeper.deadline(now: .milliseconds(400)) == .milliseconds(650))
    }

    @Test("what was in flight goes up again unless the service answered the close", arguments: [true, false])
    func inFlight(isAnswered: Bool) {
        var keeper = live()
        _ = keeper.received(.goAway(timeLeft: .zero), now: .seconds(100))
        if !isAnswered { #expect(keeper.timePassed(now: .seconds(102)) == [.abandonLine]) }
        let effects = ended(&keeper, Self.closedHere, at: .seconds(102))
        #expect(effects.contains(.closeGate(resendsLast: true)) != isAnswered)
    }

    @Test("hanging up closes the line and the standby, and ends within 2 s whatever the service does")
    func stops() {
        var keeper = live()
        _ = keeper.renew(now: .seconds(10))
        let asked = Ending(.asked, reason: "hung up")
        let effects = keeper.stop(asked, now: .seconds(11))
        #expect(effects == [.abandonStandby, .closeGate(resendsLast: false), .closeLine])
        #expect(keeper.deadline(now: .seconds(11)) == .seconds(13))
        #expect(keeper.timePassed(now: .seconds(13)) == [.end(asked)])
        #expect(ended(&keeper, Self.lost, at: .seconds(14)) == [])
    }
}
