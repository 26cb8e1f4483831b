package import Events

/// Whether the assistant can hear and speak (invariant 9): by what its threads count, because one that hangs cannot say
/// so. What is told of it gives the words. Pure; each event takes the time on the monotonic clock.
///
/// What nobody wants to move is well: a muted microphone, a pipe without a writer, a conversation that was hung up. A
/// network that is away is no sickness either, for no restart mends it; but who was never live is not ready, unless it
/// waits because it was told to, which is all that can be had of it.
package struct Health: Equatable, Sendable {
    package enum Condition: Equatable, Sendable {
        /// It has not been able to hear, to speak and to talk to the service yet, and should be.
        case starting
        case well
        /// It cannot do what it should be able to.
        case sick
    }

    /// Longer than a device takes that is looked after by its own (`StillnessWatch`, 3.5 s), or is plugged in again at
    /// once; and than five steps of the loop.
    package static let patience = Duration.seconds(5)

    private struct Device: Equatable {
        var flow = Flow()
        /// As it is named; nil until something was told of it.
        var name: String?
        /// Why there is none, by what was told; nil while there is one.
        var loss: String?
        /// It has gone since it was looked at last, so that what has moved since then moved before.
        var isLossNew = false
        /// It flows, but something is wrong with what flows.
        var remark: String?
    }

    private var input = Device()
    private var output = Device()
    private var loop = Flow()
    private var isConversing = false
    private var hasBeenReady = false
    /// The session was live, or sleeps until the wake word is heard.
    private var hasBeenLive = false
    private var doing = "opening the devices"
    /// Why no conversation is wanted; nil where one is.
    private var waiting: String?

    package init() {}

    // MARK: What happens

    /// How it is by now: call it about once a second.
    package mutating func observe(_ activity: Activity, now: Duration) {
        switch activity {
        case .conversing(let pulse):
            waiting = nil
            observe(pulse, now: now)
        case .waiting(let because):
            waiting = because
            hasBeenReady = true
            // Nobody wants a device, so none is missing, whatever became of it before.
            (input.loss, output.loss) = (nil, nil)
            observe(nil, now: now)
        }
    }

    /// - Parameter pulse: nil where no conversation is under way.
    private mutating func observe(_ pulse: Pulse?, now: Duration) {
        isConversing = pulse != nil
        loop.observe(pulse?.steps, now: now)
        Self.observe(pulse.map(\.captured), of: &input, now: now)
        Self.observe(pulse.map(\.played), of: &output, now: now)
        let flows = isConversing && input.flow.isProven && output.flow.isProven && loop.isProven
        hasBeenReady = hasBeenReady || hasBeenLive && flows
    }

    package mutating func note(_ body: Event.Body) {
        switch body {
        case .sessionConnecting: doing = "connecting to the service"
        case .sessionLive, .sessionResumed: live("in conversation")
        case .wakeAsleep: live("asleep until the wake word is heard")
        case .wakeHeard: doing = "in conversation"
        case .sessionEnded(let reason, _, let exit): doing = exit == 0 ? "no conversation is under way" : reason
        case .warning(let problem) where problem.code == Daemon.trying: doing = problem.message
        case .audioDevice(.input, let name, let state, let reason): Self.note(state, name, reason, of: &input)
        case .audioDevice(.output, let name, let state, let reason): Self.note(state, name, reason, of: &output)
        default: break
        }
    }

    // MARK: What follows

    package func condition(now: Duration) -> Condition {
        guard faults(now: now).isEmpty else { return hasBeenReady ? .sick : .starting }
        return hasBeenReady ? .well : .starting
    }

    /// For people, a line: what is wrong where something is, else what it is doing.
    package func words(now: Duration) -> String {
        let faults = faults(now: now)
        guard faults.isEmpty else { return faults.joined(separator: "; ") }
        if let waiting { return waiting }
        let parts = [hasBeenReady ? nil : "not ready yet", doing, input.remark, output.remark]
        return parts.compactMap { $0 }.joined(separator: "; ")
    }

    private func faults(now: Duration) -> [String] {
        var faults: [String] = []
        if isSick(input, now: now) { faults.append("cannot hear: " + because(input, "no sound comes from")) }
        if isSick(output, now: now) { faults.append("cannot speak: " + because(output, "no sound goes to")) }
        if loop.isStill(for: Self.patience, now: now) { faults.append("the session does not go on") }
        return faults
    }

    /// A device that could not be had ends the conversation; it is as lost between two tries as it was in the first.
    private func isSick(_ device: Device, now: Duration) -> Bool {
        device.flow.isStill(for: Self.patience, now: now) || device.loss != nil && !isConversing
    }

    private func because(_ device: Device, _ what: String) -> String {
        let words = "\(what) \(device.name ?? "the device")"
        return device.loss.map { "\(words) (\($0))" } ?? words
    }

    private mutating func live(_ doing: String) {
        hasBeenLive = true
        self.doing = doing
    }

    /// - Parameter periods: nil where no conversation is under way, nil in it where none is due.
    private static func observe(_ periods: Int??, of device: inout Device, now: Duration) {
        // One that is lost stays so from one try to the next: only sound shows that it is back.
        if periods == nil, device.loss != nil { return }
        device.flow.observe(periods ?? nil, now: now)
        if periods != nil, device.flow.isProven, !device.isLossNew { device.loss = nil }
        device.isLossNew = false
    }

    private static func note(_ state: DeviceState, _ name: String, _ reason: String?, of device: inout Device) {
        device.name = name
        device.loss = state == .lost ? reason ?? "lost" : nil
        device.isLossNew = state == .lost
        device.remark = state == .silent ? "\(name): \(reason ?? "silent")" : nil
    }
}
