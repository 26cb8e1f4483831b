import LiveProtocol
import LiveSession
import Testing

/// A session that is left alone for a while: what it keeps, what it does not do, and how it comes back.
@Suite(.timeLimit(.minutes(5)))
struct ParkingTests {
    private static let closedHere = Disconnection(.closedHere)

    private static func handle(_ name: String) -> LiveEvent {
        .resumption(handle: name, isResumable: true, lastConsumedMessage: nil)
    }

    private static let family = ModelCatalogue.family(of: ModelCatalogue.defaultModel)

    /// Live since zero, with the handle "h1".
    private func live() -> SessionKeeper {
        var keeper = SessionKeeper(.init(family: Self.family))
        _ = keeper.start(now: .zero)
        _ = keeper.opened(.main, now: .zero)
        _ = keeper.received(.setupCompleted(sessionID: nil), now: .zero)
        _ = keeper.received(Self.handle("h1"), now: .zero)
        return keeper
    }

    /// Parked at 30 s, its line closed.
    private func parked() -> SessionKeeper {
        var keeper = live()
        _ = keeper.park(now: .seconds(30))
        _ = ended(&keeper, Self.closedHere, at: .seconds(31))
        return keeper
    }

    private func ended(_ keeper: inout SessionKeeper, _ reason: Disconnection, at now: Duration) -> [SessionKeeper
        .Effect]
    {
        keeper.ended(.main, reason, now: now, fraction: 1)
    }

    @Test("the line is closed behind the gate, its end is told as nothing, and hours later the session is resumed")
    func parksAndResumes() {
        var keeper = live()
        #expect(keeper.park(now: .seconds(30)) == [.closeGate(resendsLast: false), .closeLine])
        #expect(keeper.isParked)
        #expect(keeper.received(Self.handle("h2"), now: .seconds(30)) == [])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(31)) == [])
        #expect(keeper.machine.state == .parked)
        #expect(keeper.deadline(now: .seconds(31)) == nil)
        #expect(keeper.timePassed(now: .seconds(3600)) == [])
        #expect(keeper.unpark(now: .seconds(3600)) == [.tell(.connecting(attempt: 1)), .dial(attempt: 1)])
        #expect(keeper.opened(.main, now: .seconds(3601)) == [.sendSetup(.init(handle: "h2"))])
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(3601))
        #expect(back == [.openGate, .tell(.live(resumed: true))])
    }

    @Test("a line that breaks or is not closed while it is left is no drop, and nothing is dialled for it")
    func endsBadly() {
        var keeper = live()
        _ = keeper.park(now: .seconds(30))
        #expect(keeper.deadline(now: .seconds(30)) == .seconds(32))
        #expect(keeper.timePassed(now: .seconds(32)) == [.abandonLine])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(32)) == [])
        var lost = live()
        _ = lost.park(now: .seconds(30))
        #expect(ended(&lost, Disconnection(.closed(code: 1011, reason: "Internal error")), at: .seconds(30)) == [])
        #expect(lost.timePassed(now: .seconds(90)) == [])
        #expect(lost.unpark(now: .seconds(91)).last == .dial(attempt: 1))
        #expect(lost.opened(.main, now: .seconds(92)) == [.sendSetup(.init(handle: "h1"))])
    }

    @Test("parking a session that is just being dialled or set up leaves it likewise, and the next setup starts over")
    func parksWhileDialling() {
        var keeper = SessionKeeper(.init(family: Self.family))
        _ = keeper.start(now: .zero)
        #expect(keeper.park(now: .seconds(1)) == [.closeGate(resendsLast: false), .closeLine])
        #expect(keeper.opened(.main, now: .seconds(1)) == [])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(1)) == [])
        _ = keeper.unpark(now: .seconds(9))
        #expect(keeper.opened(.main, now: .seconds(9)) == [.sendSetup(.init())])
        #expect(keeper.park(now: .seconds(10)) == [.closeGate(resendsLast: false), .closeLine])
        #expect(keeper.received(.setupCompleted(sessionID: nil), now: .seconds(10)) == [])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(10)) == [])
        #expect(keeper.unpark(now: .seconds(11)).last == .dial(attempt: 1))
    }

    @Test("parking during a change drops the standby, and the change is over with it (pitfall 6)")
    func parksWhileChanging() {
        var keeper = live()
        _ = keeper.received(.goAway(timeLeft: .seconds(50)), now: .seconds(100))
        _ = keeper.opened(.standby, now: .seconds(101))
        #expect(keeper.park(now: .seconds(101)) == [.abandonStandby])
        #expect(ended(&keeper, Self.closedHere, at: .seconds(102)) == [])
        _ = keeper.unpark(now: .seconds(200))
        _ = keeper.opened(.main, now: .seconds(200))
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(201))
        #expect(back == [.openGate, .tell(.live(resumed: true))])
    }

    @Test("parking between two attempts ends the attempts")
    func parksWhileWaiting() {
        var keeper = SessionKeeper(.init(family: Self.family))
        _ = keeper.start(now: .zero)
        _ = ended(&keeper, Disconnection(.unreachable), at: .zero)
        #expect(keeper.park(now: .zero) == [])
        #expect(keeper.timePassed(now: .seconds(60)) == [])
        #expect(keeper.unpark(now: .seconds(60)).last == .dial(attempt: 1))
    }

    @Test("the wake word while the line is closing: the next one is dialled when it has closed, and not before")
    func unparksWhileClosing() {
        var keeper = live()
        _ = keeper.park(now: .seconds(30))
        #expect(keeper.unpark(now: .seconds(30)) == [])
        #expect(!keeper.isParked)
        let next = ended(&keeper, Self.closedHere, at: .seconds(31))
        #expect(next == [.tell(.connecting(attempt: 1)), .dial(attempt: 1)])
        #expect(keeper.opened(.main, now: .seconds(31)) == [.sendSetup(.init(handle: "h1"))])
    }

    @Test("a typed text ends parking by itself and goes before the voice (pitfall 19)")
    func typing() {
        var keeper = parked()
        #expect(keeper.typed("hello?", turn: 1, now: .seconds(60)).last == .dial(attempt: 1))
        _ = keeper.opened(.main, now: .seconds(60))
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(61))
        #expect(back.prefix(2) == [.send(.text("hello?")), .openGate])
    }

    @Test("what was not answered when the session was parked, and the results of tools, go with the next line")
    func keepsWhatIsDue() {
        var keeper = live()
        let call = ToolCall(id: "c", name: "f", arguments: .null)
        _ = keeper.toolsCalled([call], now: .seconds(10))
        _ = keeper.received(Self.handle("h2"), now: .seconds(11))
        _ = keeper.typed("and why?", turn: 1, now: .seconds(29))
        _ = keeper.park(now: .seconds(30))
        _ = ended(&keeper, Self.closedHere, at: .seconds(31))
        let result = ToolResult(id: "c", name: "f", response: .null)
        #expect(keeper.toolsAnswered([result], now: .seconds(40)) == [])
        _ = keeper.unpark(now: .seconds(50))
        _ = keeper.opened(.main, now: .seconds(50))
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(51))
        #expect(back.prefix(3) == [.send(.toolResults([result])), .send(.text("and why?")), .openGate])
    }

    @Test("a handle that the service has forgotten meanwhile leads to a fresh session that is told the conversation")
    func handleExpired() {
        var keeper = live()
        keeper.note(.final(TurnLine(turn: 1, speaker: .user, text: "My name is Ada.")), now: .seconds(1))
        _ = keeper.park(now: .seconds(30))
        _ = ended(&keeper, Self.closedHere, at: .seconds(31))
        _ = keeper.unpark(now: .seconds(9000))
        _ = keeper.opened(.main, now: .seconds(9000))
        let gone = Disconnection(.closed(code: 1008, reason: "BidiGenerateContent session not found"))
        #expect(ended(&keeper, gone, at: .seconds(9001)).last == .dial(attempt: 2))
        guard case .sendSetup(let change) = keeper.opened(.main, now: .seconds(9002)).first else {
            Issue.record("no setup was sent")
            return
        }
        #expect(change.handle == nil)
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(9003))
        #expect(back.contains(.tell(.live(resumed: false))))
        #expect(back.contains(.tell(.memoryThinner(turns: 1))))
    }

    @Test("hanging up while parked ends at once; while the line is closing, with it")
    func stops() {
        let asked = Ending(.asked, reason: "hung up")
        var keeper = parked()
        #expect(keeper.stop(asked, now: .seconds(60)) == [.end(asked)])
        #expect(keeper.unpark(now: .seconds(61)) == [])
        var closing = live()
        _ = closing.park(now: .seconds(30))
        #expect(closing.stop(asked, now: .seconds(30)).last == .closeLine)
        #expect(ended(&closing, Self.closedHere, at: .seconds(31)) == [.end(asked)])
        #expect(closing.park(now: .seconds(32)) == [])
    }

    @Test("a machine that sleeps while the session is parked costs it nothing")
    func sleeps() {
        var keeper = parked()
        #expect(keeper.slept(.seconds(3600), now: .seconds(40)) == [])
        #expect(keeper.timePassed(now: .seconds(40)) == [])
        var closing = live()
        _ = closing.park(now: .seconds(30))
        #expect(closing.slept(.seconds(3600), now: .seconds(30)) == [.abandonLine])
        #expect(ended(&closing, Self.closedHere, at: .seconds(31)) == [])
    }

    /// Lost at 30 s, and every attempt since failed.
    ///
    /// - Returns: what had to be done in the end, and when.
    private func givesUp(_ keeper: inout SessionKeeper) -> (effects: [SessionKeeper.Effect], at: Duration) {
        var effects = ended(&keeper, Disconnection(.lost), at: .seconds(30))
        var now = Duration.seconds(30)
        for _ in 0..<100 where !(effects.last?.isLast ?? false) {
            if effects.contains(where: \.isDial) {
                effects = ended(&keeper, Disconnection(.unreachable), at: now)
            } else {
                now = keeper.deadline(now: now) ?? now
                effects = keeper.timePassed(now: now)
            }
        }
        return (effects, now)
    }

    @Test("one that cannot be brought back rests while somebody can wake it, else it ends", arguments: [true, false])
    func rests(canBeWoken: Bool) {
        var keeper = live()
        keeper.restsWhenLost = canBeWoken
        let (effects, now) = givesUp(&keeper)
        #expect(now > .seconds(50) && now <= .seconds(60))
        guard canBeWoken else {
            guard case .end(let ending) = effects.last else {
                Issue.record("it did not end: \(effects)")
                return
            }
            #expect(ending.kind == .unrecoverable)
            return
        }
        guard case .tell(.outOfReach) = effects.last else {
            Issue.record("it does not rest: \(effects)")
            return
        }
        #expect(keeper.isParked)
        #expect(keeper.deadline(now: now) == nil)
        #expect(keeper.unpark(now: .seconds(9000)) == [.tell(.connecting(attempt: 1)), .dial(attempt: 1)])
        #expect(keeper.opened(.main, now: .seconds(9000)) == [.sendSetup(.init(handle: "h1"))])
        let back = keeper.received(.setupCompleted(sessionID: nil), now: .seconds(9001))
        #expect(back == [.openGate, .tell(.live(resumed: true))])
    }

    @Test("what is refused for good ends a session that could be woken, too, and so does one that never was live")
    func restsNot() {
        var refused = parked()
        refused.restsWhenLost = true
        _ = refused.unpark(now: .seconds(60))
        let end = ended(&refused, Disconnection(.upgradeRefused(status: 401, body: "")), at: .seconds(61))
        #expect(end.last?.isLast == true)
        var never = SessionKeeper(.init(family: Self.family))
        never.restsWhenLost = true
        _ = never.start(now: .zero)
        let (effects, _) = givesUp(&never)
        guard case .end(let ending) = effects.last else {
            Issue.record("it did not end: \(effects)")
            return
        }
        #expect(ending.kind == .unavailable)
    }

    @Test("asking twice, or for what is so already, does nothing")
    func idempotent() {
        var keeper = live()
        #expect(keeper.unpark(now: .seconds(1)) == [])
        _ = keeper.park(now: .seconds(30))
        #expect(keeper.park(now: .seconds(30)) == [])
        _ = ended(&keeper, Self.closedHere, at: .seconds(31))
        #expect(keeper.park(now: .seconds(32)) == [])
        _ = keeper.unpark(now: .seconds(33))
        #expect(keeper.unpark(now: .seconds(33)) == [])
    }
}

extension SessionKeeper.Effect {
    fileprivate var isDial: Bool { if case .dial = self { true } else { false } }

    /// The keeper gave up with it, one way or the other.
    fileprivate var isLast: Bool {
        switch self {
        case .end, .tell(.outOfReach): true
        default: false
        }
    }
}
