import FlyingFox
import FlyingSocks
import Glibc

/// A socket pool that switches Nagle's algorithm off: small messages such as `interrupted` must not wait for the
/// client's delayed acknowledgement, which on Linux takes up to 40 ms.
///
/// The server offers no other way to its sockets; each passes here before it is first read.
struct PromptPool: AsyncSocketPool {
    private let base: any AsyncSocketPool

    init() {
        base = HTTPServer.defaultPool()
    }

    func prepare() async throws { try await base.prepare() }

    func run() async throws { try await base.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        var isOn: CInt = 1
        // The listening socket passes too, and Linux lets accepted sockets inherit the option. A socket that cannot
        // take it, being closed, says so at its next read.
        _ = setsockopt(
            socket.file.rawValue, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
        do {
            try await base.suspendSocket(socket, untilReadyFor: events)
        } catch {
            // FlyingFox wakes a cancelled reader just before it stops watching the descriptor. If that is closed in
            // between, it never stops, and the next connection with this descriptor is deaf. A wait that cannot begin
            // takes its turn after that.
            try? await base.suspendSocket(Socket(file: .init(rawValue: -1)), untilReadyFor: .read)
            throw error
        }
    }
}
