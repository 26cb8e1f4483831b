internal import CLibwebsockets
internal import Glibc
import LiveProtocol

/// The far half of a connection: dials, upgrades, moves messages, and tells the handler. Socket thread only.
///
/// Ends exactly once, by `end(_:)`. libwebsockets' own object (`wsi`) may outlive that by a close handshake; what it
/// says afterwards is ignored.
final class ClientSocket: SocketEventTarget {
    enum Phase {
        case resolving
        case dialling
        /// TCP stands, to the service or to the proxy; TLS may be under way.
        case reached
        /// The upgrade request was written.
        case requested
        /// The upgrade was answered.
        case answered
        case open
        /// A close frame is due or under way.
        case closing
    }

    let connection: WebSocketConnection
    let dialling: Dialling
    var phase = Phase.resolving
    /// What OpenSSL found wrong with the server's certificate.
    var certificateProblem: String?

    private let refusal = RefusedUpgrade()
    private unowned let loop: SocketLoop
    private var handler: (any ConnectionHandler)?
    private var addresses: [String] = []
    private var nextAddress = 0
    private var wsi: OpaquePointer?
    private var virtualHost: VirtualHost?
    /// How it will end once libwebsockets lets go; the first to be known counts.
    private var outcome: Disconnection?
    private var joiner: MessageJoiner
    private var frame = OutgoingFrame()
    private var isConnecting = false
    /// The close frame that is still to be sent.
    private var closeDue: (code: UInt16, reason: String)?

    /// Unsent bytes that the kernel may hold: a third of a second of voice. What does not fit waits where it can still
    /// be dropped when it grows old (pitfall 36).
    private static let mostUnsent = 16 << 10

    init(connection: WebSocketConnection, dialling: Dialling, loop: SocketLoop) {
        self.connection = connection
        self.dialling = dialling
        self.loop = loop
        handler = dialling.handler
        joiner = MessageJoiner(limit: dialling.longestMessage)
    }

    var endpoint: Endpoint { dialling.endpoint }

    /// Tells the handler, once. What is left of the connection is killed without a close frame.
    func end(_ reason: Disconnection) {
        guard let handler else { return }
        self.handler = nil
        connection.markOver()
        if let wsi { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, vv_kill_soon) } else { loop.remove(self) }
        handler.connection(connection, ended: reason)
    }

    // MARK: Orders

    /// Does what was asked of the connection since the last visit.
    func visit() {
        guard handler != nil else { return }
        let orders = connection.takeOrders()
        if orders.isAbandoned {
            end(outcome ?? Disconnection(.closedHere, detail: "abandoned"))
        } else if orders.hasOverflowed {
            end(Disconnection(.sendQueueOverflow, detail: "\(place) takes no more: the send queue is full"))
        } else if let close = orders.close, phase != .open, phase != .closing {
            end(Disconnection(.closedHere, detail: close.reason))
        } else if phase == .dialling, wsi == nil {
            dial()
        } else if phase == .open {
            frame.pingsDue += orders.pings
            if let close = orders.close {
                beginClosing(close.code, close.reason, Disconnection(.closedHere, detail: close.reason))
            }
            pump()
        }
    }

    /// The close frame goes behind what is queued; a second later the connection ends whether or not it could.
    private func beginClosing(_ code: UInt16, _ reason: String, _ outcome: Disconnection) {
        guard let wsi else { return }
        phase = .closing
        closeDue = (code, reason)
        self.outcome = self.outcome ?? outcome
        lws_set_timer_usecs(wsi, 1_000_000)  // one shot; rings once, and only if the peer does not answer
        lws_callback_on_writable(wsi)
    }

    // MARK: Dialling

    /// The resolver has answered.
    func resolved(_ result: Result<[String], Resolver.Failure>) {
        guard handler != nil else { return }
        switch result {
        case .failure(let failure):
            let host = dialling.proxy?.host ?? endpoint.host
            end(Disconnection(.unresolved, detail: "cannot find the host \(host): \(failure.text)"))
        case .success(let found):
            addresses = found
            phase = .dialling
            if let problem = settingsProblem() { end(problem) } else { dial() }
        }
    }

    private func settingsProblem() -> Disconnection? {
        if let file = endpoint.caFile, endpoint.isSecure {
            switch vv_count_certificates(file) {
            case -1: return Disconnection(.tls, detail: "cannot read the CA file \(file)")
            case 0: return Disconnection(.tls, detail: "the CA file \(file) holds no PEM certificate")
            default: break
            }
        }
        if endpoint.proxy != nil, dialling.proxy == nil {
            return Disconnection(.unreachable, detail: "the proxy setting is not a URL like http://host:port")
        }
        if dialling.proxy?.credentials?.utf8.count ?? 0 > VirtualHostKey.longestCredentials {
            let limit = VirtualHostKey.longestCredentials
            return Disconnection(
                .proxyRefused(status: nil), detail: "user and password of the proxy exceed \(limit) bytes")
        }
        if let header = endpoint.headers.first(where: { $0.name.isEmpty || !Self.isOneLine($0.name + $0.value) }) {
            return Disconnection(.closedHere, detail: "the header \(header.name) holds a line break; not sent")
        }
        if !Self.isOneLine(endpoint.path + endpoint.host) || endpoint.path.utf8.contains(UInt8(ascii: " ")) {
            return Disconnection(.closedHere, detail: "the endpoint's path holds a space or a line break; not sent")
        }
        return nil
    }

    private static func isOneLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }

    /// Tries the next address; ends when there is none left.
    private func dial() {
        guard nextAddress < addresses.count else {
            return end(outcome ?? failure("no address left", nil))
        }
        outcome = nil
        let isLast = nextAddress == addresses.count - 1
        var address = addresses[nextAddress]
        nextAddress += 1
        var key = VirtualHostKey()
        if endpoint.isSecure { key.security = .tls(caFile: endpoint.caFile) }
        if var proxy = dialling.proxy {
            proxy.host = address
            key.proxy = proxy
            address = endpoint.host  // the proxy is dialled by the virtual host's address, and resolves this itself
        }
        guard let host = loop.virtualHost(key) else {
            return end(Disconnection(.unreachable, detail: "no memory for a connection"))
        }
        phase = .dialling
        virtualHost = host
        wsi = connect(to: address, on: host.handle)
        guard handler != nil else { return }
        guard let wsi else {  // failed on the spot
            return phase == .dialling ? dial() : end(outcome ?? failure("it was closed", nil))
        }
        if phase == .dialling {
            lws_set_timeout(wsi, PENDING_TIMEOUT_AWAITING_CONNECT_RESPONSE, isLast ? 10 : 3)
        }
    }

    private func connect(to address: String, on virtualHost: OpaquePointer) -> OpaquePointer? {
        var info = lws_client_connect_info()
        loop.fillIn(&info)
        info.vhost = virtualHost
        info.port = CInt(endpoint.port)
        info.ssl_connection = CInt(LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue)
        if endpoint.isSecure { info.ssl_connection |= CInt(LCCSCF_USE_SSL.rawValue) }
        info.opaque_user_data = Unmanaged.passUnretained(self as SocketEventTarget).toOpaque()
        isConnecting = true
        defer { isConnecting = false }
        return address.withCString { address in
            endpoint.path.withCString { path in
                hostHeader.withCString { host in
                    "http/1.1".withCString { alpn in
                        info.address = address
                        info.path = path
                        info.host = host
                        info.alpn = alpn
                        return lws_client_connect_via_info(&info)
                    }
                }
            }
        }
    }

    // MARK: What libwebsockets says

    override func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ user: UnsafeMutableRawPointer?,
        _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        if reason == LWS_CALLBACK_WSI_DESTROY {
            if !isConnecting { destroyed() }  // otherwise `connect` answers nil, and `dial` goes on
            return 0
        }
        guard handler != nil else { return 0 }
        switch reason {
        case LWS_CALLBACK_WSI_CREATE: phase = .reached
        case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
            if count == 0, let user { certificateRefused(user) }
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
            phase = .requested
            return appendHeaders(bytes, room: count)
        case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: return upgradeAnswered(wsi)
        case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ: return refusal.append(bytes, count)
        case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
            refusal.isComplete = true
            return -1
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            let text = bytes.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
            outcome = outcome ?? failure(text ?? "", wsi)
        case LWS_CALLBACK_CLIENT_ESTABLISHED: opened(wsi)
        case LWS_CALLBACK_CLIENT_RECEIVE: return received(bytes, count, wsi)
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG: connection.countPong()
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: closedByPeer(bytes, count)
        case LWS_CALLBACK_CLIENT_WRITEABLE: return writeable(wsi)
        case LWS_CALLBACK_TIMER:
            if phase == .closing { end(outcome ?? Disconnection(.closedHere)) }
        case LWS_CALLBACK_CLIENT_CLOSED: outcome = outcome ?? streamEnded(wsi)
        default: break
        }
        return 0
    }

    /// libwebsockets has let go. Whatever was known first is the reason; a next address is tried on the next turn.
    private func destroyed() {
        wsi = nil
        guard handler != nil else { return loop.remove(self) }
        if phase == .dialling, nextAddress < addresses.count {
            connection.postpone()
        } else {
            end(outcome ?? failure("it was closed", nil))
        }
    }

    // MARK: Upgrade

    private func appendHeaders(_ place: UnsafeMutableRawPointer?, room: Int) -> CInt {
        guard let place = place?.assumingMemoryBound(to: UnsafeMutablePointer<UInt8>.self) else { return -1 }
        var room = room
        for header in endpoint.headers {
            let line = "\(header.name): \(header.value)\r\n".utf8
            guard line.count <= room else {
                outcome = Disconnection(.closedHere, detail: "the header \(header.name) is too long to be sent")
                return -1
            }
            place.pointee.update(from: Array(line), count: line.count)
            place.pointee += line.count
            room -= line.count
        }
        return 0
    }

    /// The head of the answer is here. Of anything but 101 the body is read before libwebsockets closes, which it does
    /// as soon as this returns: the only moment at which it lets the body of a refusal be read.
    private func upgradeAnswered(_ wsi: OpaquePointer) -> CInt {
        phase = .answered
        let status = Int(lws_http_client_http_response(wsi))
        guard status != 101 else { return 0 }
        refusal.read(from: wsi)
        outcome = Disconnection(
            .upgradeRefused(status: status, body: refusal.text),
            detail: "\(place) refused the upgrade: HTTP \(status)" + (refusal.text.isEmpty ? "" : ": \(refusal.text)"))
        return -1
    }

    private func opened(_ wsi: OpaquePointer) {
        phase = .open
        vv_limit_unsent(lws_get_socket_fd(wsi), CInt(Self.mostUnsent))
        handler?.connectionOpened(connection)
        lws_callback_on_writable(wsi)
    }

    // MARK: Receiving

    private func received(_ bytes: UnsafeMutableRawPointer?, _ count: Int, _ wsi: OpaquePointer) -> CInt {
        guard phase == .open else { return 0 }  // too late
        let piece = UnsafeBufferPointer(start: bytes?.assumingMemoryBound(to: UInt8.self), count: count)
        let isWhole = lws_is_final_fragment(wsi) != 0
        connection.count(received: count, isWhole: isWhole)
        if isWhole, joiner.isEmpty, count <= joiner.limit {
            handler?.connection(connection, received: piece.span)
            return 0
        }
        do throws(MessageJoiner.TooLong) {
            try joiner.add(piece.span, announced: Int(clamping: lws_remaining_packet_payload(wsi)))
            guard isWhole else { return 0 }
            handler?.connection(connection, received: joiner.held.span)
        } catch {
            // Not by returning -1: libwebsockets 4.1.6 would go on filling a buffer that it did not empty, past its end.
            let limit = "\(place) sent a message of more than \(joiner.limit) bytes"
            beginClosing(1009, "", Disconnection(.protocolError(code: 1009), detail: limit))
        }
        joiner.clear()
        return 0
    }

    private func closedByPeer(_ bytes: UnsafeMutableRawPointer?, _ count: Int) {
        phase = .closing
        closeDue = nil  // libwebsockets answers the peer's
        guard outcome == nil else { return }
        let payload = UnsafeRawBufferPointer(start: bytes, count: count)
        let code = count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : 1005
        let reason = String(decoding: payload.dropFirst(2), as: UTF8.self)
        outcome = Disconnection(
            .closed(code: code, reason: reason),
            detail: "\(place) closed the connection: \(code)" + (reason.isEmpty ? "" : " \(reason)"))
    }

    /// libwebsockets closed although nobody asked: the stream is over, or the peer broke the protocol.
    private func streamEnded(_ wsi: OpaquePointer) -> Disconnection {
        if vv_peer_has_gone(wsi) {
            return Disconnection(.lost, detail: "\(place) went away without a close frame")
        }
        return Disconnection(.protocolError(code: 1002), detail: "\(place) sent bytes that are no WebSocket frames")
    }

    // MARK: Sending

    private func writeable(_ wsi: OpaquePointer) -> CInt {
        guard pump(), let close = closeDue else { return 0 }
        closeDue = nil
        var reason = Array(close.reason.utf8.prefix(123))  // RFC 6455 section 5.5: 125 bytes with the code
        while !reason.isEmpty, String(validating: reason, as: UTF8.self) == nil { reason.removeLast() }
        lws_close_reason(wsi, lws_close_status(UInt32(close.code)), &reason, reason.count)
        return -1
    }

    /// Sends what there is until there is nothing left or the socket takes no more: first what was queued, then voice,
    /// then the video frame. (A queued tool result or text is small and waits for nothing; voice has a deadline; a
    /// frame is the least of them and the largest.)
    ///
    /// Writes at once instead of asking to be called back: that saves a turn of the loop per packet. Legal in
    /// libwebsockets as long as no partial write is held, which `lws_send_pipe_choked` includes.
    /// - Returns: whether everything was sent.
    @discardableResult
    private func pump() -> Bool {
        guard let wsi, handler != nil, phase == .open || closeDue != nil else { return false }
        var room = 0
        while true {
            if room <= 0 {
                guard lws_send_pipe_choked(wsi) == 0 else {
                    lws_callback_on_writable(wsi)
                    return false
                }
                connection.noteHeld(0)
                room = Self.mostUnsent
            }
            guard let kind = fillFrame() else { return true }
            let count = frame.count
            guard frame.write(to: wsi, kind) else {
                outcome = outcome ?? Disconnection(.lost, detail: "\(place) takes no more bytes")
                lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, vv_kill_soon)
                return false
            }
            if kind == LWS_WRITE_TEXT { connection.count(sent: count) }
            room -= count
            if lws_partial_buffered(wsi) != 0 {
                connection.noteHeld(count)
                room = 0
            }
        }
    }

    private func fillFrame() -> lws_write_protocol? {
        frame.empty()
        if frame.pingsDue > 0 {
            frame.pingsDue -= 1
            return LWS_WRITE_PING
        }
        if let message = connection.nextMessage() {
            frame.bytes += message
        } else if phase == .open, handler?.connection(connection, nextVoiceMessage: &frame.bytes) ?? false {
        } else if phase == .open, let message = connection.nextFrame() {
            frame.bytes += message
        } else {
            return nil
        }
        return LWS_WRITE_TEXT
    }

    // MARK: Reasons

    private func certificateRefused(_ chain: UnsafeMutableRawPointer) {
        if endpoint.host.contains(":"), vv_accept_if_address_matches(chain, endpoint.host) { return }
        certificateProblem = String(cString: vv_verify_text(vv_verify_error(chain)))
    }

    /// What a failure before the upgrade means, by how far we were.
    private func failure(_ text: String, _ wsi: OpaquePointer?) -> Disconnection {
        switch phase {
        case .resolving, .dialling:
            let target = dialling.proxy.map { "the proxy \($0.place)" } ?? place
            let tried = addresses.joined(separator: ", ")
            return Disconnection(.unreachable, detail: "cannot connect to \(target) (tried \(tried))")
        case .reached:
            if let proxy = dialling.proxy, wsi.map({ !vv_has_tls($0) }) ?? true {
                return Disconnection(
                    .proxyRefused(status: nil), detail: "the proxy \(proxy.place) did not open a way to \(place)")
            }
            let reason = certificateProblem ?? virtualHost?.takeAlert() ?? "the handshake failed; is that a TLS port?"
            return Disconnection(.tls, detail: "no TLS with \(place): \(reason)")
        case .requested:
            return Disconnection(.lost, detail: "\(place) ended the connection instead of answering the upgrade")
        case .answered:
            return Disconnection(.protocolError(code: 1002), detail: "\(place) answered the upgrade wrongly: \(text)")
        case .open, .closing:
            return Disconnection(.lost, detail: "\(place) went away without a close frame")
        }
    }

    /// The service, for people: no path, no header.
    private var place: String { "\(endpoint.isSecure ? "wss" : "ws")://\(hostHeader)" }

    private var hostHeader: String {
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        return endpoint.port == (endpoint.isSecure ? 443 : 80) ? host : "\(host):\(endpoint.port)"
    }
}
