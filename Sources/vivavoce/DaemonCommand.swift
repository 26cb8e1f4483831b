import ArgumentParser
import Assistant
import ControlServer
import Events
import Glibc
import LiveProtocol
import LiveSession
import Logging
import Observation
import Synchronization

/// The headless assistant.
struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Be the assistant without a terminal, until told to end.",
        discussion: """
            Holds a conversation on the devices set, and begins another when the service or a device was gone. `status`, \
            `watch`, `say`, `mute` and the other verbs steer it over its socket. TERM and INT end it, HUP has it read its \
            settings again, as saving them does, USR1 and USR2 are the key to talk. A service manager that speaks \
            sd_notify(3) is told how it is. Lines are spoken to stdout, everything else to stderr.
            """)

    @OptionGroup var flags: ConversationFlags

    func run() async throws {
        let exit = try await held()
        if exit != .success { throw ArgumentParser.ExitCode(exit.rawValue) }
    }

    private func held() async throws(ArgumentParser.ExitCode) -> Assistant.ExitCode {
        do throws(AssistantError) {
            let first = try readSettings().settings
            let rehearsal = flags.rehearse ? try await RehearsalProcess.start(showsLog: first.log.level <= .debug) : nil
            let exit = try await hold(first, at: rehearsal?.address)
            await rehearsal?.stop()
            return exit
        } catch {
            throw error.reported()
        }
    }

    private func readSettings() throws(AssistantError) -> SettingsSnapshot {
        try SettingsSnapshot(flags.settings.layers(), until: flags.until)
    }

    /// The settings as they are now, and the key for them.
    private func read(
        at address: ServiceAddress?, keyFrom keeper: CredentialKeeper
    ) throws(AssistantError) -> (snapshot: SettingsSnapshot, credential: Credential?) {
        var snapshot = try readSettings()
        guard !flags.rehearse else {
            if let address { snapshot.settings.rehearse(at: address) }
            return (snapshot, nil)
        }
        let settings = snapshot.settings
        let sources = CredentialSources(
            settings.service, environment: Environment.current, places: flags.settings.places)
        let credential = try keeper.credential(from: sources)
        _ = try settings.endpoint(credential: credential)  // refuses before anything is opened
        return (snapshot, credential)
    }

    /// How long the goodbye may take, within the 2 s after which nobody waits for it any longer.
    private static let patience = Duration.milliseconds(1_800)

    private func hold(_ settings: Settings, at address: ServiceAddress?) async throws(AssistantError)
        -> Assistant.ExitCode
    {
        let console = Console(Terminal.layout(transcriptIsAudio: settings.audio.output == "-", isQuiet: flags.quiet))
        let threshold = LogThreshold(settings.log.level)
        LoggingSystem.bootstrap { label in
            ConsoleLogHandler(label: label, threshold: threshold, console: console) { Environment.now }
        }
        let bus = EventBus()
        let observatory = try Observatory.of(settings, on: bus)
        let keeper = CredentialKeeper()
        let mode = ModeSet(settings.turns.mode)
        let daemon = try Daemon(
            bus: bus, wallClock: { Environment.now }, log: threshold, unless: observatory.refusal
        ) { () throws(AssistantError) in
            let (snapshot, credential) = try self.read(at: address, keyFrom: keeper)
            return Daemon.Plan(settings: snapshot) {
                observatory.limit(to: snapshot.settings.observation.plan.limits)
                mode.current = snapshot.settings.turns.mode
            } makePartner: { wishes in
                let conversation = Conversation(
                    settings: snapshot.settings, wishes: wishes, credential: credential,
                    environment: Environment.current, bus: bus)
                return Partner(
                    run: conversation.run, perform: conversation.perform, pulse: { conversation.pulse },
                    session: { conversation.session })
            }
        }
        let files = self.flags.settings.places.files(environment: Environment.current)
        let watch = SettingsWatch(files) { try? await Task.sleep(for: SettingsWatch.pause) }
        let heart = try ServiceManager(environment: Environment.current, process: getpid()).map { manager in
            Heartbeat(
                patience: manager.patience, bus: bus, wallClock: { Environment.now }, of: { await daemon.activity },
                tell: manager.tell)
        }
        if let heart { await daemon.announceReloads { await heart.reloading(isUnderWay: $0) } }
        let door = try ControlDoor.opened(
            at: flags.control.path, to: daemon, telling: bus, mode: { mode.current }, cost: { observatory.figures.json }
        )
        let session = TalkSession(
            console: console, style: Transcript.Style(isJSON: flags.json, isQuiet: flags.quiet), on: bus, keyboard: nil,
            talking: Talking(mode: settings.turns.mode, hasWakeWord: settings.wake.command != nil),
            patience: Self.patience,
            reload: { Task { await daemon.reloadOrTell() } }
        ) { _ in
            Partner {
                await observatory.watch {
                    await door.open {
                        await vivavoce.run {
                            if let heart { await heart.beat(during: daemon.run) } else { await daemon.run() }
                        } beside: {
                            await daemon.follow(watch)
                        }
                    }
                } hangingUp: { words, session in
                    await daemon.hangUp(saying: words, of: session)
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

/// The mode that the settings have, as they were last read. Any thread.
private final class ModeSet: Sendable {
    private let mode: Mutex<TurnMode>

    init(_ mode: TurnMode) { self.mode = Mutex(mode) }

    var current: TurnMode {
        get { mode.withLock { $0 } }
        set { mode.withLock { $0 = newValue } }
    }
}

extension ControlDoor {
    /// - Throws: as commands tell of it.
    static func opened(
        at path: String, to assistant: any Controlled, telling bus: EventBus, mode: @escaping @Sendable () -> TurnMode,
        cost: @escaping @Sendable () -> JSONValue
    ) throws(AssistantError) -> ControlDoor {
        do throws(DoorError) {
            return try ControlDoor(
                at: path, to: assistant, telling: bus, version: Version.current, mode: mode,
                cost: cost, now: { Environment.now })
        } catch {
            throw AssistantError(.unavailable, error.message, remedy: error.remedy)
        }
    }
}
