internal import CLibwebsockets
internal import Glibc
import LiveProtocol

/// A connection of libwebsockets that we dial, up to the request: addresses in turn, TLS, proxy, headers, and what a
/// failure on the way means. What follows the answer is a subclass's. Socket thread only.
///
/// Ends exactly once, by `end(_:)`. libwebsockets' own object (`wsi`) may outlive that by a close handshake; what it
/// says afterwards is ignored.
class DialledSocket: SocketEventTarget {
    enum Phase {
        case resolving
        case dialling
        /// TCP stands, to the service or to the proxy; TLS may be under way.
        case reached
        /// The request was written.
        case requested
        /// The head of the answer has come.
        case answered
        /// A WebSocket; an HTTP exchange never gets here.
        case open
        /// A WebSocket whose close frame is due or under way.
        case closing
    }

    let dialling: Dialling
    var phase = Phase.resolving
    /// How it will end once libwebsockets lets go; the first to be known counts.
    var outcome: Disconnection?
    private(set) var wsi: OpaquePointer?
    private(set) var isOver = false

    private unowned let loop: SocketLoop
    private var addresses: [String] = []
    private var nextAddress = 0
    private var virtualHost: VirtualHost?
    /// What OpenSSL found wrong with the server's certificate.
    private var certificateProblem: String?
    private var isConnecting = false

    /// Seconds that a connect may take when there is another address to try, and when there is none.
    private static let patience: (another: CInt, last: CInt) = (3, 10)

    init(_ dialling: Dialling, loop: SocketLoop) {
        self.dialling = dialling
        self.loop = loop
    }

    // MARK: For subclasses to say

    /// nil for a WebSocket upgrade.
    var method: String? { nil }

    /// Whether another thread has asked for a visit since the last call.
    func takeWork() -> Bool { false }

    /// Asks for a visit.
    func postpone() {}

    /// Does what was asked. Not called after the end.
    func visit() {}

    /// Tells whoever waits. Called once.
    func ended(_ reason: Disconnection) {}

    /// What libwebsockets says after the request; see `SocketEventTarget`.
    func handleAnswer(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt { 0 }

    /// Headers of the request beside the endpoint's.
    func extraHeaders(_ wsi: OpaquePointer) -> [Endpoint.Header] { [] }

    // MARK: The end

    /// Ends now. What is left of the connection is killed without a close frame.
    func end(_ reason: Disconnection) {
        guard !isOver else { return }
        isOver = true
        kill()
        ended(reason)
    }

    /// Lets libwebsockets drop the connection on the next turn of the loop; the end is `outcome`.
    func kill() {
        if let wsi { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, vv_kill_soon) } else { loop.remove(self) }
    }

    // MARK: Dialling

    /// The resolver has answered.
    func resolved(_ result: Result<[String], Resolver.Failure>) {
        guard !isOver else { return }
        switch result {
        case .failure(let failure):
            let detail = "cannot find the host \(dialling.nextHop): \(failure.text)"
            end(Disconnection(.unresolved, detail: detail))
        case .success(let found):
            addresses = found
            if let problem = dialling.problem() { end(problem) } else { dial() }
        }
    }

    /// Whether the last address failed and the next is to be tried.
    var isBetweenAddresses: Bool { phase == .dialling && wsi == nil }

    /// Tries the next address; ends when there is none left.
    func dial() {
        phase = .dialling
        guard nextAddress < addresses.count else { return end(outcome ?? failure("", nil)) }
        outcome = nil
        let address = addresses[nextAddress]
        nextAddress += 1
        let isLast = nextAddress == addresses.count
        guard let host = loop.virtualHost(dialling.virtualHost(address: address)) else {
            return end(Disconnection(.unreachable, detail: "out of memory"))
        }
        virtualHost = host
        // A proxy's address is the virtual host's; the service's name is for the proxy to resolve.
        wsi = connect(to: dialling.proxy == nil ? address : dialling.endpoint.host, on: host.handle)
        guard !isOver else { return }
        guard let wsi else {  // failed on the spot
            return phase == .dialling ? dial() : end(outcome ?? failure("", nil))
        }
        if phase == .dialling {
            let seconds = isLast ? Self.patience.last : Self.patience.another
            lws_set_timeout(wsi, PENDING_TIMEOUT_AWAITING_CONNECT_RESPONSE, seconds)
        }
    }

    private func connect(to address: String, on virtualHost: OpaquePointer) -> OpaquePointer? {
        var info = lws_client_connect_info()
        loop.fillIn(&info)
        info.vhost = virtualHost
        info.port = CInt(dialling.endpoint.port)
        info.ssl_connection = CInt(LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue)
        if dialling.endpoint.isSecure { info.ssl_connection |= CInt(LCCSCF_USE_SSL.rawValue) }
        info.opaque_user_data = Unmanaged.passUnretained(self as SocketEventTarget).toOpaque()
        // libwebsockets copies the strings. Without a method it makes a WebSocket's request.
        let texts: [String?] = [address, dialling.endpoint.path, dialling.hostHeader, "http/1.1", method]
        let strings = texts.map { text in text.flatMap { strdup($0) } }
        defer { for string in strings { free(string) } }
        info.address = UnsafePointer(strings[0])
        info.path = UnsafePointer(strings[1])
        info.host = UnsafePointer(strings[2])
        info.alpn = UnsafePointer(strings[3])
        info.method = UnsafePointer(strings[4])
        isConnecting = true
        defer { isConnecting = false }
        return lws_client_connect_via_info(&info)
    }

    // MARK: What libwebsockets says

    final override func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ user: UnsafeMutableRawPointer?,
        _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        switch reason {
        case LWS_CALLBACK_WSI_DESTROY:
            if !isConnecting { destroyed() }  // otherwise `connect` answers nil, and `dial` goes on
            return 0
        case _ where isOver: return 0
        case LWS_CALLBACK_WSI_CREATE: phase = .reached
        case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
            if count == 0, let user { certificateRefused(user) }
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
            phase = .requested
            return appendHeaders(wsi, bytes, room: count)
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            let text = bytes.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
            outcome = outcome ?? failure(text ?? "", wsi)
        default: return handleAnswer(reason, wsi, bytes, count)
        }
        return 0
    }

    /// libwebsockets has let go. Whatever was known first is the reason; a next address is tried on the next turn.
    private func destroyed() {
        wsi = nil
        guard !isOver else { return loop.remove(self) }
        if phase == .dialling, nextAddress < addresses.count {
            postpone()
        } else {
            end(outcome ?? failure("", nil))
        }
    }

    private func appendHeaders(_ wsi: OpaquePointer, _ end: UnsafeMutableRawPointer?, room: Int) -> CInt {
        guard let end = end?.assumingMemoryBound(to: UnsafeMutablePointer<UInt8>.self) else { return -1 }
        var room = room
        for header in dialling.endpoint.headers + extraHeaders(wsi) {
            let line = Array("\(header.name): \(header.value)\r\n".utf8)
            guard line.count <= room else {
                outcome = Disconnection(.closedHere, detail: "the header \(header.name) is too long to be sent")
                return -1
            }
            end.pointee.update(from: line, count: line.count)
            end.pointee += line.count
            room -= line.count
        }
        return 0
    }

    private func certificateRefused(_ chain: UnsafeMutableRawPointer) {
        let host = dialling.endpoint.host
        if host.contains(":"), vv_accept_if_address_matches(chain, host) { return }
        certificateProblem = String(cString: vv_verify_text(vv_verify_error(chain)))
    }

    /// What a failure means, by how far we were.
    func failure(_ text: String, _ wsi: OpaquePointer?) -> Disconnection {
        let place = dialling.place
        switch phase {
        case .resolving, .dialling:
            let target = dialling.proxy.map { "the proxy \($0.place)" } ?? place
            let tried = addresses.joined(separator: ", ")
            return Disconnection(.unreachable, detail: "cannot connect to \(target) (tried \(tried))")
        case .reached:
            if let proxy = dialling.proxy, wsi.map({ !vv_has_tls($0) }) ?? true {
                // Which status it answered with, libwebsockets does not say.
                let detail =
                    "the proxy \(proxy.place) did not open a way to \(place): a password, or the place, is refused"
                return Disconnection(.proxyRefused(status: nil), detail: detail)
            }
            if text.hasPrefix("Timed out") {
                return Disconnection(.unreachable, detail: "\(place) does not answer the TLS handshake")
            }
            let reason = certificateProblem ?? virtualHost?.takeAlert() ?? "the handshake failed; is that a TLS port?"
            return Disconnection(.tls, detail: "no TLS with \(place): \(reason)")
        case .requested:
            return Disconnection(.lost, detail: "\(place) ended the connection instead of answering")
        case .answered:
            return Disconnection(.protocolError(code: 1002), detail: "\(place) answered wrongly: \(text)")
        case .open, .closing:
            return Disconnection(.lost, detail: "\(place) went away without a close frame")
        }
    }
}
