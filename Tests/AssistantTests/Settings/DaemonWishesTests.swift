import Assistant
import Events
import LiveSession
import Logging
import Synchronization
import TestKit
import Testing

/// A daemon whose conversations go on until a test ends them, and that says with what each of them began.
private final class WishesStage: Sendable {
    let bus = EventBus()
    let clock = ManualClock()
    let daemon: Daemon
    private let log: Log

    private final class Log: Sendable {
        let begun = AsyncStream.makeStream(of: StandingWishes.self)
        let commands = Mutex<[ConversationCommand]>([])
        let end = Mutex<AsyncStream<Outcome>.Continuation?>(nil)
        let count = Mutex(0)
        let asked = AsyncStream.makeStream(of: Void.self)
        /// Where it is, whether a conversation may begin is not known until this ends.
        let gate = Mutex<AsyncStream<Never>?>(nil)
    }

    init(_ home: SettingsFolder) throws {
        let log = Log()
        self.log = log
        let (environment, places) = (home.environment, home.places())
        daemon = try Daemon(
            bus: bus, time: EngineTime(clock, asleep: { .zero }), wallClock: { 0 }, log: LogThreshold(.warning),
            unless: {
                if let gate = log.gate.withLock({ $0.take() }) {
                    log.asked.continuation.yield()
                    for await _ in gate {}
                }
                return nil
            }
        ) { () throws(AssistantError) in
            Daemon.Plan(settings: try SettingsSnapshot(SettingLayers(environment: environment, places: places))) {
                wishes in
                let end = AsyncStream.makeStream(of: Outcome.self)
                log.end.withLock { $0 = end.continuation }
                let session = log.count.withLock { count in
                    count += 1
                    return "s\(count)"
                }
                return Partner {
                    log.begun.continuation.yield(wishes)
                    for await outcome in end.stream { return outcome }
                    return Outcome(exit: .success, reason: "asked")
                } perform: { command in
                    log.commands.withLock { $0.append(command) }
                    switch command {
                    case .hangUp, .hangUpSaying: end.continuation.finish()
                    default: break
                    }
                } session: {
                    session
                }
            }
        }
    }

    /// Waits for the next conversation. - Returns: what holds in it from its beginning.
    func nextBegin() async -> StandingWishes? {
        for await wishes in log.begun.stream { return wishes }
        return nil
    }

    var commands: [ConversationCommand] { log.commands.withLock { $0 } }

    /// The conversation under way ends because the service cannot be reached any more, and the pause after it passes.
    func loseTheLine() async {
        log.end.withLock { $0 }?.yield(Outcome(exit: .temporaryFailure, reason: "no connection"))
        guard let pause = await clock.nextNap() else { return }
        clock.advance(by: pause)
    }

    /// Whoever asks whether a conversation may begin waits from here on. - Returns: what lets them go on.
    func holdAnswer() -> AsyncStream<Never>.Continuation {
        let gate = AsyncStream.makeStream(of: Never.self)
        log.gate.withLock { $0 = gate.stream }
        return gate.continuation
    }

    func nextQuestion() async { for await _ in log.asked.stream { break } }

    func during(_ body: () async throws -> Void) async throws {
        async let outcome = daemon.run()
        do {
            try await body()
        } catch {
            await daemon.shutdown()
            _ = await outcome
            throw error
        }
        await daemon.shutdown()
        #expect(await outcome.exit == .success)
    }
}

@Suite("What is asked of the daemon outlives the conversation", .timeLimit(.minutes(5)))
struct DaemonWishesTests {
    /// What was told of the mode and the microphone, such as `hold asked` and `muted`.
    private func told(_ events: EventSubscription) async -> [String] {
        var told: [String] = []
        for await event in events {
            switch event.body {
            case .turnsMode(let mode, let because): told.append("\(mode) \(because)")
            case .audioMuted(let isMuted): told.append(isMuted ? "muted" : "unmuted")
            default: break
            }
        }
        return told
    }

    @Test("a muted daemon that loses its line for good begins again muted, with mode, device and volume, and says so")
    func outage() async throws {
        let stage = try WishesStage(SettingsFolder())
        let events = stage.bus.subscribe(capacity: 64, overflow: .dropsOldest)
        try await stage.during {
            #expect(await stage.nextBegin() == StandingWishes())
            for command in [
                ConversationCommand.mute, .mode(.hold), .device(.input, name: "silence"), .volume(0.5), .press,
            ] {
                #expect(await stage.daemon.obey(command))
            }
            #expect(stage.commands.count == 5)
            for _ in 0..<2 {
                await stage.loseTheLine()
                let wishes = try #require(await stage.nextBegin())
                #expect(wishes.isMuted && wishes.mode == .hold && wishes.volume == 0.5)
                #expect(wishes.devices == [.input: "silence"])
            }
            #expect(await stage.daemon.obey(.unmute))
            await stage.loseTheLine()
            #expect(await stage.nextBegin()?.isMuted == false)
        }
        stage.bus.finish()
        let again = ["hold asked", "muted"]
        #expect(await told(events) == ["open settings", "unmuted"] + again + again + ["hold asked", "unmuted"])
    }

    @Test("muted while no conversation is under way, the next begins muted; what is done once has nobody to do it")
    func hungUp() async throws {
        let stage = try WishesStage(SettingsFolder())
        let events = stage.bus.subscribe(capacity: 64, overflow: .dropsOldest)
        try await stage.during {
            _ = await stage.nextBegin()
            await stage.daemon.hangUp()
            #expect(await stage.clock.nextNap() == .seconds(3_600))
            #expect(await stage.daemon.activity == .waiting(because: "no conversation is under way"))
            #expect(await stage.daemon.obey(.mute))
            for command in [ConversationCommand.press, .release, .say("x"), .interrupt, .renew] {
                #expect(await !stage.daemon.obey(command))
            }
            #expect(stage.commands == [.hangUp])
            #expect(await stage.daemon.begin() == nil)
            #expect(await stage.nextBegin()?.isMuted == true)
        }
        stage.bus.finish()
        let muted = ["open settings", "muted"]
        #expect(await told(events) == ["open settings", "unmuted"] + muted + muted)
    }

    @Test("a key that is changed in the settings is the newer wish, and of the others nothing is")
    func reload() async throws {
        let home = try SettingsFolder()
        let stage = try WishesStage(home)
        try await stage.during {
            _ = await stage.nextBegin()
            for command in [
                ConversationCommand.mute, .mode(.hold), .volume(0.5), .device(.input, name: "silence"),
                .device(.output, name: "null"),
            ] {
                #expect(await stage.daemon.obey(command))
            }
            try home.write("log: {level: debug}", to: home.userFile)
            _ = try await stage.daemon.reload()
            await stage.loseTheLine()
            var wishes = await stage.nextBegin()
            #expect(wishes?.mode == .hold && wishes?.devices.count == 2 && wishes?.volume == 0.5)
            try home.write("turns: {mode: toggle}\naudio: {volume: 80, input: silence}", to: home.userFile)
            _ = try await stage.daemon.reload()
            #expect(stage.commands.contains(.mode(.toggle)))
            await stage.loseTheLine()
            wishes = await stage.nextBegin()
            #expect(wishes?.mode == nil && wishes?.volume == nil)
            #expect(wishes?.devices == [.output: "null"])
            #expect(wishes?.isMuted == true, "no key says whether the user is heard")
        }
    }

    @Test("a mode that is changed in the settings while no conversation is under way is told")
    func reloadWhileIdle() async throws {
        let home = try SettingsFolder()
        let stage = try WishesStage(home)
        let events = stage.bus.subscribe(capacity: 64, overflow: .dropsOldest)
        try await stage.during {
            _ = await stage.nextBegin()
            await stage.daemon.hangUp()
            #expect(await stage.clock.nextNap() == .seconds(3_600))
            try home.write("turns: {mode: toggle}", to: home.userFile)
            _ = try await stage.daemon.reload()
        }
        stage.bus.finish()
        #expect(await told(events) == ["open settings", "unmuted", "toggle settings", "unmuted"])
    }

    @Test("who hangs up while it is looked whether a conversation may begin is the last who asked")
    func hungUpMeanwhile() async throws {
        let stage = try WishesStage(SettingsFolder())
        try await stage.during {
            _ = await stage.nextBegin()
            await stage.daemon.hangUp()
            #expect(await stage.clock.nextNap() == .seconds(3_600))
            let answer = stage.holdAnswer()
            async let problem = stage.daemon.begin()
            await stage.nextQuestion()
            await stage.daemon.hangUp()
            answer.finish()
            #expect(await problem == nil)
            #expect(await stage.daemon.activity == .waiting(because: "no conversation is under way"))
        }
    }

    @Test("the end that one conversation's costs ask for does not hit the next")
    func endOfAnother() async throws {
        let stage = try WishesStage(SettingsFolder())
        try await stage.during {
            _ = await stage.nextBegin()
            await stage.loseTheLine()
            _ = await stage.nextBegin()
            await stage.daemon.hangUp(saying: "Goodbye.", of: "s1")
            #expect(stage.commands.isEmpty)
            #expect(await stage.daemon.activity == .conversing(nil))
            await stage.daemon.hangUp(saying: "Goodbye.", of: "s2")
            #expect(stage.commands == [.hangUpSaying("Goodbye.")])
        }
    }
}
