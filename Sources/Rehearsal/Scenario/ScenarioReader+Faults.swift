import Yams

/// The steps that go wrong on purpose.
extension ScenarioReader {
    private static let plainFaults: [String: Fault] = [
        "stall": .stall, "halfOpen": .halfOpen, "reset": .reset, "drop": .drop, "heal": .heal,
        "swallowSetup": .swallow(.setup), "swallowAudio": .swallow(.audio), "swallowAnswers": .swallow(.answers),
        "poisonHandles": .handles(.poisoned), "expireHandles": .handles(.expired),
        "withholdHandles": .handles(.withheld),
    ]

    private static let measuredFaults: Set<String> = ["split", "merge", "delayPongs", "fragment", "cutReasons"]

    /// `stall`, `{stall: true}`, `{fragment: 7}` and so on.
    func fault(_ node: Node) throws(RehearsalError) -> Fault {
        let names = Self.measuredFaults.union(Self.plainFaults.keys)
        if case .scalar(let scalar) = node {
            guard let fault = Self.plainFaults[scalar.string] else {
                throw wrong(node, unknown(scalar.string, among: Array(names), what: "fault"))
            }
            return fault
        }
        let members = try mapping(node, names: names)
        guard members.count == 1, let (name, value) = members.first else {
            throw wrong(node, "a fault step has one fault")
        }
        if let fault = Self.plainFaults[name] {
            guard value.bool == true else { throw wrong(value, "\(name) is true, or is left out") }
            return fault
        }
        switch name {
        case "split": return try split(value)
        case "merge": return .merge(try milliseconds(value))
        case "delayPongs": return .delayPongs(try seconds(value))
        case "fragment": return .fragment(bytes: try bytes(value, from: 1))
        default: return .cutReasons(bytes: try bytes(value, from: 0))
        }
    }

    func hostile(_ node: Node) throws(RehearsalError) -> Fault {
        let name = try text(node)
        guard let message = HostileMessage(rawValue: name) else {
            let names = HostileMessage.allCases.map(\.rawValue)
            throw wrong(node, unknown(name, among: names, what: "hostile message"))
        }
        return .hostile(message)
    }

    /// Seconds, or `{timeLeft: SECONDS, close: true}`.
    func goAway(_ node: Node) throws(RehearsalError) -> Fault {
        guard case .mapping = node else { return .goAway(timeLeft: try seconds(node), isMeant: false) }
        let members = try mapping(node, names: ["timeLeft", "close"])
        guard let left = members["timeLeft"] else { throw wrong(node, "goAway takes timeLeft, in seconds") }
        let isMeant = try members["close"].map { node throws(RehearsalError) in
            guard let flag = node.bool else { throw wrong(node, "close is true or false") }
            return flag
        }
        return .goAway(timeLeft: try seconds(left), isMeant: isMeant ?? false)
    }

    private func split(_ node: Node) throws(RehearsalError) -> Fault {
        guard case .mapping = node else { return .split(bytes: try bytes(node, from: 1), pause: .zero) }
        let members = try mapping(node, names: ["bytes", "every"])
        guard let size = members["bytes"] else { throw wrong(node, "split takes bytes") }
        let pause = try members["every"].map { node throws(RehearsalError) in try milliseconds(node) }
        return .split(bytes: try bytes(size, from: 1), pause: pause ?? .zero)
    }

    private func bytes(_ node: Node, from least: Int) throws(RehearsalError) -> Int {
        guard let count = node.int, (least...1 << 20).contains(count) else {
            throw wrong(node, "a number of bytes is due, \(least) to a million")
        }
        return count
    }

    private func seconds(_ node: Node) throws(RehearsalError) -> Duration {
        guard let number = node.float, (0...86_400).contains(number) else {
            throw wrong(node, "seconds are due, 0 to a day")
        }
        return .seconds(number)
    }
}
