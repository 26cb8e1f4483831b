import LiveProtocol
import Synchronization

/// The thread `vv-socket`, which serves every connection: one libwebsockets context, one loop, no timers of ours.
///
/// Starts with the first connection. Dropping the last reference stops it; so does `stop()`, which ends what is open.
package final class SocketThread: Sendable {
    /// What other threads may ask of the loop.
    enum Request: Sendable {
        case open(WebSocketConnection, Dialling)
        case resolved(WebSocketConnection, Result<[String], Resolver.Failure>)
        case stop
    }

    /// The loop's end of the conversation: all that the thread keeps alive, so that dropping `SocketThread` ends it.
    final class Inbox: Sendable {
        let wake = WakeUp()
        private let requests = Mutex<[Request]>([])

        func put(_ request: Request) {
            requests.withLock { $0.append(request) }
            wake.ring()
        }

        func takeAll() -> [Request] {
            requests.withLock { waiting in
                defer { waiting.removeAll(keepingCapacity: true) }
                return waiting
            }
        }
    }

    let inbox = Inbox()
    private let isStarted = Atomic<Bool>(false)

    package init() {}

    deinit { inbox.put(.stop) }

    /// Ends every connection with `.closedHere` and then the thread. Returns at once; nothing may be opened after it.
    package func stop() { inbox.put(.stop) }

    /// Starts to dial; the name is resolved on a thread of its own first.
    func open(_ connection: WebSocketConnection, _ dialling: Dialling) {
        if !isStarted.exchange(true, ordering: .acquiringAndReleasing) {
            startThread(named: "vv-socket") { [inbox] in SocketLoop(inbox: inbox).run() }
        }
        inbox.put(.open(connection, dialling))
        let host = dialling.proxy?.host ?? dialling.endpoint.host
        if Resolver.isNumeric(host) {
            inbox.put(.resolved(connection, .success([host])))
        } else {
            Resolver.resolve(host) { [inbox] in inbox.put(.resolved(connection, $0)) }
        }
    }
}

/// All that a connection attempt needs to know.
struct Dialling: Sendable {
    var endpoint: Endpoint
    /// The endpoint's proxy, parsed.
    var proxy: ProxyAddress?
    var handler: any ConnectionHandler
    var longestMessage: Int
}
