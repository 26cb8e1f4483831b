import LiveProtocol
import LiveSession
import Testing

/// SplitMix64: the same walk for the same seed, everywhere.
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A keeper, a `Voice` that obeys it and lines that come and go, walked at random; what goes up is checked.
private struct TurnWalk {
    private var dice: Dice
    private var keeper: TurnKeeper
    private var moment = TurnKeeper.Moment(now: .zero)
    private let source = CountingSource()
    private let voice: Voice
    private var connection: SilentConnection?
    private var isManual = false
    /// On the line under way: an activity is open.
    private var isInActivity = false
    private var isPassageOpen = false
    private var lastPosition = 0
    private var heldSince: Duration?
    private(set) var faults: [String] = []
    private(set) var turns = 0
    private(set) var holds = 0

    init(seed: UInt64) {
        dice = Dice(state: seed)
        var configuration = TurnKeeper.Configuration()
        configuration.mode = TurnMode.allCases.randomElement(using: &dice)!
        configuration.idle = .seconds(Int.random(in: 0...3, using: &dice))
        configuration.followUp = .seconds(Int.random(in: 1...3, using: &dice))
        configuration.bargeIn = [.local, .service, .off].randomElement(using: &dice)!
        keeper = TurnKeeper(configuration)
        voice = Voice(source: source)
        obey(keeper.start(at: moment))
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps where faults.isEmpty { step() }
        // Whatever was begun comes to its end.
        obey(keeper.inputEnded(true, at: moment))
        pass(2_000)
        openLine()
        drain()
        if isInActivity { faults.append("a turn never ended") }
        if isPassageOpen { faults.append("a passage never ended") }
        if heldSince != nil { faults.append("an answer is held for ever") }
    }

    private mutating func step() {
        switch Int.random(in: 0..<17, using: &dice) {
        case 0: obey(keeper.pressed(at: moment))
        case 1: obey(keeper.released(at: moment))
        case 2, 3: obey(keeper.note(.began(moment.captured), at: moment))
        case 4, 5: obey(keeper.note(.ended(moment.captured), at: moment))
        case 6: obey(keeper.wakeWordHeard(because: "word", backBy: .milliseconds(300), at: moment))
        case 7: obey(keeper.muted(Bool.random(using: &dice), at: moment))
        case 8: moment.unplayed = Int.random(in: 0...48_000, using: &dice)
        case 9: moment.unplayed = 0
        case 10: obey(keeper.interrupted(at: moment))
        case 11: keeper.userWords()
        case 12 where Int.random(in: 0..<4, using: &dice) == 0:
            obey(keeper.change(to: TurnMode.allCases.randomElement(using: &dice)!, because: "asked", at: moment))
        case 13: if connection == nil { openLine() } else { closeLine() }
        default: pass(Int.random(in: 1...900, using: &dice))
        }
        obey(keeper.settle(at: moment))
        drain()
    }

    private mutating func pass(_ milliseconds: Int) {
        let end = moment.now + .milliseconds(milliseconds)
        obey(keeper.settle(at: moment))
        while let due = keeper.deadline(at: moment), due <= end {
            if due <= moment.now { return faults.append("a deadline that never passes: \(due)") }
            advance(to: due)
            obey(keeper.settle(at: moment))
            drain()
        }
        advance(to: end)
    }

    private mutating func advance(to time: Duration) {
        let passed = time - moment.now
        moment.now = time
        if heldSince == nil { moment.unplayed = max(0, moment.unplayed - Int(passed / .microseconds(1)) * 24 / 1_000) }
        let captured = Int((time / .microseconds(1)).rounded()) * 16 / 1_000
        source.capture(captured - moment.captured)
        moment.captured = captured
    }

    private mutating func openLine() {
        guard connection == nil else { return }
        isManual = keeper.needsManualLine
        isInActivity = false
        let connection = SilentConnection()
        self.connection = connection
        let marks = isManual ? Voice.Marks(start: [1], end: [2]) : Voice.Marks(end: [3])
        voice.open(on: connection, marks: marks)
        obey(keeper.lineOpened(isManual: isManual, at: moment))
    }

    private mutating func closeLine() {
        voice.close(resendsLast: Bool.random(using: &dice))
        connection = nil
        keeper.lineClosed()
    }

    private mutating func obey(_ effects: [TurnKeeper.Effect]) {
        for effect in effects {
            switch effect {
            case .begin(let position):
                if isPassageOpen || position < lastPosition { faults.append("a passage begins at \(position)") }
                isPassageOpen = true
                lastPosition = position
                voice.begin(from: position)
            case .end(let position):
                // The end may be moved forward afterwards, when nothing more is captured.
                isPassageOpen = false
                lastPosition = position
                voice.end(at: position)
            case .hold:
                if heldSince != nil { faults.append("held twice") }
                heldSince = moment.now
                holds += 1
            case .letGoOn, .drop:
                if effect == .drop { moment.unplayed = 0 }
                heldSince = nil
            case .renew where keeper.needsManualLine == isManual: faults.append("renewed for nothing")
            case .rest(let devices):
                // Nobody is left unheard, and nothing unplayed.
                if !devices.isEmpty, isPassageOpen || moment.unplayed > 0 { faults.append("rests at \(moment.now)") }
            case .renew, .park, .unpark, .tell: break
            }
        }
        if let heldSince, moment.now > heldSince + .milliseconds(1_510) { faults.append("held for too long") }
    }

    private mutating func drain() {
        guard let connection else { return }
        var frame: [UInt8] = []
        while voice.appendNext(to: &frame, dialect: PlainDialect(), on: connection) {
            switch frame.first {
            case 1:
                if isInActivity { faults.append("activityStart twice") }
                isInActivity = true
                turns += 1
            case 2:
                if !isInActivity { faults.append("activityEnd without a start") }
                isInActivity = false
            case 3: break
            default: if isManual, !isInActivity { faults.append("voice outside of marks (pitfall 20)") }
            }
            frame = []
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct TurnWalkTests {
    @Test("whatever happens: no voice outside of marks, marks alternate, turns end, and a hold is over in 1.5 s")
    func walks() {
        var (turns, holds) = (0, 0)
        for seed in 0..<UInt64(100) {
            var walk = TurnWalk(seed: seed)
            walk.run(steps: 200)
            #expect(walk.faults == [], "seed \(seed)")
            turns += walk.turns
            holds += walk.holds
        }
        #expect(turns > 200)
        #expect(holds > 20)
    }
}
