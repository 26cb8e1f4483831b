import Events
import FoundationEssentials
import Synchronization

/// What a daemon tells of, between the socket and whoever reads it.
///
/// Bounded: what does not fit is lost, and a `warning` with the code `events.missed` stands in its place. The daemon does
/// the same for a client that leaves its socket alone, and cuts it off in the end; so the socket is always read, and a
/// terminal that was held with Ctrl-S goes on where it stood.
package final class NotificationFeed: AsyncSequence, Sendable {
    package typealias Element = ControlClient.Notification

    /// Events that may wait for the reader.
    package static let capacity = 4_096

    private struct Room {
        var waiting = 0
        /// Events lost since the reader was last told.
        var untold = 0
        var isOver = false
    }

    private let capacity: Int
    private let now: @Sendable () -> Int64
    private let room = Mutex(Room())
    // Bound: `room` admits `capacity`; the notice of a loss comes on top.
    private let stream = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .unbounded)

    /// - Parameter now: milliseconds since 1970.
    package init(
        capacity: Int = NotificationFeed.capacity,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.capacity = capacity
        self.now = now
    }

    /// Puts an event behind those that wait, if there is room. Any thread; does not wait.
    package func put(_ event: Element) {
        room.withLock { room in
            guard !room.isOver else { return }
            guard room.waiting < capacity else {
                room.untold += 1
                return
            }
            tellLoss(&room)
            room.waiting += 1
            stream.continuation.yield(event)
        }
    }

    /// Ends the sequence once its reader has taken what waits. Any thread.
    package func finish() {
        room.withLock { room in
            guard !room.isOver else { return }
            room.isOver = true
            tellLoss(&room)
        }
        stream.continuation.finish()
    }

    private func tellLoss(_ room: inout Room) {
        guard room.untold > 0 else { return }
        let notice = Event(at: now(), session: nil, .warning(.eventsMissed(room.untold)))
        room.untold = 0
        room.waiting += 1
        stream.continuation.yield(Element(name: notice.body.name, event: Array(notice.json.utf8)))
    }

    private func taken() { room.withLock { $0.waiting -= 1 } }

    package func makeAsyncIterator() -> Iterator { Iterator(feed: self, base: stream.stream.makeAsyncIterator()) }

    /// For one reader at a time.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let feed: NotificationFeed
        fileprivate var base: AsyncStream<Element>.Iterator

        package mutating func next() async -> Element? { await next(isolation: nil) }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
            guard let event = await base.next(isolation: actor) else { return nil }
            feed.taken()
            return event
        }
    }
}
