package import LiveProtocol
import Synchronization

/// The near half of a connection: what every thread may call. The far half, `ClientSocket`, lives on the socket thread
/// and fetches from here what is to be done.
package final class WebSocketConnection: Connection {
    /// What the socket thread is asked to do, apart from sending.
    struct Orders: Sendable {
        var pings = 0
        var close: (code: UInt16, reason: String)?
        var isAbandoned = false
        var hasOverflowed = false
    }

    private struct Outbox {
        var queue: SendQueue
        var orders = Orders()
        var isOver = false
    }

    private let outbox: Mutex<Outbox>
    private let wake: WakeUp
    private let counters = ConnectionCounters()
    private let hasWork = Atomic<Bool>(false)
    /// Keeps the thread running while the connection is in anybody's hands.
    private let thread: SocketThread

    init(queueLimit: Int, thread: SocketThread) {
        outbox = Mutex(Outbox(queue: SendQueue(limit: queueLimit)))
        wake = thread.inbox.wake
        self.thread = thread
    }

    // MARK: Any thread

    @discardableResult
    package func send(_ message: [UInt8]) -> Bool {
        let isTaken = outbox.withLock { outbox in
            guard !outbox.isOver, !outbox.orders.hasOverflowed else { return false }
            let isTaken = outbox.queue.append(message)
            if !isTaken { outbox.orders.hasOverflowed = true }
            counters.bytesQueued.store(outbox.queue.bytes, ordering: .relaxed)
            return isTaken
        }
        ring()
        return isTaken
    }

    package func offerFrame(_ message: [UInt8]) {
        outbox.withLock { outbox in
            guard !outbox.isOver else { return }
            outbox.queue.offerFrame(message)
            counters.bytesQueued.store(outbox.queue.bytes, ordering: .relaxed)
            counters.framesReplaced.store(outbox.queue.framesReplaced, ordering: .relaxed)
        }
        ring()
    }

    package func voiceIsWaiting() { ring() }

    package func ping() {
        outbox.withLock { $0.orders.pings += 1 }
        ring()
    }

    package func close(code: UInt16, reason: String) {
        outbox.withLock { if $0.orders.close == nil { $0.orders.close = (code, reason) } }
        ring()
    }

    package func abandon() {
        outbox.withLock { $0.orders.isAbandoned = true }
        ring()
    }

    package var progress: ConnectionProgress { counters.progress }

    /// RT safe: two atomics and at most one write.
    private func ring() {
        hasWork.store(true, ordering: .releasing)
        wake.ring()
    }

    // MARK: Socket thread

    /// Whether something was asked since the last call.
    func takeWork() -> Bool {
        hasWork.load(ordering: .relaxed) && hasWork.exchange(false, ordering: .acquiring)
    }

    /// Asks for another visit.
    func postpone() { ring() }

    /// What is to be done; pings are handed out once, the rest stands until the end.
    func takeOrders() -> Orders {
        outbox.withLock { outbox in
            defer { outbox.orders.pings = 0 }
            return outbox.orders
        }
    }

    func nextMessage() -> [UInt8]? { take { $0.nextMessage() } }

    func nextFrame() -> [UInt8]? { take { $0.nextFrame() } }

    private func take(_ next: (inout SendQueue) -> [UInt8]?) -> [UInt8]? {
        outbox.withLock { outbox in
            guard let message = next(&outbox.queue) else { return nil }
            counters.bytesQueued.store(outbox.queue.bytes, ordering: .relaxed)
            return message
        }
    }

    func count(received bytes: Int, isWhole: Bool) {
        ConnectionCounters.add(bytes, to: counters.bytesReceived)
        if isWhole { ConnectionCounters.add(1, to: counters.messagesReceived) }
    }

    func count(sent bytes: Int) {
        ConnectionCounters.add(bytes, to: counters.bytesSent)
        ConnectionCounters.add(1, to: counters.messagesSent)
    }

    func countPong() { ConnectionCounters.add(1, to: counters.pongsReceived) }

    /// Bytes that libwebsockets holds because the socket took only a part.
    func noteHeld(_ bytes: Int) { counters.bytesHeld.store(bytes, ordering: .relaxed) }

    /// From here on `send` says no. Called once, before the handler hears of the end.
    func markOver() {
        outbox.withLock { outbox in
            outbox.isOver = true
            outbox.queue.removeAll()
        }
        counters.bytesQueued.store(0, ordering: .relaxed)
        counters.bytesHeld.store(0, ordering: .relaxed)
    }
}
