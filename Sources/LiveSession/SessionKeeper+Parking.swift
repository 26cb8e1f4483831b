/// The session without a connection, because nobody needs one for a while: an assistant that waits for its wake word.
extension SessionKeeper {
    /// Nobody wants a connection: there is none, or the one there was is closing.
    package var isParked: Bool { machine.isParked }

    /// Leaves the connection in good order and makes no other until `unpark`, or until something is typed.
    ///
    /// What was asked and not answered, the results of tools, the handle and our own record are kept, and go with the
    /// next connection. Nothing is told: the end of a connection that was left is neither a drop nor a change, and a
    /// change under way is over with it.
    package mutating func park(now: Duration) -> [Effect] {
        guard !machine.isEnding, !machine.isParked else { return [] }
        let standby = dropStandby()
        gap = nil
        isSpeechTorn = false
        guard machine.park(now: now) == .close else { return standby }
        return standby + [.closeGate(resendsLast: false), .closeLine]
    }

    /// Whether a session that cannot be brought back is parked and not ended: true while somebody can `unpark` it. One
    /// that never was live is ended all the same, and so is one that the service refuses.
    package var restsWhenLost: Bool {
        get { machine.restsWhenLost }
        set { machine.restsWhenLost = newValue }
    }

    /// The attempts are given up; what is kept is as `park` keeps it.
    mutating func rest(because problem: Verdict.Problem) -> [Effect] {
        gap = nil
        isSpeechTorn = false
        return dropStandby() + [.tell(.outOfReach(problem))]
    }

    /// Dials at once, or as soon as the old connection has closed, and goes on where the session was: by its handle,
    /// or as a fresh one if the service does not know that any more.
    package mutating func unpark(now: Duration) -> [Effect] {
        guard case .dial(let attempt) = machine.unpark(now: now) else { return [] }
        return [.tell(.connecting(attempt: attempt)), .dial(attempt: attempt)]
    }
}
