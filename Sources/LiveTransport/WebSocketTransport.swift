package import LiveProtocol

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

    /// - Parameter thread: shared with whoever else has connections to serve; starts when first needed.
    package init(configuration: Configuration = Configuration(), thread: SocketThread = SocketThread()) {
        self.configuration = configuration
        self.thread = thread
    }

    /// Dials `endpoint`; see `Transport`. Addresses of a name are tried in turn, 3 s each and 10 s for the last.
    package func open(_ endpoint: Endpoint, handler: any ConnectionHandler) -> any Connection {
        let connection = WebSocketConnection(queueLimit: configuration.longestQueue, thread: thread)
        let dialling = Dialling(endpoint)
        let longestMessage = configuration.longestMessage
        thread.open(dialling) { loop in
            WebSocketEnd(connection, dialling, handler: handler, longestMessage: longestMessage, loop: loop)
        }
        return connection
    }
}
