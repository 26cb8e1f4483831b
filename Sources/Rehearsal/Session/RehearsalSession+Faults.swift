/// What a session does wrong when told to.
extension RehearsalSession {
    /// Takes in something without a word from now on.
    mutating func swallow(_ kind: Swallowed) { swallowed.insert(kind) }

    /// Takes everything again as it should; a poisoned session stays poisoned.
    mutating func heal() {
        swallowed = isPoisoned ? [.answers] : []
    }

    /// Decides what the handles are worth from now on; `.expired` spoils those given out before, too.
    mutating func give(_ handles: Options.Handles) -> [Action] {
        self.handles = handles
        return handles == .expired ? [.forget(session: name)] : []
    }

    /// Says that the connection will end.
    /// - Parameter isMeant: whether it will; some goAways of the real service come long before anything happens.
    mutating func goAway(timeLeft: Duration, isMeant: Bool, now: Duration) -> [Action] {
        guard phase != .closed else { return [] }
        deadlines.announce(end: now + timeLeft, isMeant: isMeant)
        return [.send(ServerMessage.goAway(timeLeft: timeLeft))]
    }
}
