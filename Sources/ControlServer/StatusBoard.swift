import ControlProtocol
import Events
import Glibc
import LiveProtocol
import LiveSession
import Synchronization

/// What `status` answers: how things stand, by the events that told of it.
final class StatusBoard: Sendable {
    private let known: Mutex<AssistantStatus>
    private let mode: @Sendable () -> TurnMode
    private let cost: @Sendable () -> JSONValue?
    private let began = ContinuousClock.now

    /// - Parameter mode: the one that is set; it holds as long as no event has told of another.
    init(
        version: String, mode: @escaping @Sendable () -> TurnMode = { .open },
        cost: @escaping @Sendable () -> JSONValue?
    ) {
        known = Mutex(AssistantStatus(version: version))
        self.mode = mode
        self.cost = cost
    }

    /// Takes events until they end.
    func keep(_ events: EventSubscription) async {
        for await event in events { known.withLock { $0.note(event) } }
    }

    /// Any thread.
    var status: JSONValue {
        let seconds = (ContinuousClock.now - began).components.seconds
        let (mode, cost) = (mode(), cost())
        return known.withLock { $0.json(upFor: Int(seconds), mode: mode, cost: cost) }
    }
}

/// How an assistant is, as its events have it. Pure.
struct AssistantStatus: Equatable, Sendable {
    enum State: String, Sendable {
        /// No conversation is under way.
        case idle
        case connecting
        case live
        /// Nothing is listened to but the wake word.
        case asleep
    }

    private struct Device: Equatable {
        var name: String
        var state: DeviceState
    }

    private let version: String
    private var state = State.idle
    private var session: String?
    private var liveSince: Int64?
    private var model: String?
    private var mode: String?
    private var isMuted = false
    private var speaker: Party?
    private var turns = 0
    private var tokens = 0
    private var devices: [Direction: Device] = [:]
    private var recording: String?
    private var reconnections = 0
    /// The line is down, and dialled again.
    private var isReconnecting = false
    /// The last thing that went wrong.
    private var problem: (at: Int64, Problem)?

    init(version: String) { self.version = version }

    static func == (left: AssistantStatus, right: AssistantStatus) -> Bool {
        left.json(upFor: 0) == right.json(upFor: 0)
    }

    mutating func note(_ event: Event) {
        if let session = event.session { self.session = session }
        switch event.body {
        case .sessionConnecting:
            if state == .idle { begin() }
            isReconnecting = liveSince != nil
        case .sessionRotating: isReconnecting = true
        case .sessionLive(let model, _):
            self.model = model
            state = .live
            isReconnecting = false
            liveSince = liveSince ?? event.at
        case .sessionResumed:
            reconnections += 1
            isReconnecting = false
        case .sessionEnded: end()
        case .turnsMode(let mode, _): self.mode = mode
        case .wakeAsleep:
            state = .asleep
            isReconnecting = false
        case .wakeHeard: state = liveSince == nil ? .connecting : .live
        case .turnStarted(let turn, let speaker):
            turns = max(turns, turn)
            self.speaker = speaker
        case .turnCompleted(_, let speaker, _, _): if self.speaker == speaker { self.speaker = nil }
        case .audioMuted(let isMuted): self.isMuted = isMuted
        case .audioDevice(let direction, let device, let state, _):
            devices[direction] = Device(name: device, state: state)
        case .recordingStarted(let path): recording = path
        case .recordingEnded: recording = nil
        case .usage(let report): tokens = report.session.total
        case .warning(let problem), .error(let problem): self.problem = (event.at, problem)
        default: break
        }
    }

    private mutating func begin() {
        state = .connecting
        (liveSince, turns, tokens, reconnections, speaker) = (nil, 0, 0, 0, nil)
    }

    private mutating func end() {
        state = .idle
        (liveSince, speaker, session) = (nil, nil, nil)
        isReconnecting = false
    }

    /// - Parameters:
    ///   - set: the mode that holds where no event has told of one.
    ///   - cost: what was spent, where that is counted.
    func json(upFor seconds: Int, mode set: TurnMode = .open, cost: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "protocol": 1, "version": .string(version), "pid": .integer(Int64(getpid())),
            "upSeconds": .integer(Int64(seconds)),
            "state": .string(state.rawValue), "mode": .string(mode ?? set.rawValue), "muted": .bool(isMuted),
            "turns": .integer(Int64(turns)), "tokens": .integer(Int64(tokens)),
            "reconnections": .integer(Int64(reconnections)),
        ]
        members["session"] = session.map(JSONValue.string)
        members["model"] = model.map(JSONValue.string)
        members["liveSince"] = liveSince.map { .string(Timestamp.iso8601($0)) }
        members["speaker"] = speaker.map { .string($0.rawValue) }
        if isReconnecting { members["reconnecting"] = true }
        members["cost"] = cost
        members["recording"] = recording.map(JSONValue.string)
        for (direction, device) in devices {
            members[direction.rawValue] = ["device": .string(device.name), "state": .string(device.state.rawValue)]
        }
        if let (at, problem) = problem {
            var told: [String: JSONValue] = [
                "at": .string(Timestamp.iso8601(at)), "code": .string(problem.code),
                "message": .string(problem.message),
            ]
            told["remedy"] = problem.remedy.map(JSONValue.string)
            members["lastProblem"] = .object(told)
        }
        return .object(members)
    }
}
