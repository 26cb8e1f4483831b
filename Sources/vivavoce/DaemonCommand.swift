import ArgumentParser
import Assistant
import ControlServer
import Events
import Glibc
import Logging

/// The headless assistant.
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Be the assistant without a terminal, until told to end.",
        discussion: """
            Holds a conversation on the devices set, and begins another when the service or a device was gone. `status`, \
            `watch`, `say`, `mute` and the other verbs steer it over its socket. TERM and INT end it, HUP has it read its \
            settings again, USR1 and USR2 are the key to talk. A service manager that speaks sd_notify(3) is told how it is. Lines are spoken to stdout, everything else to stderr.
            """)

    @Flag(help: "Talk to the local stand-in service; no key is needed.")
    var rehearse = false

    @Option(
        help: ArgumentHelp(
            "When to end: \(Until.accepted) (default: eof with a file, a pipe or stdin as input, else forever).",
            valueName: "WHEN"))
    var until: String?

    @Flag(help: "Print every event as a JSON line instead of the spoken lines.")
    var json = false

    @Flag(help: "Print the spoken lines and errors only.")
    var quiet = false

    @OptionGroup var control: ControlFlags
    @OptionGroup var settings: SettingFlags

    func run() async throws {
        let exit = try await held()
        if exit != .success { throw ArgumentParser.ExitCode(exit.rawValue) }
    }

    private func held() async throws(ArgumentParser.ExitCode) -> Assistant.ExitCode {
        do throws(AssistantError) {
            let first = try read(at: nil)
            let rehearsal = rehearse ? try await RehearsalProcess.start(showsLog: first.0.log.level <= .debug) : nil
            let exit = try await hold(first.0, at: rehearsal?.address)
            await rehearsal?.stop()
            return exit
        } catch {
            throw error.reported()
        }
    }

    /// The settings as they are now, and the key for them.
    private func read(at address: ServiceAddress?) throws(AssistantError) -> (Settings, Credential?) {
        let layers = try self.settings.layers()
        var settings = try layers.settings(until: until)
        guard !rehearse else {
            if let address { settings.rehearse(at: address) }
            return (settings, nil)
        }
        let sources = CredentialSources(
            keyFile: settings.service.keyFile, environment: Environment.current, places: layers.places)
        let credential = try sources.credential()
        _ = try settings.endpoint(credential: credential)  // refuses before anything is opened
        return (settings, credential)
    }

    /// How long the goodbye may take, within the 2 s after which nobody waits for it any longer.
    private static let patience = Duration.milliseconds(1_800)

    private func hold(_ settings: Settings, at address: ServiceAddress?) async throws(AssistantError)
        -> Assistant.ExitCode
    {
        let console = Console(Terminal.layout(transcriptIsAudio: settings.audio.output == "-", isQuiet: quiet))
        LoggingSystem.bootstrap { label in
            ConsoleLogHandler(label: label, level: settings.log.level, console: console) { Environment.now }
        }
        let bus = EventBus()
        let daemon = try Daemon(bus: bus, wallClock: { Environment.now }) { () throws(AssistantError) in
            let (settings, credential) = try self.read(at: address)
            return {
                let conversation = Conversation(
                    settings: settings, credential: credential, environment: Environment.current, bus: bus)
                return Partner(run: conversation.run, perform: conversation.perform, pulse: { conversation.pulse })
            }
        }
        let heart = try ServiceManager(environment: Environment.current, process: getpid()).map { manager in
            Heartbeat(
                patience: manager.patience, bus: bus, wallClock: { Environment.now }, of: { await daemon.pulse },
                tell: manager.tell)
        }
        let door = try ControlDoor.opened(at: control.path, to: daemon, telling: bus)
        let session = TalkSession(
            console: console, style: Transcript.Style(isJSON: json, isQuiet: quiet), on: bus, keyboard: nil,
            talking: Talking(mode: settings.turns.mode, hasWakeWord: settings.wake.command != nil),
            patience: Self.patience,
            reload: {
                Task {
                    guard let heart else { return await daemon.readAgainOrTell() }
                    await heart.reloading { await daemon.readAgainOrTell() }
                }
            }
        ) { _ in
            Partner {
                await door.open {
                    guard let heart else { return await daemon.run() }
                    return await heart.beat(during: daemon.run)
                }
            } perform: { command in
                Task {
                    guard command == .hangUp else { return _ = await daemon.obey(command) }
                    await heart?.stopping()
                    await daemon.shutdown()
                }
            }
        }
        return await session.hold()
    }
}

extension ControlDoor {
    /// - Throws: as commands tell of it.
    static func opened(
        at path: String, to assistant: any Controlled, telling bus: EventBus
    ) throws(AssistantError) -> ControlDoor {
        do throws(DoorError) {
            return try ControlDoor(
                at: path, to: assistant, telling: bus, version: Version.current,
                now: { Environment.now })
        } catch {
            throw AssistantError(.unavailable, error.message, remedy: error.remedy)
        }
    }

    /// Lets clients in for as long as something runs.
    func open<Value: Sendable>(during body: @escaping @Sendable () async -> Value) async -> Value {
        await vivavoce.run(body) { await self.run() }
    }
}
