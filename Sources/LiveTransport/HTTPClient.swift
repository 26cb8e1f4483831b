package import LiveProtocol
import Synchronization

/// Plain HTTP requests over the same thread, trust and proxies as the WebSockets: model lists, tokens. One connection a
/// request; redirects are not followed. Safe on any thread.
package final class HTTPClient: Sendable {
    package enum Method: Sendable, Hashable {
        case get
        case post(body: [UInt8], contentType: String)
    }

    package struct Response: Sendable, Equatable {
        package var status: Int
        package var contentType: String?
        /// As the service put it: seconds or a date.
        package var retryAfter: String?
        package var body: [UInt8]

        package init(status: Int, contentType: String? = nil, retryAfter: String? = nil, body: [UInt8] = []) {
            (self.status, self.contentType, self.retryAfter, self.body) = (status, contentType, retryAfter, body)
        }
    }

    private let thread: SocketThread

    /// - Parameter thread: shared with whoever else has connections to serve.
    package init(thread: SocketThread = SocketThread()) { self.thread = thread }

    /// Sends one request and waits for its whole answer, whatever its status.
    ///
    /// There is no time limit here: cancel the task. Names are resolved and addresses tried as for a WebSocket.
    ///
    /// - Parameter longestBody: more bytes end the exchange with `.protocolError(code: 1009)`.
    /// - Throws: `.closedHere` when the task was cancelled; `.lost` when the stream ended within the answer.
    package func send(
        _ method: Method, to endpoint: Endpoint, longestBody: Int = 4 << 20
    ) async throws(Disconnection) -> Response {
        let call = HTTPCall(wake: thread.inbox.wake)
        let dialling = Dialling(endpoint)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<HTTPCall.Answer, Never>) in
                thread.open(dialling) {
                    HTTPExchange(call, dialling, method, longestBody: longestBody, continuation, loop: $0)
                }
            }
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }
}

/// The near half of an exchange: what the waiting task may ask.
final class HTTPCall: Sendable {
    typealias Answer = Result<HTTPClient.Response, Disconnection>

    private let wake: WakeUp
    private let hasWork = Atomic<Bool>(false)
    private let isCancelledFlag = Atomic<Bool>(false)

    init(wake: WakeUp) { self.wake = wake }

    var isCancelled: Bool { isCancelledFlag.load(ordering: .acquiring) }

    func cancel() {
        isCancelledFlag.store(true, ordering: .releasing)
        postpone()
    }

    func takeWork() -> Bool { hasWork.exchange(false, ordering: .acquiring) }

    func postpone() {
        hasWork.store(true, ordering: .releasing)
        wake.ring()
    }
}
