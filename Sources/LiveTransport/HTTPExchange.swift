internal import CLibwebsockets
internal import Glibc
import LiveProtocol

/// The far half of an HTTP request: writes it, collects the answer. Socket thread only.
final class HTTPExchange: DialledSocket {
    private let call: HTTPCall
    private let requestMethod: HTTPClient.Method
    private let longestBody: Int
    private let continuation: CheckedContinuation<HTTPCall.Answer, Never>
    private var response = HTTPClient.Response(status: 0)
    private var isComplete = false

    init(
        _ call: HTTPCall, _ dialling: Dialling, _ method: HTTPClient.Method, longestBody: Int,
        _ continuation: CheckedContinuation<HTTPCall.Answer, Never>, loop: SocketLoop
    ) {
        self.call = call
        requestMethod = method
        self.longestBody = longestBody
        self.continuation = continuation
        super.init(dialling, loop: loop)
    }

    override var method: String? { requestMethod == .get ? "GET" : "POST" }

    override func takeWork() -> Bool { call.takeWork() }

    override func postpone() { call.postpone() }

    override func visit() {
        if call.isCancelled {
            end(Disconnection(.closedHere, detail: "cancelled"))
        } else if isBetweenAddresses {
            dial()
        }
    }

    override func ended(_ reason: Disconnection) {
        continuation.resume(returning: isComplete ? .success(response) : .failure(reason))
    }

    override func extraHeaders(_ wsi: OpaquePointer) -> [Endpoint.Header] {
        guard case .post(let body, let contentType) = requestMethod else { return [] }
        lws_client_http_body_pending(wsi, 1)
        lws_callback_on_writable(wsi)
        return [.init("Content-Type", contentType), .init("Content-Length", "\(body.count)")]
    }

    override func handleAnswer(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        switch reason {
        case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE: return writeBody(wsi)
        case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
            phase = .answered
            response.status = Int(lws_http_client_http_response(wsi))
            response.contentType = header(WSI_TOKEN_HTTP_CONTENT_TYPE, wsi)
            response.retryAfter = header(WSI_TOKEN_HTTP_RETRY_AFTER, wsi)
        case LWS_CALLBACK_RECEIVE_CLIENT_HTTP: return read(wsi)
        case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ: return take(UnsafeRawBufferPointer(start: bytes, count: count))
        case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
            isComplete = true
            return -1  // or the connection would be kept for another request
        case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
            let detail = "\(dialling.place) ended the connection within its answer"
            outcome = outcome ?? Disconnection(.lost, detail: detail)
        default: break
        }
        return 0
    }

    private func writeBody(_ wsi: OpaquePointer) -> CInt {
        guard case .post(let body, _) = requestMethod else { return 0 }
        lws_client_http_body_pending(wsi, 0)
        guard !body.isEmpty else { return 0 }
        var frame = OutgoingFrame()
        frame.bytes += body
        return frame.write(to: wsi, LWS_WRITE_HTTP_FINAL) ? 0 : -1
    }

    /// Bytes can be read: libwebsockets undoes chunks, and calls back with what is body.
    private func read(_ wsi: OpaquePointer) -> CInt {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(vv_lws_pre) + SocketLoop.readSize) { space in
            var start: UnsafeMutablePointer<CChar>? = space.baseAddress! + Int(vv_lws_pre)
            var length = CInt(SocketLoop.readSize)
            return lws_http_client_read(wsi, &start, &length)
        }
    }

    private func take(_ piece: UnsafeRawBufferPointer) -> CInt {
        guard piece.count <= longestBody - response.body.count else {
            let detail = "\(dialling.place) answered with more than \(longestBody) bytes"
            outcome = outcome ?? Disconnection(.protocolError(code: 1009), detail: detail)
            return -1
        }
        response.body += piece
        return 0
    }

    private func header(_ token: lws_token_indexes, _ wsi: OpaquePointer) -> String? {
        let length = lws_hdr_total_length(wsi, token)
        guard length > 0 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length) + 1) { text in
            guard lws_hdr_copy(wsi, text.baseAddress, CInt(text.count), token) > 0 else { return nil }
            return String(cString: text.baseAddress!)
        }
    }
}
