/// When to leave a connection for the next one: before the service ends it, and when nobody is speaking.
///
/// Pure and driven by time, not by traffic (pitfall 2). A warning of the service is not an order: one that leaves five
/// minutes must not cut the greeting (pitfall 1). So nothing is done before the last minute; then a change waits for a
/// free floor; and shortly before the end it is made in any case.
package struct RotationPlan: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Make a connection ahead.
        case warm
        /// The one made ahead has waited too long to be trusted.
        case coolDown
        case change(ChangeCause)
        case doNothing
    }

    package struct Limits: Equatable, Sendable {
        /// How long before its limit a connection is left without being told to; a tenth of the limit, if that is less.
        package var lead: Duration = .seconds(60)
        /// Time left below which any quiet moment will do.
        package var window: Duration = .seconds(60)
        /// Time left at which the change is not put off any longer; a quarter of what there was, if that is less.
        package var margin: Duration = .seconds(10)
        /// What a warning without a time is taken to leave.
        package var unsaid: Duration = .seconds(5)
        /// How old a standby may grow: a service need not keep a connection that says nothing.
        package var freshness: Duration = .seconds(30)
        package var backoff = Backoff(first: .milliseconds(500), cap: .seconds(10))
        /// A service that says goodbye to every connection is not followed for ever without a pause: so many changes may
        /// be made at once, and one more for each `pause` since.
        package var burst = 30
        package var pause: Duration = .milliseconds(500)

        package init() {}
    }

    private struct Due: Equatable, Sendable {
        var cause: ChangeCause
        /// When the connection will be gone.
        var end: Duration
        /// From when on a quiet moment is taken.
        var opens: Duration
        /// The last moment to leave it.
        var latest: Duration
    }

    package let limits: Limits
    /// How long one connection lasts (`ModelFamily.Limits.connection`, or as set).
    package let connectionLimit: Duration
    private var due: Due?
    private var standbySince: Duration?
    private var standbyFailures = 0
    private var nextWarming: Duration = .zero
    /// When `burst` changes would be free again: each puts it off by `pause`.
    private var restedAt: Duration = .zero

    package init(connectionLimit: Duration, limits: Limits = Limits()) {
        self.connectionLimit = connectionLimit
        self.limits = limits
    }

    // MARK: What happens

    /// - Parameter openedAt: when the connection was opened, which is when the service's limit begins to run.
    package mutating func wentLive(openedAt: Duration) {
        let end = openedAt + connectionLimit
        let lead = min(limits.lead, connectionLimit / 10)
        due = Due(cause: .timer, end: end, opens: end - lead, latest: end - min(limits.margin, lead / 4))
        standbySince = nil
        standbyFailures = 0
        nextWarming = .zero
    }

    /// A change is being made.
    package mutating func changed(now: Duration) { restedAt = max(restedAt, now) + limits.pause }

    package mutating func lineEnded() { due = nil }

    /// The service will close; an earlier end that is known already stands.
    package mutating func goAway(timeLeft: Duration?, now: Duration) {
        guard let due else { return }
        let end = min(now + max(timeLeft ?? limits.unsaid, .zero), due.end)
        guard due.cause != .goAway || end < due.end else { return }
        // Repeated warnings may bring the last safe moment nearer, and never put it off.
        let latest = min(due.latest, end - min(limits.margin, (end - now) / 4))
        self.due = Due(cause: .goAway, end: end, opens: max(now, end - limits.window), latest: latest)
    }

    /// Somebody wants the line changed in the next quiet moment.
    package mutating func request(now: Duration) {
        guard let due, due.opens > now else { return }
        self.due = Due(cause: .request, end: due.end, opens: now, latest: due.latest)
    }

    package mutating func standbyOpened(now: Duration) { standbySince = now }

    package mutating func standbyEnded(now: Duration) {
        standbySince = nil
        standbyFailures += 1
        nextWarming = now + limits.backoff.delay(afterAttempt: standbyFailures, fraction: 1)
    }

    // MARK: What to do

    /// A quiet moment is being waited for.
    package func isOpen(now: Duration) -> Bool { due.map { now >= $0.opens } ?? false }

    /// The next change may be made from here on.
    private var earliest: Duration { restedAt - limits.pause * (limits.burst - 1) }

    package func decide(floorIsFree: Bool, standby: SessionMachine.Standby, now: Duration) -> Action {
        guard let due, now >= due.opens, now >= earliest else { return .doNothing }
        if now >= due.latest { return .change(due.cause) }
        switch standby {
        case .none: return now >= nextWarming ? .warm : .doNothing
        case .dialling: return .doNothing
        case .open where floorIsFree: return .change(due.cause)
        case .open: return standbySince.map { now >= $0 + limits.freshness } ?? false ? .coolDown : .doNothing
        }
    }

    /// The next moment at which `decide` may say something else, apart from what the floor does.
    package func deadline(standby: SessionMachine.Standby, now: Duration) -> Duration? {
        guard let due else { return nil }
        let standbyDue: Duration? =
            switch standby {
            case .none: max(nextWarming, due.opens)
            case .dialling: nil
            case .open: standbySince.map { $0 + limits.freshness }
            }
        let moments = [due.opens, due.latest, earliest, standbyDue]
        return moments.compactMap { $0 }.filter { $0 > now }.min()
    }
}

/// Why a line is changed.
package enum ChangeCause: Sendable, Hashable {
    case goAway
    /// The connection nears its limit, and no warning came.
    case timer
    /// It broke, or fell silent, or the machine slept.
    case drop
    case stall
    /// A person or a program asked for it.
    case request
}
