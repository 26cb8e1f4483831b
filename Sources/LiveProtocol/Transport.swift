/// Opens connections. The real one is a libwebsockets thread; tests put a scripted one in its place.
package protocol Transport: Sendable {
    /// Starts to dial and returns at once; what becomes of it reaches `handler`, on the socket thread.
    ///
    /// Names are resolved before the socket thread is involved. The handler is retained until
    /// `connection(_:ended:)`, which comes exactly once for every connection, also when dialling fails.
    func open(_ endpoint: Endpoint, handler: any ConnectionHandler) -> any Connection
}

/// Where to dial, and with what.
package struct Endpoint: Sendable, Equatable {
    /// Host name as in the URL; checked against the certificate and sent as SNI.
    package var host: String
    package var port: Int
    package var isSecure: Bool
    /// Path and query, starting with one slash. Never holds a credential.
    package var path: String
    /// Header names and values of the upgrade request; the key travels here and nowhere else (pitfall 17b).
    package var headers: [Header]
    /// Extra trust anchor, PEM, beside the system's.
    package var caFile: String?
    /// `http://host:port` of a proxy to tunnel through, with optional user:password.
    package var proxy: String?

    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        host: String, port: Int, isSecure: Bool, path: String, headers: [Header] = [], caFile: String? = nil,
        proxy: String? = nil
    ) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.path = path
        self.headers = headers
        self.caFile = caFile
        self.proxy = proxy
    }
}

/// One attempt at a WebSocket, from dialling to its end. All calls are safe on any thread and never block.
package protocol Connection: AnyObject, Sendable {
    /// Queues a text message behind those already queued. Never dropped while the connection lives.
    ///
    /// - Returns: false when the connection is over, or when more than its bound of bytes would wait; it then ends
    ///   with `.sendQueueOverflow`, because a reconnect beats a silent gap.
    @discardableResult
    func send(_ message: [UInt8]) -> Bool

    /// Offers the newest video frame's message; one that still waits is replaced and counted (pitfall 36, 53).
    func offerFrame(_ message: [UInt8])

    /// Says that the handler has a voice packet: it is asked through `nextVoiceMessage` as soon as the socket takes
    /// one. Calls between two turns of the socket loop are one wake-up. RT safe: an atomic and at most one write.
    func voiceIsWaiting()

    /// Sends a ping; its pong shows in `progress`.
    func ping()

    /// Sends a close frame behind what was queued, and ends with `.closedHere` when the peer's comes, or with
    /// `.closeUnanswered` when none does within a second.
    func close(code: UInt16, reason: String)

    /// Ends now, without a close frame: for a peer that is known to be gone.
    func abandon()

    /// What went over the wire so far. Lets a caller with a clock judge liveness; the connection itself has none.
    var progress: ConnectionProgress { get }
}

/// Counters of one connection; each only grows but for `bytesWaiting`.
package struct ConnectionProgress: Sendable, Equatable {
    package var bytesReceived = 0
    package var bytesSent = 0
    package var messagesReceived = 0
    package var messagesSent = 0
    package var pongsReceived = 0
    package var framesReplaced = 0
    /// Bytes queued by `send` and `offerFrame` that the socket has not taken yet.
    package var bytesWaiting = 0

    package init() {}
}

/// What a connection tells and asks. Called on the socket thread, one call at a time; none may block.
package protocol ConnectionHandler: AnyObject, Sendable {
    /// The upgrade succeeded; messages may be sent.
    func connectionOpened(_ connection: any Connection)

    /// One whole message, joined from its fragments. Text and binary frames are the same to the service.
    func connection(_ connection: any Connection, received message: Span<UInt8>)

    /// Appends one voice message (or a mark of the voice stream) to `frame`.
    ///
    /// - Parameter frame: bytes to be sent, with what the transport needs in front; only append.
    /// - Returns: false when there is none to send now.
    func connection(_ connection: any Connection, nextVoiceMessage frame: inout [UInt8]) -> Bool

    /// The connection is over. The last call, exactly once.
    func connection(_ connection: any Connection, ended reason: Disconnection)
}

/// Why a connection is over.
package struct Disconnection: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Cause: Sendable, Equatable {
        /// The name has no address.
        case unresolved
        /// Nobody listening, no route, or a connect timeout.
        case unreachable
        /// The proxy answered something other than 200.
        case proxyRefused(status: Int?)
        /// Certificate, hostname or handshake.
        case tls
        /// The upgrade was answered with another status than 101.
        case upgradeRefused(status: Int, body: String)
        /// A close frame came (1005 when it carried no code).
        case closed(code: UInt16, reason: String)
        /// The stream ended without a close frame (1006 elsewhere).
        case lost
        /// `close` was called here and the peer answered, so it has read all that was sent before; or `abandon` was.
        case closedHere
        /// `close` was called here, and no answer came in time: how much the peer has read is not known.
        case closeUnanswered
        /// The peer broke RFC 6455, or sent a message over the limit (close code sent: 1002 or 1009).
        case protocolError(code: UInt16)
        /// More bytes waited to be sent than the queue's bound.
        case sendQueueOverflow
        /// What proves who is asking could not be had, so nobody was asked.
        case noCredential(CredentialFailure)
    }

    /// Why there is no credential.
    package enum CredentialFailure: Sendable, Equatable {
        /// It may be had in a moment.
        case passing
        /// Whoever gives it said no.
        case refused
        /// It is asked for in a way that cannot work.
        case misconfigured
    }

    package var cause: Cause
    /// For people: what was tried and what came back. Holds no credential.
    package var detail: String

    package init(_ cause: Cause, detail: String = "") {
        self.cause = cause
        self.detail = detail
    }

    package var description: String { detail.isEmpty ? "\(cause)" : detail }
}
