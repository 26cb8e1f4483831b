internal import CLibwebsockets
internal import Glibc
import LiveProtocol
import Synchronization

/// What libwebsockets' callbacks go to: one object for each of its connections. Socket thread only.
class SocketEventTarget {
    /// - Returns: 0 to go on; anything else closes the connection.
    func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ user: UnsafeMutableRawPointer?,
        _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt { 0 }
}

/// The one callback of the one protocol. Targets live until libwebsockets has destroyed their connection.
private func onSocketEvent(
    wsi: OpaquePointer?, reason: lws_callback_reasons, user: UnsafeMutableRawPointer?,
    bytes: UnsafeMutableRawPointer?, count: Int
) -> CInt {
    guard let wsi, let target = lws_get_opaque_user_data(wsi) else { return 0 }
    return Unmanaged<SocketEventTarget>.fromOpaque(target).takeUnretainedValue()
        .handle(reason, wsi, user, bytes, count)
}

/// The socket thread's own: the libwebsockets context, its virtual hosts, and the far halves of the connections.
///
/// Idle, it sleeps in `poll` without end: no timer of ours is ever pending, and of libwebsockets' own only the
/// one-shot ones of a handshake or a close under way, and a housekeeping one every 30 s.
final class SocketLoop: SocketEventTarget {
    /// Bytes read from a socket at once; also the longest upgrade request.
    static let readSize = 32 << 10
    /// Longest piece of a message that libwebsockets hands over at once.
    static let pieceSize = 64 << 10

    private let inbox: SocketThread.Inbox
    /// A C string, as long-lived as the context.
    private let protocolName = strdup("vivavoce")!
    /// Ended by an entry of zeros, as libwebsockets wants it; lives as long as the context.
    private let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
    /// Zeros: libwebsockets sends no pings and hangs nothing up; liveness is the engine's to judge (pitfall 11).
    private let noIdleTimers = UnsafeMutablePointer<lws_retry_bo_t>.allocate(capacity: 1)
    private var context: OpaquePointer?
    private var virtualHosts: [VirtualHostKey: VirtualHost] = [:]
    private var sockets: [DialledSocket] = []
    /// Sockets whose name is being looked up.
    private var unresolved: [Int: DialledSocket] = [:]
    private var isStopping = false

    init(inbox: SocketThread.Inbox) {
        self.inbox = inbox
        protocols.initialize(repeating: lws_protocols(), count: 2)
        protocols[0].name = UnsafePointer(protocolName)
        protocols[0].callback = onSocketEvent
        protocols[0].rx_buffer_size = Self.pieceSize
        noIdleTimers.initialize(to: lws_retry_bo_t())
    }

    deinit {
        protocols.deallocate()
        noIdleTimers.deallocate()
        free(protocolName)
    }

    /// Serves until asked to stop. Blocks its thread.
    func run() {
        guard start() else { return refuseAll() }
        answerWake()  // what was put in before the loop could be woken
        while !isStopping, lws_service(context, 0) >= 0 {}
        for socket in sockets { socket.end(Disconnection(.closedHere, detail: "the socket thread was stopped")) }
        lws_context_destroy(context)
        context = nil
        sockets = []
        unresolved = [:]
    }

    // MARK: For dialled sockets

    /// The virtual host that holds a trust store and a proxy, made when first needed.
    func virtualHost(_ key: VirtualHostKey) -> VirtualHost? {
        if let made = virtualHosts[key] { return made }
        let made = VirtualHost(key, in: context, protocols: protocols)
        virtualHosts[key] = made
        return made
    }

    func fillIn(_ info: inout lws_client_connect_info) {
        info.context = context
        info.local_protocol_name = UnsafePointer(protocolName)
        info.retry_and_idle_policy = UnsafePointer(noIdleTimers)
    }

    func remove(_ socket: DialledSocket) { sockets.removeAll { $0 === socket } }

    // MARK: Waking

    override func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ user: UnsafeMutableRawPointer?,
        _ bytes: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        if reason == LWS_CALLBACK_RAW_RX_FILE { answerWake() }
        return 0
    }

    private func answerWake() {
        inbox.wake.answer()
        for request in inbox.takeAll() { carryOut(request) }
        for socket in sockets where socket.takeWork() && !socket.isOver { socket.visit() }
    }

    private func carryOut(_ request: SocketThread.Request) {
        switch request {
        case .open(let number, let make):
            let socket = make(self)
            sockets.append(socket)
            unresolved[number] = socket
        case .resolved(let number, let addresses):
            unresolved.removeValue(forKey: number)?.resolved(addresses)
        case .ended(let number, let reason): unresolved.removeValue(forKey: number)?.end(reason)
        case .stop:
            isStopping = true
        }
    }

    // MARK: Starting

    private func start() -> Bool {
        lws_set_log_level(0, nil)  // what goes wrong is in each connection's end
        var info = lws_context_creation_info()
        info.port = vv_no_listen
        info.gid = -1  // stay who we are
        info.uid = -1
        info.pt_serv_buf_size = UInt32(Self.readSize)
        info.max_http_header_data2 = 16 << 10
        info.max_http_header_pool = 256  // made when needed; one is held during each handshake
        info.fd_limit_per_thread = 1024  // the default is a table for every descriptor the process may ever have
        info.timeout_secs = 10
        info.ka_time = 60
        info.ka_interval = 10
        info.ka_probes = 6
        context = Self.makeContext(&info)
        guard context != nil, let plain = virtualHost(VirtualHostKey()) else { return false }
        // libwebsockets closes what it is given, so it gets a descriptor of its own.
        let descriptor = fcntl(inbox.wake.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        var file = lws_sock_file_fd_type()
        file.filefd = descriptor
        guard
            let wsi = lws_adopt_descriptor_vhost(plain.handle, LWS_ADOPT_RAW_FILE_DESC, file, protocolName, nil)
        else { return false }
        lws_set_opaque_user_data(wsi, Unmanaged.passUnretained(self as SocketEventTarget).toOpaque())
        return true
    }

    /// libwebsockets keeps the index under which OpenSSL finds its connections in a global variable, and takes a new one
    /// whenever it is asked to set OpenSSL up: that must happen once in a process.
    private static func makeContext(_ info: inout lws_context_creation_info) -> OpaquePointer? {
        var made: OpaquePointer?
        isOpenSSLReady.withLock { isReady in
            info.options = isReady ? vv_plain_options : vv_tls_options
            isReady = true
            made = lws_create_context(&info)
        }
        return made
    }

    private static let isOpenSSLReady = Mutex(false)

    /// The process has no descriptors or memory left for a context: every attempt ends, now and later.
    private func refuseAll() {
        while !isStopping {
            for request in inbox.takeAll() { carryOut(request) }
            for socket in sockets {
                socket.end(Disconnection(.unreachable, detail: "no socket thread: out of file descriptors"))
            }
            sockets = []
            var wake = pollfd(fd: inbox.wake.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wake, 1, inbox.wake.descriptor < 0 ? 1000 : -1)
            inbox.wake.answer()
        }
    }
}
