import FlyingFox
import Foundation

/// Going wrong on purpose.
extension Connection {
    /// The connection's way through the relay.
    struct Route: Sendable {
        let relay: FaultRelay
        let port: UInt16

        func order(_ order: RelayLink.Order) { relay.order(order, port: port) }
    }

    /// What lasts, and concerns frames.
    struct FrameFaults {
        var pongDelay: Duration?
        var fragmentBytes: Int?
        var reasonBytes: Int?
    }

    /// Does one wrong, and says so in the log and to whoever runs the service.
    func suffer(_ fault: Fault) {
        log("fault", ("fault", .string(fault.name)), ("detail", .string(fault.description)))
        shared.configuration.report("connection \(number): fault: \(fault.description)")
        switch fault {
        case .stall:
            route?.order(.stall)
            // Its end could not be heard of any more, so it must not stand in the way of the next connection.
            shared.sessions.leave(connection: number)
        case .halfOpen:
            route?.order(.halfOpen)
            shared.sessions.leave(connection: number)
        case .reset:
            shared.sessions.leave(connection: number)
            route?.order(.reset)
        case .drop: end()
        case .split(let bytes, let pause): route?.order(.split(bytes: bytes, pause: pause))
        case .merge(let time): route?.order(.merge(time))
        case .delayPongs(let time): frameFaults.pongDelay = time
        case .fragment(let bytes): frameFaults.fragmentBytes = bytes
        case .close(let code, let reason): close(Refusal(code: code, reason: reason))
        case .cutReasons(let bytes): frameFaults.reasonBytes = bytes
        case .hostile(let message): send(message)
        case .swallow(let kind): session.swallow(kind)
        case .handles(let handles): perform(session.give(handles))
        case .goAway(let left, let isMeant): perform(session.goAway(timeLeft: left, isMeant: isMeant, now: now))
        case .heal:
            frameFaults = FrameFaults()
            session.heal()
            route?.order(.heal)
        }
    }

    private func send(_ message: HostileMessage) {
        guard !isClosing else { return }
        for frame in message.frames { outbox.put(frame) }
        let ends = message == .cutReason || message == .shortClose
        guard ends else { return }
        shared.sessions.leave(connection: number)
        isClosing = true
        feed.yield(.closeLater)
    }

    // MARK: Chaos

    /// Sets the plan in motion: the setup has come.
    func beginChaos() {
        guard let plan else { return }
        for condition in plan.conditions { suffer(condition) }
        if plan.setupDelay > .zero {
            log("fault", ("fault", "delaySetup"), ("detail", .string("\(plan.setupDelay.milliseconds) ms")))
            shared.configuration.report(
                "connection \(number): fault: setup delayed by \(plan.setupDelay.milliseconds) ms")
        }
        feed.yield(.follow(plan.events))
    }

    func follow(_ events: [ChaosPlan.Event]) async {
        let start = clock.now
        for event in events {
            guard (try? await clock.sleep(until: start + event.after)) != nil, !isClosing else { return }
            suffer(event.fault)
        }
    }

    /// Waits for the end of an idle connection; none comes to one that is set up by then.
    func idle(until event: ChaosPlan.Event) async {
        guard (try? await clock.sleep(for: event.after)) != nil, !hasSeenSetup else { return }
        suffer(event.fault)
    }
}
