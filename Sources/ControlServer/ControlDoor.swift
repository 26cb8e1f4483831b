import ControlProtocol
package import Events
import FlyingSocks
import Glibc
package import LiveProtocol
package import LiveSession
import Synchronization

/// The control socket of an assistant: JSON-RPC 2.0, a line each, for its owner alone.
///
/// However many clients call however often, they cost the audio nothing: they run on Swift's pool, each is answered in
/// its own order and at its own pace, and a client that takes nothing for `patience` is cut off.
package final class ControlDoor: Sendable {
    static let mostClients = 256
    static let patience = Duration.seconds(10)

    private let place: SocketPlace
    private let listener: Socket
    private let methods: ControlMethods
    private let board: StatusBoard
    private let bus: EventBus
    private let now: @Sendable () -> Int64
    private let clients = Mutex<[Int: Outbox]>([:])

    /// Takes the place and listens; clients that come before `run` wait.
    ///
    /// - Parameters:
    ///   - mode: the one that is set, for `status` before a conversation has told of one. Does not wait.
    ///   - cost: `status`'s member of that name; nil where nothing is counted. Does not wait.
    ///   - now: milliseconds since 1970.
    /// - Throws: `.taken` where another daemon runs.
    package init(
        at path: String, to assistant: any Controlled, telling bus: EventBus, version: String,
        mode: @escaping @Sendable () -> TurnMode = { .open }, cost: @escaping @Sendable () -> JSONValue? = { nil },
        now: @escaping @Sendable () -> Int64
    ) throws(DoorError) {
        let place = try SocketPlace(taking: path)
        listener = place.listener
        self.place = place
        self.now = now
        self.bus = bus
        board = StatusBoard(version: version, mode: mode, cost: cost)
        methods = ControlMethods(assistant: assistant, board: board)
    }

    package var path: String { place.path }

    /// Serves clients until it is cancelled.
    package func run() async {
        let events = bus.subscribe(capacity: ControlConnection.mostEvents, overflow: .dropsPartialsFirst)
        let pool = SocketPool.make()
        guard (try? await pool.prepare()) != nil, let listener = try? AsyncSocket(socket: listener, pool: pool) else {
            return
        }
        await withDiscardingTaskGroup { group in
            group.addTask { try? await pool.run() }
            group.addTask { await self.cutTheStalled() }
            group.addTask { await self.board.keep(events) }
            await withDiscardingTaskGroup { serving in
                var number = 0
                while !Task.isCancelled, let socket = await self.accepted(listener) {
                    number += 1
                    let client = number
                    serving.addTask { await self.serve(socket, client) }
                }
                self.clients.withLock { $0.values.forEach { $0.cut() } }
            }
            group.cancelAll()
        }
        try? listener.close()
    }

    /// - Returns: nil when no more can come.
    private func accepted(_ listener: AsyncSocket) async -> AsyncSocket? {
        while !Task.isCancelled {
            do {
                return try await listener.accept()
            } catch is CancellationError {
                return nil
            } catch {
                // A client that went before it was let in, or no descriptor for it: there will be others.
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        return nil
    }

    private func serve(_ socket: AsyncSocket, _ number: Int) async {
        guard socket.socket.isOfOwner else {
            try? socket.close()
            return
        }
        let connection = ControlConnection(socket, methods, bus)
        let isWelcome = clients.withLock { clients in
            guard clients.count < Self.mostClients else { return false }
            clients[number] = connection.outbox
            return true
        }
        guard isWelcome else {
            let failure = RPC.Failure.state("\(Self.mostClients) clients are connected, and no more are taken")
            try? await connection.outbox.send(RPC.Reply(id: .none, .failure(failure)).json.line)
            try? socket.close()
            return
        }
        await connection.run()
        clients.withLock { _ = $0.removeValue(forKey: number) }
    }

    private func cutTheStalled() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let stalled = clients.withLock { $0.values.filter { ($0.stalledFor ?? .zero) > Self.patience } }
            for outbox in stalled {
                outbox.cut()
                bus.publish(
                    Event(
                        at: now(), session: nil,
                        .warning(
                            Problem(
                                code: "control.stalled",
                                message:
                                    "A client of the control socket took nothing for \(Self.patience.components.seconds) s, "
                                    + "and was cut off."))))
            }
        }
    }
}

extension Socket {
    /// Whether who connected runs as we do, or as root.
    fileprivate var isOfOwner: Bool {
        // `struct ucred`, which Glibc shows to C only where it is asked for GNU's extensions.
        var peer = (process: pid_t(0), uid: uid_t(0), gid: gid_t(0))
        var size = socklen_t(MemoryLayout.size(ofValue: peer))
        guard getsockopt(file.rawValue, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 else { return false }
        return peer.uid == getuid() || peer.uid == 0
    }
}
