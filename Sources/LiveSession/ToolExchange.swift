package import LiveProtocol

/// Calls that the service waits for and results that it may not have got, so that a change of line loses none and
/// nothing is done twice.
///
/// Pure. A resumed session knows the calls that are older than its handle, and those only: their results are sent again,
/// first of all (pitfall 3). What it does not know is not answered, as a result without a call closes sessions (pitfall
/// 26); should it call again, it gets the result that there is (pitfalls 17 and 24).
package struct ToolExchange: Equatable, Sendable {
    private struct Call: Equatable, Sendable {
        var id: String?
        var name: String
        var calledAt: Duration
        /// Nil while the tool works.
        var result: ToolResult?
        /// The session that is live knows of the call.
        var isKnown = true
        /// The result went to it.
        var isSent = false
        /// The model went on after that.
        var isSettled = false
    }

    /// What is to be done about calls that came.
    package struct Calling: Equatable, Sendable {
        /// Never called before: to be executed.
        package var new: [ToolCall] = []
        /// Results of earlier calls that a session which had forgotten them made again.
        package var results: [ToolResult] = []
    }

    /// Calls remembered; of more than these the oldest settled ones are forgotten.
    package static let most = 256
    private var calls: [Call] = []

    package init() {}

    /// Calls that the session waits for.
    package var openCount: Int { calls.count { $0.isKnown && !$0.isSent } }

    package mutating func called(_ new: [ToolCall], now: Duration) -> Calling {
        var calling = Calling()
        for call in new {
            guard let index = calls.firstIndex(where: { $0.id != nil && $0.id == call.id && $0.name == call.name })
            else {
                calls.append(Call(id: call.id, name: call.name, calledAt: now))
                calling.new.append(call)
                continue
            }
            guard !calls[index].isKnown else { continue }
            calls[index].isKnown = true
            calls[index].calledAt = now
            if let result = calls[index].result { calling.results.append(result) }
        }
        while calls.count > ToolExchange.most, let oldest = calls.firstIndex(where: \.isSettled) {
            calls.remove(at: oldest)
        }
        return calling
    }

    /// These want no result any more.
    package mutating func cancelled(_ ids: [String]) {
        calls.removeAll { call in call.id.map { ids.contains($0) } ?? false }
    }

    /// - Returns: the results that the session waits for, to be sent now or, without a live line, when there is one.
    package mutating func answered(_ results: [ToolResult]) -> [ToolResult] {
        results.filter { result in
            let index = calls.firstIndex { $0.result == nil && $0.id == result.id && $0.name == result.name }
            guard let index else { return false }
            calls[index].result = result
            return calls[index].isKnown
        }
    }

    /// All results that the session waits for have been sent.
    package mutating func sent() {
        for index in calls.indices where calls[index].isKnown && calls[index].result != nil {
            calls[index].isSent = true
        }
    }

    /// The model went on, so it has got what was sent.
    package mutating func modelWentOn() {
        for index in calls.indices where calls[index].isSent { calls[index].isSettled = true }
    }

    /// - Parameter knownUntil: when the handle was given that the session was resumed by; nil for a fresh session.
    /// - Returns: what to send first.
    package mutating func resumed(knownUntil: Duration?) -> [ToolResult] {
        guard let knownUntil else {
            calls = []  // another session's calls are others, whatever their names
            return []
        }
        for index in calls.indices where !calls[index].isSettled || calls[index].calledAt > knownUntil {
            calls[index].isKnown = calls[index].calledAt <= knownUntil
            calls[index].isSent = false
            calls[index].isSettled = false
        }
        return calls.filter { $0.isKnown && !$0.isSent }.compactMap(\.result)
    }
}
