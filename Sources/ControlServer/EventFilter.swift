import ControlProtocol
import Events

/// Which events a client asked for: names, and beginnings such as `turn.*`.
struct EventFilter: Sendable, Equatable {
    /// Levels come ten times a second, so they are not among `*`.
    private static let levels = "audio.level"

    let patterns: [String]
    private let names: Set<String>
    private let beginnings: [String]

    /// - Parameter patterns: nil for all events.
    /// - Throws: when one of them is no event's name.
    init(_ patterns: [String]?) throws(RPC.Failure) {
        let patterns = patterns ?? ["*"]
        self.patterns = patterns
        beginnings = patterns.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
        names = Set(patterns.filter { !$0.hasSuffix("*") })
        guard let unknown = names.first(where: { EventName(rawValue: $0) == nil }) else { return }
        throw .params("there is no event \(unknown)")
    }

    var isEmpty: Bool { patterns.isEmpty }
    var wantsLevels: Bool {
        names.contains(Self.levels) || beginnings.contains { !$0.isEmpty && Self.levels.hasPrefix($0) }
    }

    func takes(_ name: String) -> Bool {
        names.contains(name) || beginnings.contains { name.hasPrefix($0) && (name != Self.levels || !$0.isEmpty) }
    }
}
