package import LiveProtocol

/// Headers that are asked for before each connection is dialled, such as a token of its own: tells once, on any thread.
package typealias HeaderSource =
    @Sendable (_ tell: @escaping @Sendable (Result<[Endpoint.Header], Disconnection>) -> Void) -> Void

/// Opens WebSocket connections, all served by one socket thread. Safe on any thread.
package final class WebSocketTransport: Transport {
    package struct Configuration: Sendable, Equatable {
        /// Longest message taken from the service, in bytes; a longer one ends the connection with 1009.
        package var longestMessage = 16 << 20
        /// Most bytes of messages that may wait to be sent; beyond it the connection ends.
        package var longestQueue = 8 << 20

        package init() {}
    }

    private let configuration: Configuration
    private let thread: SocketThread
    private let headers: HeaderSource?

    /// - Parameters:
    ///   - thread: shared with whoever else has connections to serve; starts when first needed.
    ///   - headers: asked for what an endpoint's own headers lack; a failure of it is the connection's end.
    package init(
        configuration: Configuration = Configuration(), thread: SocketThread = SocketThread(),
        headers: HeaderSource? = nil
    ) {
        self.configuration = configuration
        self.thread = thread
        self.headers = headers
    }

    /// Dials `endpoint`; see `Transport`. Nothing is dialled while headers are awaited: who abandons the connection
    /// meanwhile hears of its end when they have come. Addresses of a name are tried in turn, 3 s each and 10 s for the last.
    package func open(_ endpoint: Endpoint, handler: any ConnectionHandler) -> any Connection {
        let connection = WebSocketConnection(queueLimit: configuration.longestQueue, thread: thread)
        guard let headers else {
            dial(endpoint, for: connection, handler)
            return connection
        }
        headers { found in
            switch found {
            case .success(let more):
                var endpoint = endpoint
                endpoint.headers += more
                self.dial(endpoint, for: connection, handler)
            case .failure(let reason): self.dial(endpoint, for: connection, handler, unless: reason)
            }
        }
        return connection
    }

    /// - Parameter reason: why the connection ends before it is dialled; nil where it does not.
    private func dial(
        _ endpoint: Endpoint, for connection: WebSocketConnection, _ handler: any ConnectionHandler,
        unless reason: Disconnection? = nil
    ) {
        let dialling = Dialling(endpoint)
        let longestMessage = configuration.longestMessage
        thread.open(dialling, unless: reason) { loop in
            WebSocketEnd(connection, dialling, handler: handler, longestMessage: longestMessage, loop: loop)
        }
    }
}
