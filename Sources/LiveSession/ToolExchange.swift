package import LiveProtocol

/// Calls that the service waits for and results that it may not have got, so that a change of line loses none.
///
/// Pure. A resumed session knows the calls that are older than its handle, and those only: their results are sent again,
/// first of all (pitfall 3). What it does not know is forgotten, as a result without a call closes sessions (pitfall
/// 26); the question that led to the call is asked again instead.
package struct ToolExchange: Equatable, Sendable {
    private struct Call: Equatable, Sendable {
        var id: String?
        var name: String
        var calledAt: Duration
        /// Sent or to be sent; nil while the tool works.
        var result: ToolResult?
        var isSent = false
    }

    private var calls: [Call] = []

    package init() {}

    /// Calls without a result that has been sent.
    package var openCount: Int { calls.count { !$0.isSent } }

    /// - Returns: those that were not called before: a call may be repeated, and is executed once (pitfall 24).
    package mutating func called(_ new: [ToolCall], now: Duration) -> [ToolCall] {
        let fresh = new.filter { call in call.id == nil || !calls.contains { $0.id == call.id } }
        calls += fresh.map { Call(id: $0.id, name: $0.name, calledAt: now) }
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

    package mutating func sent() {
        for index in calls.indices where calls[index].result != nil { calls[index].isSent = true }
    }

    /// The model went on after results were sent, so it has got them.
    package mutating func modelWentOn() { calls.removeAll(where: \.isSent) }

    /// - Parameter knownUntil: when the handle was given that the session was resumed by; nil for a fresh session.
    /// - Returns: what to send first.
    package mutating func resumed(knownUntil: Duration?) -> [ToolResult] {
        calls.removeAll { call in knownUntil.map { call.calledAt > $0 } ?? true }
        return calls.compactMap(\.result)
    }
}
