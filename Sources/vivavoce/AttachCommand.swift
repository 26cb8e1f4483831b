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
        discussion: "The same keys and lines as in `talk`; q and Ctrl-C leave the daemon alone and end this terminal.")

    @Flag(help: "Print every event as a JSON line instead of the spoken lines.")
    var json = false

    @Flag(help: "Print the spoken lines and errors only.")
    var quiet = false

    @OptionGroup var control: ControlFlags

    func run() async throws {
        let terminal: RemoteTerminal
        do throws(ControlError) {
            terminal = try await RemoteTerminal(to: control.path)
        } catch {
            throw error.reported()
        }
        let session = TalkSession(
            console: Console(Terminal.layout(transcriptIsAudio: false, isQuiet: quiet)),
            style: Transcript.Style(isJSON: json, isQuiet: quiet), keyboard: Keyboard(),
            talking: Talking(mode: terminal.mode, hasWakeWord: true)
        ) { bus in
            Partner(run: { await terminal.run(on: bus) }, perform: terminal.perform)
        }
        let exit = await session.hold()
        if exit != .success { throw ArgumentParser.ExitCode(exit.rawValue) }
    }
}

/// A daemon's conversation as a terminal holds it: events from the socket, commands to it.
private struct RemoteTerminal: Sendable {
    let mode: TurnMode
    private let client: ControlClient
    private let status: [String: JSONValue]
    // Bound: what a person presses before the daemon has answered.
    private let commands = AsyncStream.makeStream(of: ConversationCommand.self, bufferingPolicy: .bufferingNewest(256))

    init(to path: String) async throws(ControlError) {
        client = try await ControlClient.connect(to: path)
        _ = try await client.call("subscribe")
        status = try await client.call("status").members ?? [:]
        mode = status["mode"]?.asString.flatMap(TurnMode.init) ?? .open
    }

    var perform: @Sendable (ConversationCommand) -> Void {
        { [commands] in commands.continuation.yield($0) }
    }

    /// Shows the conversation until the daemon goes or the terminal is left.
    func run(on bus: EventBus) async -> Outcome {
        for body in known { bus.publish(Event(at: Environment.now, session: nil, body)) }
        return await withTaskGroup(of: String?.self) { group in
            group.addTask {
                for await notification in client.notifications {
                    if let event = notification.decoded { bus.publish(event) }
                }
                return "the daemon ended"
            }
            group.addTask {
                for await command in commands.stream {
                    guard command != .hangUp else { return "left" }
                    await obey(command, bus)
                }
                return nil
            }
            var reason: String?
            while reason == nil, let next = await group.next() { reason = next }
            group.cancelAll()
            await client.close()
            return Outcome(exit: .success, reason: reason ?? "left")
        }
    }

    /// What was so before anybody looked.
    private var known: [Event.Body] {
        var bodies: [Event.Body] = []
        if status["state"] == "live", let model = status["model"]?.asString {
            bodies.append(.sessionLive(model: model, resumed: true))
        }
        bodies.append(.turnsMode(mode: mode.rawValue, because: "as the daemon has it"))
        if status["muted"] == true { bodies.append(.audioMuted(true)) }
        return bodies
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
