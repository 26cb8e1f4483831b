/// When a connection has to end by the service's own rules, and when a `goAway` says so before.
///
/// Times are of the clock that the session is told.
struct Deadlines: Equatable {
    /// The connection's own limit.
    private(set) var connectionEnd: Duration?
    /// The session's, which outlives its connections.
    private(set) var sessionEnd: Duration?
    private let goAwayBefore: Duration?
    /// The end that a `goAway` has announced.
    private var announced: Duration?

    /// - Parameter goAwayBefore: how long before an end it is announced; nil for never.
    init(connectionEnd: Duration?, goAwayBefore: Duration?) {
        self.connectionEnd = connectionEnd
        self.goAwayBefore = goAwayBefore
    }

    /// The nearest end; nil for none.
    var end: Duration? { [connectionEnd, sessionEnd].compactMap(\.self).min() }

    /// When the next `goAway` is due; nil for not at all, or not again.
    var goAwayDue: Duration? {
        guard let end, let goAwayBefore, announced.map({ $0 > end }) ?? true else { return nil }
        return end - goAwayBefore
    }

    /// Notes that the nearest end is being announced. - Returns: what is left until then.
    mutating func announce(now: Duration) -> Duration {
        announced = end
        return max(.zero, (end ?? now) - now)
    }

    /// Notes an announcement that somebody else decided on.
    /// - Parameter isMeant: whether the connection will end then.
    mutating func announce(end: Duration, isMeant: Bool) {
        if isMeant { connectionEnd = min(connectionEnd ?? end, end) }
        announced = end
    }

    /// Sets the session's end, or lifts it. Sending pictures brings it nearer.
    mutating func limitSession(to end: Duration?) { sessionEnd = end }
}
