package import LiveProtocol

/// Calls that the service waits for and results that it may not have got, so that a change of line loses none.
///
/// Pure. A resumed session knows the calls that are older than its handle, and those only: their results are sent again,
/// first of all (pitfall 3), unless they are older than the handle, too. What it does not know is forgotten, as a result
/// without a call closes sessions (pitfall 26); the question that led to the call is asked again instead.
package struct ToolExchange: Equatable, Sendable {
    private struct Call: Equatable, Sendable {
        var id: String?
        var name: String
        var calledAt: Duration
        /// Sent or to be sent; nil while the tool works.
        var result: ToolResult?
        var sentAt: Duration?
        var isSent: Bool { sentAt != nil }
        /// The model went on after it.
        var isTaken = false
    }

    /// More than a model calls between two handles; beyond it the oldest are forgotten.
    package static let most = 256

    /// A handle that comes later than this after a result was sent remembers the result; one that comes sooner may have
    /// crossed it on the way.
    private static let crossing = Duration.seconds(1)

    private var calls: [Call] = []

    package init() {}

    /// Calls without a result that has been sent.
    package var openCount: Int { calls.count { !$0.isSent } }

    /// - Returns: those that were not called before: a call may be repeated, and is executed once (pitfall 24).
    package mutating func called(_ new: [ToolCall], now: Duration) -> [ToolCall] {
        let fresh = new.filter { call in call.id == nil || !calls.contains { $0.id == call.id } }
        calls += fresh.map { Call(id: $0.id, name: $0.name, calledAt: now) }
        calls.removeFirst(max(0, calls.count - ToolExchange.most))
        return fresh
    }

    /// These want no result any more.
    package mutating func cancelled(_ ids: [String]) {
        calls.removeAll { call in call.id.map { ids.contains($0) } ?? false }
    }

    /// - Returns: the results that still have a call, to be sent now or, without a live line, when there is one.
    package mutating func answered(_ results: [ToolResult]) -> [ToolResult] {
        results.filter { result in
            let index = calls.firstIndex { $0.result == nil && $0.id == result.id && $0.name == result.name }
            guard let index else { return false }
            calls[index].result = result
            return true
        }
    }

    package mutating func sent(now: Duration) {
        for index in calls.indices where calls[index].result != nil && !calls[index].isSent {
            calls[index].sentAt = now
        }
    }

    /// The model went on after results were sent, so it has got them; but a session that is resumed by an older handle
    /// has not.
    package mutating func modelWentOn() {
        for index in calls.indices where calls[index].isSent { calls[index].isTaken = true }
    }

    /// A handle was given: it remembers what the model has taken.
    package mutating func handleGiven() { calls.removeAll(where: \.isTaken) }

    /// - Parameter knownUntil: when the handle was given that the session was resumed by; nil for a fresh session.
    /// - Returns: what to send first.
    package mutating func resumed(knownUntil: Duration?) -> [ToolResult] {
        guard let knownUntil else {
            calls = []
            return []
        }
        calls.removeAll { call in
            call.calledAt > knownUntil || call.sentAt.map { $0 + ToolExchange.crossing < knownUntil } ?? false
        }
        for index in calls.indices {
            calls[index].sentAt = nil
            calls[index].isTaken = false
        }
        return calls.compactMap(\.result)
    }
}
