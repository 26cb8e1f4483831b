internal import CLibwebsockets
internal import Glibc
import LiveProtocol

/// The far half of a `WebSocketConnection`: upgrades, moves messages, and tells the handler. Socket thread only.
final class WebSocketEnd: DialledSocket {
    private let connection: WebSocketConnection
    /// Gone after the end.
    private var handler: (any ConnectionHandler)?
    private let refusal = RefusedUpgrade()
    private var joiner: MessageJoiner
    private var frame = OutgoingFrame()
    /// The close frame that is still to be sent.
    private var closeDue: (code: UInt16, reason: String)?

    /// Bytes that may be written before the kernel is asked again whether it takes more.
    private var room = 0

    /// Unsent bytes above which the kernel says that it takes no more. With the `room` that is granted at a time, it
    /// holds 16 KiB at most, a third of a second of voice: the rest waits where it can still be dropped when it grows
    /// old (pitfall 36).
    private static let mostUnsent = 8 << 10
    /// How long the peer may take to answer a close frame, in microseconds.
    private static let closePatience: lws_usec_t = 1_000_000

    init(
        _ connection: WebSocketConnection, _ dialling: Dialling, handler: any ConnectionHandler, longestMessage: Int,
        loop: SocketLoop
    ) {
        self.connection = connection
        self.handler = handler
        joiner = MessageJoiner(limit: longestMessage)
        super.init(dialling, loop: loop)
    }

    override func takeWork() -> Bool { connection.takeWork() }

    override func postpone() { connection.postpone() }

    override func ended(_ reason: Disconnection) {
        connection.markOver()
        handler?.connection(connection, ended: reason)
        handler = nil
    }

    // MARK: Orders

    override func visit() {
        let orders = connection.takeOrders()
        if orders.isAbandoned {
            end(outcome ?? Disconnection(.closedHere, detail: "abandoned"))
        } else if orders.hasOverflowed {
            let detail = "\(dialling.place) takes no more: the send queue is full"
            end(Disconnection(.sendQueueOverflow, detail: detail))
        } else if let close = orders.close, phase != .open, phase != .closing {
            end(Disconnection(.closedHere, detail: close.reason))
        } else if isBetweenAddresses {
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
        lws_set_timer_usecs(wsi, Self.closePatience)  // one shot; rings only if the peer does not answer
        lws_callback_on_writable(wsi)
    }

    // MARK: What libwebsockets says

    override func handleAnswer(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        switch reason {
        case LWS_CALLBACK_CLIENT_RECEIVE: received(bytes, count, wsi)
        case LWS_CALLBACK_CLIENT_WRITEABLE: return writeable(wsi)
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG: connection.countPong()
        case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP: return upgradeAnswered(wsi)
        case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ: return refusal.append(bytes, count)
        case LWS_CALLBACK_COMPLETED_CLIENT_HTTP: return refusal.complete()
        case LWS_CALLBACK_CLIENT_ESTABLISHED: opened(wsi)
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: closedByPeer(bytes, count)
        case LWS_CALLBACK_TIMER:
            if phase == .closing { closeTimedOut() }
        case LWS_CALLBACK_CLIENT_CLOSED:
            // A reset on our close frame is no answer to it: what was sent before may not have been read.
            if outcome?.cause == .closedHere, vv_was_reset(wsi) { outcome = closeUnanswered }
            outcome = outcome ?? streamEnded(wsi)
        default: break
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
        let body = dialling.withoutSecrets(refusal.text)
        let summary = body.isEmpty ? "" : ": \(body.prefix(500))"
        outcome = Disconnection(
            .upgradeRefused(status: status, body: body),
            detail: "\(dialling.place) refused the upgrade: HTTP \(status)\(summary)")
        return -1
    }

    private func opened(_ wsi: OpaquePointer) {
        phase = .open
        vv_limit_unsent(lws_get_socket_fd(wsi), CInt(Self.mostUnsent))
        handler?.connectionOpened(connection)
        lws_callback_on_writable(wsi)
    }

    private func closeTimedOut() {
        if let outcome, outcome.cause != .closedHere { return end(outcome) }
        end(closeUnanswered)
    }

    private var closeUnanswered: Disconnection {
        Disconnection(.closeUnanswered, detail: "\(dialling.place) did not answer the close")
    }

    private func closedByPeer(_ bytes: UnsafeMutableRawPointer?, _ count: Int) {
        phase = .closing
        closeDue = nil  // libwebsockets answers the peer's
        guard outcome == nil else { return }
        let payload = UnsafeRawBufferPointer(start: bytes, count: count)
        // libwebsockets shows 1012 to 1014 and other codes that RFC 6455 did not know as 1002.
        let code = count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : 1005
        let reason = dialling.withoutSecrets(String(decoding: payload.dropFirst(2), as: UTF8.self))
        outcome = Disconnection(
            .closed(code: code, reason: reason),
            detail: "\(dialling.place) closed the connection: \(code)" + (reason.isEmpty ? "" : " \(reason)"))
    }

    /// libwebsockets closed although nobody asked: the stream is over, or the peer broke the protocol.
    private func streamEnded(_ wsi: OpaquePointer) -> Disconnection {
        if vv_peer_has_gone(wsi) { return failure("", wsi) }
        let detail = "\(dialling.place) sent bytes that are no WebSocket frames"
        return Disconnection(.protocolError(code: 1002), detail: detail)
    }

    // MARK: Receiving

    private func received(_ bytes: UnsafeMutableRawPointer?, _ count: Int, _ wsi: OpaquePointer) {
        guard phase == .open else { return }  // too late
        let piece = UnsafeBufferPointer(start: bytes?.assumingMemoryBound(to: UInt8.self), count: count)
        let isWhole = lws_is_final_fragment(wsi) != 0
        connection.count(received: count, isWhole: isWhole)
        if isWhole, joiner.isEmpty, count <= joiner.limit {
            handler?.connection(connection, received: piece.span)
            return
        }
        do throws(MessageJoiner.TooLong) {
            try joiner.add(piece.span, announced: Int(clamping: lws_remaining_packet_payload(wsi)))
            guard isWhole else { return }
            handler?.connection(connection, received: joiner.held.span)
        } catch {
            // Not by returning -1: libwebsockets 4.1.6 would go on filling a buffer that it did not empty, past its end.
            let detail = "\(dialling.place) sent a message of more than \(joiner.limit) bytes"
            beginClosing(1009, "", Disconnection(.protocolError(code: 1009), detail: detail))
        }
        joiner.clear()
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

    /// Sends what there is until nothing is left or the socket takes no more.
    ///
    /// Writes at once instead of asking to be called back: that saves a turn of the loop per packet. Legal in
    /// libwebsockets as long as no partial write is held, which `lws_send_pipe_choked` includes.
    /// - Returns: whether everything was sent.
    @discardableResult
    private func pump() -> Bool {
        guard let wsi, !isOver, phase == .open || closeDue != nil else { return false }
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
                outcome = outcome ?? failure("", wsi)
                kill()
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

    /// Puts what is to be sent next into `frame`: pings, then what was queued, then voice, then the video frame. A
    /// queued text or tool result is small and must not be late; voice has a deadline; a frame is the largest and least.
    private func fillFrame() -> lws_write_protocol? {
        frame.empty()
        if frame.pingsDue > 0 {
            frame.pingsDue -= 1
            return LWS_WRITE_PING
        }
        if let message = connection.nextMessage() {
            frame.bytes += message
            return LWS_WRITE_TEXT
        }
        guard phase == .open, let handler else { return nil }
        if handler.connection(connection, nextVoiceMessage: &frame.bytes) { return LWS_WRITE_TEXT }
        guard let message = connection.nextFrame() else { return nil }
        frame.bytes += message
        return LWS_WRITE_TEXT
    }
}
