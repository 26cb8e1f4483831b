/// What waits for one subscriber: a bounded queue that says what it lost.
package struct EventQueue: Equatable, Sendable {
    /// What goes when the queue is full.
    package enum Overflow: Equatable, Sendable {
        /// The oldest event, whatever it is.
        case dropsOldest
        /// The oldest event that a later one makes worthless (a partial transcript); when there is none, the oldest.
        case dropsPartialsFirst
    }

    /// Events that may wait, at least 1. The notice of a loss comes on top.
    package let capacity: Int
    package let overflow: Overflow
    /// Events lost since this queue was made.
    package private(set) var missed = 0
    /// Events lost since the subscriber was last told.
    private var untold = 0
    // Taken from `first` on, and moved up when half is gone, so that taking costs no more than appending.
    private var waiting: [Event] = []
    private var first = 0

    package init(capacity: Int, overflow: Overflow) {
        precondition(capacity > 0, "a queue that holds nothing loses everything")
        self.capacity = capacity
        self.overflow = overflow
    }

    package var count: Int { waiting.count - first }

    /// Puts an event behind those that wait.
    ///
    /// An `audio.level` replaces one that still waits as the newest event: a meter shows the present only.
    package mutating func append(_ event: Event) {
        if case .audioLevel = event.body, count > 0, case .audioLevel = waiting[waiting.count - 1].body {
            waiting[waiting.count - 1] = event
            return
        }
        if count == capacity { dropOne() }
        waiting.append(event)
    }

    /// - Returns: the oldest event; after a loss, a `warning` that says how many events it cost comes first.
    package mutating func popFirst() -> Event? {
        guard count > 0 else { return nil }
        let event = waiting[first]
        if untold > 0 {
            defer { untold = 0 }
            return Event(at: event.at, session: event.session, .warning(.eventsMissed(untold)))
        }
        first += 1
        if first * 2 >= waiting.count {
            waiting.removeFirst(first)
            first = 0
        }
        return event
    }

    private mutating func dropOne() {
        let victim: Int? =
            switch overflow {
            case .dropsOldest: nil
            case .dropsPartialsFirst: waiting[first...].firstIndex { $0.body.isSuperseded }
            }
        waiting.remove(at: victim ?? first)
        missed += 1
        untold += 1
    }
}

extension Event.Body {
    /// Whether a later event will say the same better.
    fileprivate var isSuperseded: Bool {
        switch self {
        case .transcriptPartial, .audioLevel: true
        default: false
        }
    }
}

extension Problem {
    /// What a subscriber is told that did not keep up.
    package static func eventsMissed(_ count: Int) -> Problem {
        Problem(
            code: "events.missed", message: "\(count) events were dropped because they were not read in time",
            remedy: "Read faster, or subscribe to fewer events.")
    }
}
