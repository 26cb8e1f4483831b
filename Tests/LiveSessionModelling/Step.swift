/// One thing that happens in a script of the model check.
///
/// A step that cannot happen where it comes does nothing, so a script stays one whatever is taken out of it.
package enum Step: Equatable, Sendable {
    // Time.
    case wait(milliseconds: Int)
    /// Until the keeper's next deadline, and no further.
    case waitForDeadline
    case sleep(seconds: Int)

    // The user and the tools.
    case type
    case speak
    case cutAnswer
    case answerCalls
    /// A tool answers a call that was cancelled or never made.
    case answerStaleCall
    case renew
    case park
    case unpark
    /// Whether somebody could wake a session that rests.
    case mayRest(Bool)
    case stop

    // The service.
    case door(SimulatedService.Door)
    case style(SimulatedService.Style)
    case call(isBlocking: Bool)
    case cancelCalls
    case offerHandle(isResumable: Bool)
    case expireHandles
    case poison
    case goAway(milliseconds: Int?)
    case oddity(SimulatedService.Oddity)

    // The network.
    case end(SimulatedService.Cut)
    case endStandby
    /// The network is gone: the connection with it, and for so long no other can be made.
    case outage(seconds: Int)
    /// From here on nothing passes on the connections there are, and nothing says so.
    case goDeaf
    /// Whether the service answers a close.
    case answerCloses(Bool)
}

/// Makes scripts. The same seed makes the same script.
struct ScriptGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
        // Neighbouring seeds must not begin one step apart in the same sequence.
        state = next() ^ (next() << 1)
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    private mutating func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }

    /// - Returns: 30 … 60 steps, among which time passes often. In half of them a lost session may rest from the start.
    mutating func script() -> [Step] {
        let length = pick(30...60)
        return [.mayRest(pick(0...1) == 0)] + (1..<length).map { _ in step() }
    }

    private mutating func step() -> Step {
        switch pick(0...99) {
        case 0...24: .wait(milliseconds: pick([1, 20, 80, 150, 250, 500, 1000, 3000, 9000, 20_000, 45_000]))
        case 25...26: .park
        case 27: .unpark
        case 28...35: .waitForDeadline
        case 36...45: .type
        case 46...51: .speak
        case 52...53: .cutAnswer
        case 54...57: .answerCalls
        case 58: .answerStaleCall
        case 59...60: .renew
        case 61: pick(0...5) == 0 ? .stop : .sleep(seconds: pick(3...90))
        case 62: .mayRest(pick(0...3) > 0)
        case 63: .outage(seconds: pick([3, 20, 45, 90]))
        case 64...65: .door(pick([.open, .open, pick(SimulatedService.Door.allCases)]))
        case 66...68: .style(pick([.complete, pick(SimulatedService.Style.allCases)]))
        case 69...73: .call(isBlocking: pick(0...1) == 0)
        case 74: .cancelCalls
        case 75...77: .offerHandle(isResumable: pick(0...2) > 0)
        case 78: .expireHandles
        case 79: .poison
        case 80...84: .goAway(milliseconds: pick([nil, 0, 500, 5000, 10_000, 30_000, 60_000, 300_000]))
        case 85...88: .oddity(pick(SimulatedService.Oddity.allCases))
        case 89...95: .end(pick(SimulatedService.Cut.allCases))
        case 96: .endStandby
        case 97...98: .goDeaf
        default: .answerCloses(pick(0...2) > 0)
        }
    }
}
