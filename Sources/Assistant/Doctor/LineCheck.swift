package import LiveProtocol
import LiveSession
import LiveTransport
import Synchronization

/// How far the way to the service goes: its name, the network, a proxy, TLS.
///
/// Opens a connection and closes it again, without a key and without a word.
package enum LineCheck {
    /// - Parameter endpoint: as a conversation has it; its headers are not sent.
    package static func findings(on endpoint: Endpoint) async -> [Finding] {
        let thread = SocketThread()
        var bare = endpoint
        bare.headers = []
        let end = await Dial.end(of: bare, by: WebSocketTransport(thread: thread))
        await thread.stopAndWait()
        return findings(on: endpoint, after: end)
    }

    /// - Parameter end: why the connection ended before it was open; nil where it was.
    static func findings(on endpoint: Endpoint, after end: Disconnection?) -> [Finding] {
        let place = "\(endpoint.host):\(endpoint.port)"
        let proxy = endpoint.proxy.flatMap(ProxyAddress.init).map { Finding("proxy", .ok, $0.shown) }
        let reached = [Finding("network", .ok, "\(place) can be reached"), proxy, tls(endpoint)].compactMap { $0 }
        guard let end else { return reached }
        let unasked = Finding("TLS", .skipped, "nobody was reached")
        switch end.cause {
        case .unresolved, .unreachable: return [failed("network", end), unasked]
        case .proxyRefused: return [failed("proxy", end), unasked]
        // Of a file with authorities that cannot be read, before anybody is dialled, or of a certificate: what it says
        // tells which, and in the second case that somebody was reached.
        case .tls: return [failed("TLS", end)]
        // A refusal of the upgrade is the service's word: without a key there is nothing else to expect.
        default: return reached
        }
    }

    private static func tls(_ endpoint: Endpoint) -> Finding {
        guard endpoint.isSecure else { return Finding("TLS", .skipped, "the endpoint is one without it, ws://") }
        return Finding("TLS", .ok, "the certificate is \(endpoint.host)'s, and trusted")
    }

    private static func failed(_ check: String, _ end: Disconnection) -> Finding {
        let remedy = "Check the network, --endpoint and --proxy."
        return switch Verdict(of: end) {
        case .final(let ending):
            Finding(
                check, .failed, ending.reason, remedy: ending.remedy ?? remedy, exit: Outcome(ending).exit)
        case .retry(let problem), .retryWithoutHandle(let problem):
            Finding(check, .failed, problem.reason, remedy: remedy, exit: .unavailable)
        }
    }
}

/// One connection, until it is open or cannot be.
private final class Dial: ConnectionHandler {
    private let waiter: Mutex<CheckedContinuation<Disconnection?, Never>?>

    private init(_ waiter: CheckedContinuation<Disconnection?, Never>) { self.waiter = Mutex(waiter) }

    /// - Returns: nil for a connection that was open, which is closed by then or will be.
    static func end(of endpoint: Endpoint, by transport: any Transport) async -> Disconnection? {
        await withCheckedContinuation { _ = transport.open(endpoint, handler: Dial($0)) }
    }

    func connectionOpened(_ connection: any Connection) {
        connection.close(code: 1000, reason: "")
        resume(nil)
    }

    func connection(_ connection: any Connection, received message: Span<UInt8>) {}

    func connection(_ connection: any Connection, nextVoiceMessage frame: inout [UInt8]) -> Bool { false }

    func connection(_ connection: any Connection, ended reason: Disconnection) { resume(reason) }

    private func resume(_ end: Disconnection?) { waiter.withLock { $0.take() }?.resume(returning: end) }
}
