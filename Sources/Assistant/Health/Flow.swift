/// One thing that has to go on: a device's periods, or the steps of a loop. Pure.
struct Flow: Equatable, Sendable {
    private enum State: Equatable {
        /// Nothing is due of it.
        case unasked
        case moving
        case still(since: Duration)
    }

    private var state = State.unasked
    /// Counted when it was looked at last; nil where nothing was due.
    private var last: Int?
    /// It has moved, or nothing was due of it, whenever it was looked at last.
    var isProven: Bool {
        switch state {
        case .unasked, .moving: true
        case .still: false
        }
    }

    /// - Parameter count: what has been counted by now, anew in each conversation; nil where nothing is due.
    mutating func observe(_ count: Int?, now: Duration) {
        defer { last = count }
        guard let count else {
            state = .unasked
            return
        }
        if let last, count > last {
            state = .moving
            return
        }
        if case .still = state { return }
        state = .still(since: now)
    }

    func isStill(for patience: Duration, now: Duration) -> Bool {
        guard case .still(let since) = state else { return false }
        return now - since >= patience
    }
}
