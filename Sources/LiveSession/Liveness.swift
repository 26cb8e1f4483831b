package import LiveProtocol

/// Judges from what went over the wire whether the other end is still there; it reads no clock and sends nothing.
///
/// Any byte is a sign of life, so a pong that is 30 s late under load ends nothing (pitfall 11), and a socket whose
/// peer vanished without a FIN is noticed although nothing fails: soon when something waits to be sent and nothing
/// goes, by the silence otherwise (pitfall 12).
package struct Liveness: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        case ping
        /// Nothing came, not even an answer to a ping.
        case giveUpSilent
        /// What waits to be sent does not go.
        case giveUpStuck
        case doNothing
    }

    /// Between two pings.
    package let interval: Duration
    /// Silence after which the line is dead. No less than 60 s: pongs were seen 8–30 s late.
    package let patience: Duration
    /// How long what waits may stand still.
    package let stall: Duration
    /// Bytes of messages and pongs, of which the transport counts no bytes.
    private var signsSeen = 0
    private var lastSign: Duration
    private var nextPing: Duration
    private var bytesSent = 0
    /// Since when something has waited and nothing gone.
    private var stuckSince: Duration?

    package init(
        now: Duration, interval: Duration = .seconds(20), patience: Duration = .seconds(60),
        stall: Duration = .seconds(5)
    ) {
        self.interval = interval
        self.patience = patience
        self.stall = stall
        lastSign = now
        nextPing = now + interval
    }

    package var deadline: Duration {
        min(nextPing, lastSign + patience, stuckSince.map { $0 + stall } ?? nextPing)
    }

    /// Call at `deadline`, and about once a second for what waits to be noticed.
    ///
    /// - Parameter isWaiting: voice or a message waits to be sent.
    package mutating func timePassed(progress: ConnectionProgress, isWaiting: Bool, now: Duration) -> Action {
        let signs = progress.bytesReceived + progress.pongsReceived
        if signs != signsSeen {
            signsSeen = signs
            lastSign = now
        }
        if progress.bytesSent != bytesSent || !isWaiting {
            bytesSent = progress.bytesSent
            stuckSince = nil
        } else if stuckSince == nil {
            stuckSince = now
        }
        if let stuckSince, now - stuckSince >= stall { return .giveUpStuck }
        if now - lastSign >= patience { return .giveUpSilent }
        guard now >= nextPing else { return .doNothing }
        nextPing = now + interval
        return .ping
    }
}
