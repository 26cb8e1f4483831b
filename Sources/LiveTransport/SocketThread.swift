import LiveProtocol
import Synchronization

/// The thread `vv-socket`, which serves every connection: one libwebsockets context, one loop, no timers of ours.
///
/// Starts with the first connection. Dropping the last reference stops it; so does `stop()`, which ends what is open.
package final class SocketThread: Sendable {
    /// What other threads may ask of the loop.
    enum Request: Sendable {
        /// Make a socket; the number is for `resolved`.
        case open(Int, @Sendable (SocketLoop) -> DialledSocket)
        case resolved(Int, Result<[String], Resolver.Failure>)
        /// It will not be dialled.
        case ended(Int, Disconnection)
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
    private let opened = Atomic<Int>(0)
    /// Finishes with the thread.
    private let end = AsyncStream.makeStream(of: Never.self)

    package init() {}

    deinit { inbox.put(.stop) }

    /// Ends every connection with `.closedHere` and then the thread. Returns at once; nothing may be opened after it.
    package func stop() { inbox.put(.stop) }

    /// Stops, and waits until the thread has let go of everything: a process that exits under it would take OpenSSL's
    /// globals from its hands. Call at most once.
    package func stopAndWait() async {
        stop()
        guard isStarted.load(ordering: .acquiring) else { return }
        for await _ in end.stream {}
    }

    /// Starts to dial; the name is resolved on a thread of its own first.
    ///
    /// - Parameters:
    ///   - reason: why it is not dialled after all: the socket ends by it, on the socket thread as every one does.
    ///   - make: called on the socket thread.
    func open(
        _ dialling: Dialling, unless reason: Disconnection? = nil,
        _ make: @escaping @Sendable (SocketLoop) -> DialledSocket
    ) {
        if !isStarted.exchange(true, ordering: .acquiringAndReleasing) {
            startThread(named: "vv-socket") { [inbox, end = end.continuation] in
                SocketLoop(inbox: inbox).run()
                end.finish()
            }
        }
        let number = opened.add(1, ordering: .relaxed).newValue
        inbox.put(.open(number, make))
        if let reason { return inbox.put(.ended(number, reason)) }
        let host = dialling.nextHop
        if Resolver.isNumeric(host) {
            inbox.put(.resolved(number, .success([host])))
        } else {
            Resolver.resolve(host) { [inbox] in inbox.put(.resolved(number, $0)) }
        }
    }
}
