/// A session that nobody needs for a while: it goes on, without a connection that costs and without one that hears.
///
/// What is known of it, its handle above all, stays. A parked session dials nothing and waits for nothing.
extension SessionMachine {
    package enum ParkAction: Equatable, Sendable { case close, doNothing }

    /// Nobody wants a connection: there is none, or the one there was is closing.
    package var isParked: Bool {
        switch state {
        case .parked, .parking(_, wakes: false): true
        case .parking, .idle, .dialling, .settingUp, .live, .changing, .waiting, .closing, .ended: false
        }
    }

    /// Before `start`, it is `unpark` that dials first.
    package mutating func park(now: Duration) -> ParkAction {
        switch state {
        case .idle, .waiting:
            state = .parked
            return .doNothing
        case .dialling, .settingUp, .live:
            // A handle of a session that we were never told is live would not know what was said since the last one.
            ignoresHandles = ignoresHandles || state != .live
            state = .parking(until: now + limits.close, wakes: false)
            return .close
        case .changing(let until), .parking(let until, _):  // which is closing already
            state = .parking(until: until, wakes: false)
            return .doNothing
        case .parked, .closing, .ended: return .doNothing
        }
    }

    /// Dials, at once or when the old connection has closed (pitfall 6).
    package mutating func unpark(now: Duration) -> DialAction {
        switch state {
        case .parked:
            firstAttemptAt = now
            state = .dialling(attempt: 1, until: now + limits.dial)
            return .dial(attempt: 1)
        case .parking(let until, _):
            state = .parking(until: until, wakes: true)
            return .doNothing
        case .idle, .dialling, .settingUp, .live, .changing, .waiting, .closing, .ended: return .doNothing
        }
    }

    /// However the connection ended: it was left, so that is neither a failure nor a drop.
    mutating func hasParked(wakes: Bool, now: Duration) -> EndAction {
        givenUp = nil
        state = .parked
        guard wakes, case .dial(let attempt) = unpark(now: now) else { return .doNothing }
        return .succeed(.cold(attempt: attempt), problem: nil)
    }
}
