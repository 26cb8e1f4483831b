import ArgumentParser
import Assistant
import ControlProtocol
import Events
import Glibc
import LiveProtocol
import LiveSession

/// The terminal of a running daemon.
struct Attach: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Be the terminal of a running daemon.",
        discussion: """
            The same keys and lines as in `talk`; q and Ctrl-C leave the daemon alone and end this terminal. Ends with 69 \
            when the daemon goes.
            """)

    @Flag(help: "Print every event as a JSON line instead of the spoken lines.")
    var json = false

    @Flag(help: "Print the spoken lines and errors only.")
    var quiet = false

    @OptionGroup var control: ControlFlags

    func run() async throws {
        let layout = Terminal.layout(transcriptIsAudio: false, isQuiet: quiet)
        let terminal: RemoteTerminal
        do throws(ControlError) {
            terminal = try await RemoteTerminal(to: control.path, wantsLevels: layout.screen != nil)
        } catch {
            throw error.reported()
        }
        let session = TalkSession(
            console: Console(layout),
            style: Transcript.Style(isJSON: json, isQuiet: quiet), keyboard: Keyboard(),
            talking: Talking(mode: terminal.mode, hasWakeWord: true), earlyExit: .success
        ) { bus in
            Partner(run: { await terminal.run(on: bus) }, perform: terminal.perform)
        }
        let exit = await session.hold()
        if exit != .success { throw ArgumentParser.ExitCode(exit.rawValue) }
    }
}

/// A daemon's conversation as a terminal holds it: events from the socket, commands to it.
struct RemoteTerminal: Sendable {
    let mode: TurnMode
    private let path: String
    private let client: ControlClient
    private let status: [String: JSONValue]
    // Bound: what a person presses before the daemon has answered.
    private let commands = AsyncStream.makeStream(of: ConversationCommand.self, bufferingPolicy: .bufferingNewest(256))

    /// - Parameter wantsLevels: whether there are meters to show.
    init(to path: String, wantsLevels: Bool) async throws(ControlError) {
        self.path = path
        client = try await ControlClient.connect(to: path)
        _ = try await client.call("subscribe", wantsLevels ? ["events": ["*", "audio.level"]] : [:])
        status = try await client.call("status").members ?? [:]
        mode = status["mode"]?.asString.flatMap(TurnMode.init) ?? .open
    }

    var perform: @Sendable (ConversationCommand) -> Void {
        { [commands] in commands.continuation.yield($0) }
    }

    /// Shows the conversation until the daemon goes or the terminal is left.
    func run(on bus: EventBus) async -> Outcome {
        for event in Self.known(of: status) { bus.publish(event) }
        let outcome = await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                for await notification in client.notifications {
                    if let event = notification.decoded { bus.publish(event) }
                }
                return Outcome(exit: .unavailable, reason: ControlError.gone(path).message)
            }
            group.addTask {
                for await command in commands.stream {
                    guard command != .hangUp else { return Self.left }
                    await obey(command, bus)
                }
                return nil
            }
            var outcome: Outcome?
            while outcome == nil, let next = await group.next() { outcome = next }
            group.cancelAll()
            await client.close()
            return outcome ?? Self.left
        }
        if outcome.exit != .success { tellGone(bus) }
        return outcome
    }

    private static let left = Outcome(exit: .success, reason: "left")

    /// What was so before anybody looked, as events would have told of it.
    static func known(of status: [String: JSONValue]) -> [Event] {
        var events: [Event] = []
        func tell(_ body: Event.Body) { events.append(Event(at: Environment.now, session: nil, body)) }
        let live: JSONValue = [
            "event": "session.live", "at": status["liveSince"] ?? .null, "model": status["model"] ?? .null,
            "resumed": true,
        ]
        if let live = Event(live) { events.append(live) }
        switch status["state"]?.asString {
        case "idle"?: tell(.sessionEnded(reason: "no conversation is under way", code: nil, exit: 0))
        case "connecting"?: tell(.sessionConnecting(attempt: 1))
        case "asleep"?: tell(.wakeAsleep(because: "as the daemon has it"))
        default: break
        }
        if status["reconnecting"] == true { tell(.sessionConnecting(attempt: 1)) }
        let mode = status["mode"]?.asString ?? TurnMode.open.rawValue
        tell(.turnsMode(mode: mode, because: "as the daemon has it"))
        if status["muted"] == true { tell(.audioMuted(true)) }
        return events
    }

    private func tellGone(_ bus: EventBus) {
        let gone = ControlError.gone(path)
        let problem = Problem(code: "control", message: gone.message, remedy: gone.remedy)
        let exit = Int(ExitCode.unavailable.rawValue)
        for body in [Event.Body.error(problem), .sessionEnded(reason: gone.message, code: nil, exit: exit)] {
            bus.publish(Event(at: Environment.now, session: nil, body))
        }
    }

    private func obey(_ command: ConversationCommand, _ bus: EventBus) async {
        guard let (method, params) = command.call else { return }
        do throws(ControlError) {
            _ = try await client.call(method, params)
        } catch {
            let problem = Problem(code: "control", message: error.message, remedy: error.remedy)
            bus.publish(Event(at: Environment.now, session: nil, .warning(problem)))
        }
    }
}

extension ConversationCommand {
    /// The method of the socket that does this; nil for what is not a terminal's to do.
    fileprivate var call: (method: String, params: [String: JSONValue])? {
        switch self {
        case .mute: ("mute", [:])
        case .unmute: ("unmute", [:])
        case .press: ("press", [:])
        case .release: ("release", [:])
        case .interrupt: ("interrupt", [:])
        case .renew: ("renew", [:])
        case .mode(let mode): ("mode", ["name": .string(mode.rawValue)])
        case .volume(let level): ("volume", ["level": .number(level)])
        case .device(let direction, let name):
            ("device", ["direction": .string(direction.rawValue), "name": .string(name)])
        case .say(let text): ("say", ["text": .string(text)])
        case .cues, .wakeTimes, .hangUp, .hangUpSaying: nil
        }
    }
}
