import Foundation
import Glibc
import Synchronization

/// A TCP relay in front of the service, for what goes wrong below WebSocket frames: bytes that nobody reads, ends that are
/// not told, resets, pieces.
///
/// It runs on one thread of its own, which waits for all its sockets in one `poll`. Links are named by the port at which
/// the service sees them.
final class FaultRelay: Sendable {
    private enum Order: Sendable {
        case link(RelayLink.Order, port: UInt16)
        case stop
    }

    /// Where clients connect.
    let port: UInt16
    private let longestSilence: Duration
    private let listener: CInt
    /// A pipe that wakes the thread for new orders: what is written to `bell` is read from `ear`.
    private let bell: CInt
    private let ear: CInt
    // Bound: an order is a fault, of which there are a few a second at most; the thread takes them all at once.
    private let orders = Mutex<[Order]>([])

    /// Listens at once; connections wait until `run`.
    /// - Parameter longestSilence: how long a link may be stalled or half open before it is reset.
    /// - Throws: `.listen` when the host is no IPv4 address or the port is taken.
    init(host: String, port: UInt16, longestSilence: Duration) throws(RehearsalError) {
        listener = try TCPSocket.listening(host: host, port: port)
        self.longestSilence = longestSilence
        self.port = TCPSocket.port(of: listener)
        var ends: [CInt] = [-1, -1]
        pipe(&ends)
        for end in ends { TCPSocket.prepare(end) }
        (ear, bell) = (ends[0], ends[1])
    }

    deinit {
        close(listener)
        close(bell)
        close(ear)
    }

    /// Relays to this port of 127.0.0.1 until the task is cancelled; then ends all links, and returns.
    func run(to service: UInt16) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    Thread.current.name = "rehearsal-relay"  // set from outside, the name does not reach the thread
                    self.loop(to: service)
                    continuation.resume()
                }
            }
        } onCancel: {
            put(.stop)
        }
    }

    /// Makes a link misbehave; one that has ended meanwhile does not.
    /// - Parameter port: at the service's end.
    func order(_ order: RelayLink.Order, port: UInt16) { put(.link(order, port: port)) }

    private func put(_ order: Order) {
        orders.withLock { $0.append(order) }
        var ring: UInt8 = 1
        write(bell, &ring, 1)  // a full pipe is a bell that rings already
    }

    private func loop(to service: UInt16) {
        var links: [UInt16: RelayLink] = [:]
        while true {
            let now = ContinuousClock.now
            links = links.filter { !$0.value.isOver }
            let served = Array(links.values)
            var polls = [
                pollfd(fd: listener, events: CShort(POLLIN), revents: 0),
                pollfd(fd: ear, events: CShort(POLLIN), revents: 0),
            ]
            for link in served { polls += link.polls(now: now) }
            let deadline = served.compactMap(\.deadline).min()
            // A millisecond more than is left, rounded down: never early, so never in a hurry.
            let timeout = deadline.map { CInt(clamping: max(0, now.duration(to: $0).milliseconds + 1)) } ?? -1
            poll(&polls, nfds_t(polls.count), timeout)
            let woken = ContinuousClock.now
            if polls[1].revents != 0 {
                var rings = [UInt8](repeating: 0, count: 64)
                read(ear, &rings, rings.count)
            }
            // Before any byte that was written after them: a fault holds for what the service sends next.
            for order in orders.withLock({ exchange(&$0, with: []) }) {
                switch order {
                case .stop:
                    for link in links.values { link.end() }
                    return
                case .link(let order, let port): links[port]?.obey(order, now: woken)
                }
            }
            for (index, link) in served.enumerated() {
                link.step(client: polls[2 + 2 * index].revents, service: polls[3 + 2 * index].revents, now: woken)
            }
            if polls[0].revents != 0 { accept(to: service, into: &links) }
        }
    }

    private func accept(to service: UInt16, into links: inout [UInt16: RelayLink]) {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else {
            if errno != EAGAIN { usleep(10_000) }  // no descriptors left: the poll would come back at once
            return
        }
        guard let inner = TCPSocket.connected(to: service) else {
            close(client)
            return
        }
        TCPSocket.prepare(client)
        links[TCPSocket.port(of: inner)] = RelayLink(client: client, service: inner, longestSilence: longestSilence)
    }
}
