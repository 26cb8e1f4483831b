import ArgumentParser
import Assistant
import AudioDevices
import ControlProtocol
import ControlServer
import Events
import Glibc
import LiveProtocol
import LiveSession
import Logging
import Observation

/// Holds a conversation in this terminal.
struct Talk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "talk",
        abstract: "Hold a conversation in this terminal.",
        discussion: """
            Speak; what both sides say is printed. On a terminal: m mutes, i interrupts, t types a message, r renews the connection, q ends; \
            so does Ctrl-C. o changes the mode; in hold, toggle and wake the space bar is the key to talk, and so are the \
            signals USR1 (press) and USR2 (release). Spoken lines go to stdout, everything else to stderr.

            Devices: default, alsa:NAME, file:PATH.wav, pipe:PATH, - (raw PCM: 16 kHz in, 24 kHz out), tone:HZ, silence, \
            null. With --output - the spoken lines go to stderr.
            """)

    @OptionGroup var flags: ConversationFlags

    func run() async throws {
        let exit = try await held()
        if exit != .success { throw ArgumentParser.ExitCode(exit.rawValue) }
    }

    private func held() async throws(ArgumentParser.ExitCode) -> Assistant.ExitCode {
        do {
            let layers = try self.flags.settings.layers()
            var settings = try layers.settings(until: flags.until)
            guard !Self.listsDevices(settings.audio) else { return .success }
            let bus = EventBus()
            let observatory = try Observatory.of(settings, on: bus)
            guard flags.rehearse else {
                let sources = CredentialSources(
                    settings.service, environment: Environment.current, places: layers.places)
                let credential = try sources.credential()
                _ = try settings.endpoint(credential: credential)  // refuses before anything is opened
                return await hold(settings, credential, on: bus, observatory)
            }
            let rehearsal = try await RehearsalProcess.start(showsLog: settings.log.level <= .debug)
            settings.rehearse(at: rehearsal.address)
            let exit = await hold(settings, nil, on: bus, observatory)
            await rehearsal.stop()
            return exit
        } catch {
            throw error.reported()
        }
    }

    /// While it runs, this is the daemon that other commands steer; a second one is steered at its terminal only.
    private func door(
        to conversation: Conversation, in mode: TurnMode, telling bus: EventBus, _ observatory: Observatory
    ) -> ControlDoor? {
        do throws(DoorError) {
            return try ControlDoor(
                at: flags.control.path, to: TalkDoor(conversation: conversation), telling: bus,
                version: Version.current, mode: { mode }, cost: { observatory.figures.json }, now: { Environment.now })
        } catch {
            if !flags.quiet { Failure.print("not steered from outside: \(error.message)") }
            return nil
        }
    }

    /// Prints the choices where `?` was given for a device.
    private static func listsDevices(_ names: Settings.Audio) -> Bool {
        let asked = [(names.input, DeviceDirection.input), (names.output, .output)].filter { $0.0 == "?" }
        for (_, direction) in asked {
            print(Devices.table(DeviceListing.all(for: direction), direction), terminator: "")
        }
        return !asked.isEmpty
    }

    private func hold(
        _ settings: Settings, _ credential: Credential?, on bus: EventBus, _ observatory: Observatory
    ) async -> Assistant.ExitCode {
        let console = Console(Terminal.layout(transcriptIsAudio: settings.audio.output == "-", isQuiet: flags.quiet))
        let threshold = LogThreshold(settings.log.level)
        LoggingSystem.bootstrap { label in
            ConsoleLogHandler(label: label, threshold: threshold, console: console) { Environment.now }
        }
        let style = Transcript.Style(isJSON: flags.json, isQuiet: flags.quiet)
        let session = TalkSession(
            console: console, style: style, on: bus, keyboard: Keyboard(),
            talking: Talking(mode: settings.turns.mode, hasWakeWord: settings.wake.command != nil)
        ) { bus in
            let conversation = Conversation(
                settings: settings, credential: credential, environment: Environment.current, bus: bus)
            let partner = Partner(run: conversation.run, perform: conversation.perform)
                .within(budgetsOf: observatory)
            let door = door(to: conversation, in: settings.turns.mode, telling: bus, observatory)
            return Partner {
                await observatory.watch {
                    guard let door else { return await partner.run() }
                    return await door.open(during: partner.run)
                } hangingUp: { words, _ in
                    conversation.perform(.hangUpSaying(words))
                }
            } perform: {
                conversation.perform($0)
            }
        }
        return await session.hold()
    }
}

extension Settings {
    /// Turns to a stand-in on this machine, whatever service was set.
    mutating func rehearse(at address: ServiceAddress) {
        service.endpoint = address
        service.proxy = nil
        service.caFile = nil
        service.keyFile = nil
        service.tokenCommand = nil
    }
}

/// The conversation of a terminal, as others may steer it: there is one, and with it ends the command.
private struct TalkDoor: Controlled {
    let conversation: Conversation

    func perform(_ command: ConversationCommand) { conversation.perform(command) }
    func connect() {}
    func hangUp() { conversation.perform(.hangUp) }
    func shutdown() { conversation.perform(.hangUp) }

    func reload() throws(RPC.Failure) -> JSONValue {
        throw .state("a conversation at a terminal keeps the settings that it began with", remedy: "Begin it anew.")
    }
}
