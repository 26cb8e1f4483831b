import Assistant
import Events
import LiveSession
import Logging
import Synchronization
import Testing

/// A daemon whose conversation is under way and does nothing but write down what it is told.
private final class ReloadStage: Sendable {
    let bus = EventBus()
    let log = LogThreshold(.warning)
    let daemon: Daemon
    private let commands: Told

    /// What the conversation was told.
    private final class Told: Sendable {
        let commands = Mutex<[ConversationCommand]>([])
        let began = AsyncStream.makeStream(of: Void.self)
        let ended = AsyncStream.makeStream(of: Void.self)
    }

    init(reading layers: @escaping @Sendable () throws(AssistantError) -> SettingLayers) throws {
        let told = Told()
        commands = told
        daemon = try Daemon(bus: bus, wallClock: { 0 }, log: log) { () throws(AssistantError) in
            Daemon.Plan(settings: try SettingsSnapshot(layers())) { _ in
                Partner {
                    told.began.continuation.yield()
                    for await _ in told.ended.stream { break }
                    return Outcome(exit: .success, reason: "over")
                } perform: { command in
                    if command == .hangUp { told.ended.continuation.finish() }
                    told.commands.withLock { $0.append(command) }
                }
            }
        }
    }

    /// What has been told since it was last asked.
    func told() -> [ConversationCommand] {
        commands.commands.withLock { commands in
            defer { commands = [] }
            return commands
        }
    }

    func during(_ body: () async throws -> Void) async throws {
        async let outcome = daemon.run()
        for await _ in commands.began.stream { break }
        do {
            try await body()
        } catch {
            await daemon.shutdown()
            _ = await outcome
            throw error
        }
        await daemon.shutdown()
        _ = await outcome
    }
}

@Suite("The daemon reads its settings again", .timeLimit(.minutes(5)))
struct DaemonReloadTests {
    /// Settings that are the process's own affair, and no conversation's.
    private static let ofProcess: Set = [
        "log.level", "config.watch", "budget.session", "budget.day", "budget.month",
    ]

    @Test("a conversation under way is told of what it takes now, and of nothing else", arguments: SettingKey.all)
    func performs(key: SettingKey) async throws {
        let home = try SettingsFolder()
        let (value, _) = twoValues(key)
        let (environment, places) = (home.environment, home.places())
        let stage = try ReloadStage { () throws(AssistantError) in
            try SettingLayers(environment: environment, places: places)
        }
        try home.write("\(key.section): {\(key.name): \"\(value)\"}", to: home.userFile)
        try await stage.during {
            let report = try await stage.daemon.reload()
            let isLive = key.reload == .now || key.reload == .nextTurn
            #expect(stage.told().count == (isLive && !Self.ofProcess.contains(key.path) ? 1 : 0))
            #expect(report.applied == (key.reload == .now ? [key.path] : []))
            #expect(try await stage.daemon.reload().isEmpty)
            #expect(stage.told().isEmpty)
        }
        if key.path == "log.level" { #expect("\(stage.log.level)" == value) }
    }

    @Test("each of them arrives with its value")
    func commands() async throws {
        let home = try SettingsFolder()
        let (environment, places) = (home.environment, home.places())
        let stage = try ReloadStage { () throws(AssistantError) in
            try SettingLayers(environment: environment, places: places)
        }
        try await stage.during {
            try home.write(
                """
                audio: {input: silence, output: null, volume: 30, cues: off}
                turns: {mode: hold}
                wake: {followUpSeconds: 9}
                """, to: home.userFile)
            _ = try await stage.daemon.reload()
            #expect(
                stage.told() == [
                    .device(.input, name: "silence"), .device(.output, name: "null"), .volume(0.3), .cues(.off),
                    .mode(.hold), .wakeTimes(followUp: .seconds(9), idle: .seconds(30)),
                ])
            try home.write("audio: {input: silence, output: null, cues: off}", to: home.userFile)
            _ = try await stage.daemon.reload()
            #expect(
                stage.told() == [
                    .volume(1), .mode(.open), .wakeTimes(followUp: .seconds(8), idle: .seconds(30)),
                ])
        }
    }

    @Test(
        "a mistake anywhere leaves everything as it was, and says where",
        arguments: [
            ("log: {level: debug}\nturns: {mode: hold}\naudio: {volum: 5}\n", 3, "`audio.volume`"),
            ("log: {level: debug}\nturns: {mode: hold}\naudio: {input: \"tone:-1\"}\n", 3, "`audio.input`"),
            ("log: {level: debug}\naudio: {output: \"?\"}\n", 2, "`audio.output`"),
            ("turns: {mode: hold}\nprofile: a\nprofiles: {ab: {}}\n", 2, "`ab`"),
        ])
    func allOrNothing(text: String, line: Int, says: String) async throws {
        let home = try SettingsFolder()
        let (environment, places) = (home.environment, home.places())
        let stage = try ReloadStage { () throws(AssistantError) in
            try SettingLayers(environment: environment, places: places)
        }
        var events = stage.bus.subscribe(capacity: 16, overflow: .dropsOldest).makeAsyncIterator()
        try await stage.during {
            try home.write(text, to: home.userFile)
            let error = try await #require(throws: AssistantError.self) { _ = try await stage.daemon.reload() }
            #expect(error.exit == .configuration)
            #expect(error.message.contains("\(home.userFile):\(line):"), "\(error.message)")
            #expect(error.message.contains(says), "\(error.message)")
            #expect(stage.told().isEmpty)
            #expect(stage.log.level == .warning)
            await stage.daemon.reloadOrTell()
            var told = await events.next()?.body
            while ["turns.mode", "audio.muted"].contains(told?.name) { told = await events.next()?.body }
            guard case .warning(let problem) = told else { throw CancellationError() }
            #expect(problem.code == "settings.notApplied")
            #expect(problem.message == error.message)
            try home.write("turns: {mode: hold}", to: home.userFile)
            #expect(try await stage.daemon.reload().applied == ["turns.mode"])
        }
    }
}
