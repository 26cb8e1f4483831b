package import LiveProtocol

/// Calls that the service waits for and results that it may not have got, so that a change of line loses none and
/// nothing is done twice.
///
/// Pure. A resumed session knows the calls that are older than its handle, and those only: their results are sent again,
/// first of all (pitfall 3), unless they are older than the handle, too. What it does not know is not answered, as a
/// result without a call closes sessions (pitfall 26); should it call again, it gets the result that there is, and the
/// tool does not work twice (pitfalls 17 and 24).
package struct ToolExchange: Equatable, Sendable {
    private struct Call: Equatable, Sendable {
        var id: String?
        var name: String
        var calledAt: Duration
        /// Nil while the tool works.
        var result: ToolResult?
        /// When the result went to the session that is live.
        var sentAt: Duration?
        /// The session that is live knows of the call.
        var isKnown = true
        /// The model went on after the result was sent.
        var isTaken = false
        /// So does the newest handle.
        var isRemembered = false

        mutating func forgetSending() {
            sentAt = nil
            isTaken = false
        }
    }

    /// What is to be done about calls that came.
    package struct Calling: Equatable, Sendable {
        /// Never called before: to be executed.
        package var new: [ToolCall] = []
        /// Results of earlier calls that a session which had forgotten them made again.
        package var results: [ToolResult] = []
    }

    /// More than a model calls between two handles; beyond it the oldest are forgotten, settled ones first.
    package static let most = 256

    /// A handle that comes later than this after a result was sent remembers the result; one that comes sooner may have
    /// crossed it on the way.
    private static let crossing = Duration.seconds(1)

    private var calls: [Call] = []

    package init() {}

    /// Calls that the session waits for.
    package var openCount: Int { calls.count { $0.isKnown && $0.sentAt == nil } }

    package mutating func called(_ new: [ToolCall], now: Duration) -> Calling {
        var calling = Calling()
        for call in new {
            guard let index = calls.firstIndex(where: { $0.id != nil && $0.id == call.id }) else {
                calls.append(Call(id: call.id, name: call.name, calledAt: now))
                calling.new.append(call)
                continue
            }
            guard !calls[index].isKnown else { continue }
            calls[index].isKnown = true
            calls[index].calledAt = now
            if let result = calls[index].result { calling.results.append(result) }
        }
        while calls.count > ToolExchange.most { calls.remove(at: calls.firstIndex(where: \.isRemembered) ?? 0) }
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
    package mutating func sent(now: Duration) {
        for index in calls.indices where calls[index].isKnown && calls[index].result != nil {
            calls[index].sentAt = calls[index].sentAt ?? now
        }
    }

    /// The model went on after results were sent, so it has got them; but a session that is resumed by an older handle
    /// has not.
    package mutating func modelWentOn() {
        for index in calls.indices where calls[index].sentAt != nil { calls[index].isTaken = true }
    }

    /// A handle was given: it remembers what the model has taken.
    package mutating func handleGiven() {
        for index in calls.indices where calls[index].isTaken { calls[index].isRemembered = true }
    }

    /// - Parameter knownUntil: when the handle was given that the session was resumed by; nil for a fresh session.
    /// - Returns: what to send first.
    package mutating func resumed(knownUntil: Duration?) -> [ToolResult] {
        guard let knownUntil else {
            calls = []  // another session's calls are others, whatever their names
            return []
        }
        for index in calls.indices where !calls[index].isRemembered {
            // What an earlier session did not know, one resumed from it does not either.
            calls[index].isKnown = calls[index].isKnown && calls[index].calledAt <= knownUntil
            if let sentAt = calls[index].sentAt, calls[index].isKnown, sentAt + ToolExchange.crossing < knownUntil {
                calls[index].isRemembered = true
            } else {
                calls[index].forgetSending()
            }
        }
        return calls.filter { $0.isKnown && $0.sentAt == nil }.compactMap(\.result)
    }
}
