import Foundation

/// What chaos does to one connection: decided in full by the seed and the connection's number, before anything happens.
///
/// Three connections of every eight are left alone but for the service's own limits, so that a conversation gets on.
struct ChaosPlan: Equatable, Sendable {
    struct Event: Equatable, Sendable {
        let after: Duration
        let fault: Fault
    }

    /// The upgrade is answered with this HTTP status. One that clients may try again: never 401, 403 or 429.
    private(set) var refusal: Int?
    private(set) var setupDelay = Duration.zero
    /// What holds from the setup on.
    private(set) var conditions: [Fault] = []
    /// What happens, in order; times count from the setup. The last may end the connection.
    private(set) var events: [Event] = []
    /// What happens to a connection that has sent no setup by then, such as one held in reserve.
    private(set) var idleEvent: Event?

    /// - Parameter connection: 1 for the first.
    init(_ chaos: Chaos, connection: Int) {
        guard !Self.isSpared(chaos, connection) else { return }
        var random = Self.random(chaos, connection)
        if Self.isRefused(chaos, connection) {
            refusal = [500, 502, 503].randomElement(using: &random)
            return
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            let fault: Fault = [.drop, .reset, .halfOpen].randomElement(using: &random) ?? .drop
            idleEvent = Event(after: Self.wait(chaos.interval, &random), fault: fault)
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            setupDelay = .milliseconds(Int.random(in: 200...3_000, using: &random))
        }
        conditions = Self.conditions(&random)
        let isSplit = conditions.contains { $0.name == "split" }
        var time = Duration.zero
        for _ in 0..<16 {
            time += Self.wait(chaos.interval, &random)
            var fault = Self.fault(&random)
            // Twenty megabytes in small pieces would take minutes.
            if fault == .hostile(.large), isSplit { fault = .hostile(.nested) }
            events.append(Event(after: time, fault: fault))
            if fault.isFinal { break }
        }
        // Now and then the connection ends before it has given out any handle (pitfall 8).
        if Int.random(in: 0..<20, using: &random) == 0 {
            let failure = Fault.close(code: 1011, reason: "Internal error encountered.")
            events = [Event(after: .milliseconds(Int.random(in: 0...50, using: &random)), fault: failure)]
        }
    }

    private static func random(_ chaos: Chaos, _ connection: Int) -> SeededRandom {
        var seeds = SeededRandom(seed: chaos.seed)
        return SeededRandom(seed: seeds.next() ^ (UInt64(bitPattern: Int64(connection)) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// A run of three in each eight connections; where it lies depends on the seed.
    private static func isSpared(_ chaos: Chaos, _ connection: Int) -> Bool {
        var random = random(chaos, -1 - (connection - 1) / 8)
        let start = Int.random(in: 0...5, using: &random)
        return (start..<start + 3).contains((connection - 1) % 8)
    }

    /// One connection in ten, and never more than three in a row.
    private static func isRefused(_ chaos: Chaos, _ connection: Int) -> Bool {
        let draws = (max(1, connection - 3)...connection).map { number in
            var random = random(chaos, number &+ 1 << 32)
            return Int.random(in: 0..<10, using: &random) == 0
        }
        return draws.last == true && !(draws.count == 4 && draws.allSatisfy { $0 })
    }

    /// A time with that mean, distributed as between calls at an exchange, and at most four times as long.
    private static func wait(_ mean: Duration, _ random: inout SeededRandom) -> Duration {
        mean * min(4, -log(Double.random(in: 0.0001..<1, using: &random)))
    }

    private static func conditions(_ random: inout SeededRandom) -> [Fault] {
        var conditions: [Fault] = []
        func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        if happens(4) { conditions.append(.swallow(.setup)) }
        if happens(15) { conditions.append(.fragment(bytes: Int.random(in: 1...2_000, using: &random))) }
        if happens(8) {
            let pause = Duration.milliseconds(Int.random(in: 0...2, using: &random))
            conditions.append(.split(bytes: Int.random(in: 200...2_000, using: &random), pause: pause))
        } else if happens(10) {
            conditions.append(.merge(.milliseconds(Int.random(in: 5...100, using: &random))))
        }
        if happens(15) { conditions.append(.delayPongs(.seconds(Int.random(in: 5...30, using: &random)))) }
        if happens(5) { conditions.append(.cutReasons(bytes: Int.random(in: 0...30, using: &random))) }
        if happens(15) {
            let handles: [RehearsalSession.Options.Handles] = [.poisoned, .expired, .withheld]
            conditions.append(.handles(handles.randomElement(using: &random) ?? .poisoned))
        }
        return conditions
    }

    private static let failures = [
        "Internal error encountered.", "The service is currently unavailable.",
        "Deadline expired before operation could complete.",
        "Thread was cancelled when writing StartStep status to channel",
    ]

    private static func fault(_ random: inout SeededRandom) -> Fault {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<22:
            let left = Duration.milliseconds(Int.random(in: 0...10_000, using: &random))
            let isMeant = Int.random(in: 0..<4, using: &random) != 0
            return .goAway(timeLeft: isMeant ? left : left * 30, isMeant: isMeant)
        case ..<34: return .close(code: 1011, reason: failures.randomElement(using: &random) ?? "")
        case ..<42: return .drop
        case ..<50: return .reset
        case ..<56: return .halfOpen
        case ..<61: return .stall
        case ..<65: return .swallow(.answers)
        case ..<68: return .swallow(.audio)
        case ..<71: return .handles(.expired)
        case ..<80: return .heal
        default:
            let message = HostileMessage.allCases.randomElement(using: &random) ?? .nested
            // Twenty megabytes are worth their time only now and then.
            return .hostile(message == .large && Bool.random(using: &random) ? .nested : message)
        }
    }
}
