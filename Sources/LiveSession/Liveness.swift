package import LiveProtocol

/// Judges from what came in whether the other end is still there; it reads no clock and sends nothing.
///
/// Any byte is a sign of life, so a pong that is 30 s late under load ends nothing (pitfall 11), and a socket whose
/// peer vanished without a FIN is noticed although nothing fails (pitfall 12).
package struct Liveness: Equatable, Sendable {
    package enum Action: Equatable, Sendable { case ping, giveUp, doNothing }

    /// Between two pings.
    package let interval: Duration
    /// Silence after which the line is dead. No less than 60 s: pongs were seen 8–30 s late.
    package let patience: Duration
    /// Bytes of messages and pongs, of which the transport counts no bytes.
    private var signsSeen = 0
    private var lastSign: Duration
    private var nextPing: Duration

    package init(now: Duration, interval: Duration = .seconds(20), patience: Duration = .seconds(60)) {
        self.interval = interval
        self.patience = patience
        lastSign = now
        nextPing = now + interval
    }

    package var deadline: Duration { min(nextPing, lastSign + patience) }

    package mutating func timePassed(progress: ConnectionProgress, now: Duration) -> Action {
        let signs = progress.bytesReceived + progress.pongsReceived
        if signs != signsSeen {
            signsSeen = signs
            lastSign = now
        }
        if now - lastSign >= patience { return .giveUp }
        guard now >= nextPing else { return .doNothing }
        nextPing = now + interval
        return .ping
    }
}
