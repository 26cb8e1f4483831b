import Archive
import AudioCore
import AudioDevices
package import Events
import Glibc
import LiveProtocol
import LiveSession
import LiveTransport
import Synchronization

/// One conversation from dialling to its end: what `talk` and later the daemon run.
package final class Conversation: Sendable {
    private let settings: Settings
    private let wishes: StandingWishes
    private let credential: Credential?
    private let environment: [String: String]
    private let bus: EventBus
    private let cues: CueSetting
    private let clocks: ClockProbe?
    private let farewell = Farewell()
    // Bound: what a person presses before the conversation runs; the newest are kept.
    private let commands = AsyncStream.makeStream(of: ConversationCommand.self, bufferingPolicy: .bufferingNewest(256))
    /// Those that run.
    private let running = Mutex<ConversationParts?>(nil)

    /// - Parameters:
    ///   - wishes: what holds in place of the settings, from the first moment on.
    ///   - environment: for programs that are run, such as the wake word's detector; they get no key of it.
    ///   - clocks: hears the devices' reports along, where nothing is recorded.
    package init(
        settings: Settings, wishes: StandingWishes = StandingWishes(), credential: Credential?,
        environment: [String: String] = [:], bus: EventBus, clocks: ClockProbe? = nil
    ) {
        self.settings = settings
        self.wishes = wishes
        self.credential = credential
        self.environment = environment
        self.bus = bus
        self.clocks = clocks
        cues = CueSetting(settings.audio.cues)
    }

    /// Any thread; does not wait.
    package func perform(_ command: ConversationCommand) { commands.continuation.yield(command) }

    /// What has been counted by now; nil while nothing runs. Any thread; does not wait.
    package var pulse: Pulse? { running.withLock { $0 }?.pulse }

    /// Its name, as its events have it; nil while nothing runs. Any thread; does not wait.
    package var session: String? { running.withLock { $0 }?.session }

    /// Runs until it ends as `until` says, is told to, or cannot go on. Never throws: failures are events and an outcome.
    ///
    /// The service is dialled while the devices open. The end is ordered: the session with its close frame, then the
    /// devices, then the socket thread. Where a farewell is to be said, that comes on the devices between, and the socket
    /// thread ends before it.
    package func run() async -> Outcome {
        guard settings.archive.isStoreOn else { return await hold(on: bus) }
        do throws(ArchiveError) {
            return await hold(keptBy: try settings.archive.archivist(environment: environment))
        } catch {
            let problem = Problem(code: "archive.\(error.code.rawValue)", message: error.message, remedy: error.remedy)
            bus.publish(Event(at: wallClock(), session: nil, .warning(problem)))
            return await hold(on: bus)
        }
    }

    /// The archivist stands between those who tell and those who hear, so that a final line is on disk before anybody
    /// sees it. It outlives the conversation by what it still has to write.
    private func hold(keptBy archivist: Archivist) async -> Outcome {
        let told = EventBus(levelsTo: bus)
        let events = told.subscribe(capacity: 4_096, overflow: .dropsPartialsFirst)
        return await withDiscardingTaskGroup { group in
            group.addTask { [bus] in await archivist.run(events, to: bus) }
            let outcome = await hold(on: told)
            told.finish()
            return outcome
        }
    }

    private func hold(on bus: EventBus) async -> Outcome {
        do {
            let parts = try ConversationParts(
                settings: settings, wishes: wishes, credential: credential, environment: environment, bus: bus,
                clocks: clocks)
            await grantWishes(parts)
            running.withLock { $0 = parts }
            defer { running.withLock { $0 = nil } }
            return await run(parts)
        } catch {
            let problem = Problem(code: "conversation.setup", message: error.message, remedy: error.remedy)
            bus.publish(Event(at: wallClock(), session: nil, .error(problem)))
            return Outcome(exit: error.exit, reason: error.message)
        }
    }

    /// Before anything runs: of a microphone that is muted, not one sample is read. A device that cannot be had is told of,
    /// and that of the settings is gone back to, as in the conversation in which it was asked for.
    private func grantWishes(_ parts: ConversationParts) async {
        if wishes.isMuted { parts.devices.setMuted(true) }
        if let volume = wishes.volume { await obey(.volume(volume), parts) }
        for direction in [Direction.input, .output] {
            if let name = wishes.devices[direction] { await obey(.device(direction, name: name), parts) }
        }
    }

    private enum Happening: Sendable {
        case engineEnded(Ending)
        case inputEnded(Result<CaptureEnd, DeviceError>)
        case outputEnded(DeviceError?)
        /// - Parameter socketIsOver: its thread has ended.
        case farewellOver(socketIsOver: Bool)
        case detectorFailed(AssistantError)
        case auxiliaryEnded
    }

    private func run(_ parts: ConversationParts) async -> Outcome {
        let engine = parts.engine
        return await withTaskGroup(of: Happening.self) { group in
            group.addTask { .engineEnded(await engine.run()) }
            group.addTask { .inputEnded(await parts.devices.runInput()) }
            group.addTask { .outputEnded(await parts.devices.runOutput()) }
            group.addTask { [commands] in
                for await command in commands.stream { await self.obey(command, parts) }
                return .auxiliaryEnded
            }
            group.addTask {
                await parts.devices.tellReports(to: engine)
                return .auxiliaryEnded
            }
            if let recorder = parts.recorder {
                group.addTask {
                    await recorder.run()
                    return .auxiliaryEnded
                }
                group.addTask { [happenings = bus.subscribe(capacity: 64, overflow: .dropsOldest)] in
                    for await event in happenings {
                        guard case .sessionLive = event.body else { continue }
                        recorder.begin()
                        break
                    }
                    return .auxiliaryEnded
                }
            }
            group.addTask {
                await parts.devices.follow()
                return .auxiliaryEnded
            }
            group.addTask {
                await parts.devices.keepVolume()
                return .auxiliaryEnded
            }
            group.addTask {
                [settings, wishes, wanted = cues, happenings = bus.subscribe(capacity: 64, overflow: .dropsOldest)] in
                var cues = Cues(
                    settings.audio.cues, mode: wishes.mode ?? settings.turns.mode, hasScreen: Cues.hasTerminal)
                for await event in happenings {
                    cues.setting = wanted.current
                    if let chime = cues.chime(for: event) { parts.devices.play(chime) }
                }
                return .auxiliaryEnded
            }
            group.addTask {
                await parts.devices.tellVoice(to: engine)
                return .auxiliaryEnded
            }
            group.addTask { await self.detectWakeWord(parts) }

            var failure: Outcome?
            var ending: Ending?
            var socketIsOver = false
            for await happening in group {
                switch happening {
                case .engineEnded(let how):
                    ending = how
                    // The line is closed, and costs nothing; the devices still play.
                    group.addTask { await self.sayFarewell(parts) }
                case .farewellOver(let isOver):
                    socketIsOver = isOver
                    parts.devices.stop()
                    group.cancelAll()
                case .inputEnded(.success(.endOfInput)): engine.inputEnded()
                case .inputEnded(.failure(let error)) where ending == nil:
                    failure = failure ?? deviceFailed(error, .input, engine)
                case .outputEnded(let error?) where ending == nil:
                    failure = failure ?? deviceFailed(error, .output, engine)
                case .detectorFailed(let error) where ending == nil:
                    failure = detectorFailed(error, engine) ?? failure
                    // Who asks for it again later is told again, or has mended it meanwhile.
                    group.addTask { await self.detectWakeWord(parts) }
                case .inputEnded, .outputEnded, .detectorFailed, .auxiliaryEnded: break
                }
            }
            if !socketIsOver { await parts.thread.stopAndWait() }
            return tellEnd(failure ?? Outcome(ending ?? Ending(.asked, reason: "cancelled")), ending, of: engine)
        }
    }

    private func sayFarewell(_ parts: ConversationParts) async -> Happening {
        guard farewell.isWanted else { return .farewellOver(socketIsOver: false) }
        await parts.thread.stopAndWait()  // until here, it wrote the speech
        await farewell.say(
            through: parts.outlet, isAudible: cues.current != .off, environment: environment, time: .ofMachine())
        return .farewellOver(socketIsOver: true)
    }

    private func detectWakeWord(_ parts: ConversationParts) async -> Happening {
        do throws(AssistantError) {
            try await parts.wakeWatch.run(settings.wake, environment: environment, for: parts.engine)
            return .auxiliaryEnded
        } catch {
            return .detectorFailed(error)
        }
    }

    /// What concerns the devices goes to them, and everything else to the engine.
    private func obey(_ command: ConversationCommand, _ parts: ConversationParts) async {
        do throws(DeviceError) {
            switch command {
            case .device(let direction, let name): try await parts.devices.change(direction, to: name)
            case .volume(let volume): parts.devices.setVolume(volume)
            case .cues(let setting): cues.set(setting)
            case .hangUp:
                farewell.cutShort()
                parts.engine.perform(.hangUp)
            case .hangUpSaying(let words):
                farewell.ask(for: words)
                parts.engine.perform(.hangUp)
            default: parts.engine.perform(command)
            }
        } catch {
            let problem = Problem(code: "audio.device", message: error.message, remedy: error.remedy)
            parts.engine.tell(.warning(problem))
        }
    }

    /// The conversation cannot go on without this device: it could not be opened at all, or it is a file or a pipe.
    private func deviceFailed(_ error: DeviceError, _ direction: Direction, _ engine: SessionEngine) -> Outcome {
        let name = direction == .input ? settings.audio.input : settings.audio.output
        engine.tell(.audioDevice(direction: direction, device: name, state: .lost, reason: error.message))
        engine.tell(.error(Problem(code: "audio.device", message: error.message, remedy: error.remedy)))
        engine.stop(Ending(.asked, reason: error.message))
        return Outcome(exit: ExitCode(of: error, direction, name), reason: error.message)
    }

    /// Whoever asked for the wake word from the beginning has nothing else; others go on without it.
    private func detectorFailed(_ error: AssistantError, _ engine: SessionEngine) -> Outcome? {
        let problem = Problem(code: "wake.word", message: error.message, remedy: error.remedy)
        guard settings.turns.mode == .wake else {
            engine.tell(.warning(problem))
            engine.perform(.mode(settings.turns.mode))
            return nil
        }
        engine.tell(.error(problem))
        engine.stop(Ending(.asked, reason: error.message))
        return Outcome(exit: error.exit, reason: error.message)
    }

    private func tellEnd(_ outcome: Outcome, _ ending: Ending?, of engine: SessionEngine) -> Outcome {
        if let ending, ending.kind != .asked {
            engine.tell(.error(Problem(code: "session.ended", message: ending.reason, remedy: ending.remedy)))
        }
        engine.tell(.sessionEnded(reason: outcome.reason, code: ending?.code, exit: Int(outcome.exit.rawValue)))
        return outcome
    }
}

/// Milliseconds since 1970.
func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
