package import Events

/// Publishes the events of one conversation, under its name and with the time of day.
package struct Announcer: Sendable {
    private let bus: EventBus
    /// Milliseconds since 1970, as `Event.at`.
    let wallClock: @Sendable () -> Int64
    /// Our own name of the conversation: when it began, in base 36, so that names sort as the conversations do.
    let session: String

    package init(bus: EventBus, wallClock: @escaping @Sendable () -> Int64) {
        self.bus = bus
        self.wallClock = wallClock
        session = String(wallClock(), radix: 36)
    }

    /// Any thread but a real-time one.
    func tell(_ body: Event.Body) { bus.publish(Event(at: wallClock(), session: session, body)) }

    /// Somebody listens to `audio.level`.
    var wantsLevels: Bool { bus.wantsLevels }
}
