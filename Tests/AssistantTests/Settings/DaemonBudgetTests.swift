import Assistant
import Events
import LiveSession
import Logging
import Synchronization
import TestKit
import Testing

/// A daemon whose conversations do nothing but go on until they are told to end, under a budget of the test's own.
private final class BudgetedDaemon: Sendable {
    let bus = EventBus()
    let clock = ManualClock()
    let daemon: Daemon
    private let log: Log

    private final class Log: Sendable {
        /// Why no conversation may begin.
        let refusal = Mutex<Problem?>(nil)
        let commands = Mutex<[ConversationCommand]>([])
        let held = Mutex(0)
        let reloads = Mutex<[String]>([])
        let began = AsyncStream.makeStream(of: Void.self)
        let refused = AsyncStream.makeStream(of: Void.self)
    }

    init(reading layers: @escaping @Sendable () throws(AssistantError) -> SettingLayers) throws {
        let log = Log()
        self.log = log
        daemon = try Daemon(
            bus: bus, time: EngineTime(clock, asleep: { .zero }), wallClock: { 0 }, log: LogThreshold(.warning),
            unless: {
                let problem = log.refusal.withLock { $0 }
                if problem != nil { log.refused.continuation.yield() }
                return problem
            }
        ) { () throws(AssistantError) in
            log.reloads.withLock { $0.append("read") }
            return Daemon.Plan(settings: try SettingsSnapshot(layers())) {
                log.held.withLock { $0 += 1 }
            } makePartner: { _ in
                let end = AsyncStream.makeStream(of: Void.self)
                return Partner {
                    log.began.continuation.yield()
                    for await _ in end.stream { break }
                    return Outcome(exit: .success, reason: "over")
                } perform: { command in
                    log.commands.withLock { $0.append(command) }
                    switch command {
                    case .hangUp, .hangUpSaying: end.continuation.finish()
                    default: break
                    }
                }
            }
        }
    }

    func refuse(_ problem: Problem?) { log.refusal.withLock { $0 = problem } }
    func note(_ word: String) { log.reloads.withLock { $0.append(word) } }
    var commands: [ConversationCommand] { log.commands.withLock { $0 } }
    var timesHeld: Int { log.held.withLock { $0 } }
    var reloads: [String] { log.reloads.withLock { $0 } }

    func nextBegin() async { for await _ in log.began.stream { break } }
    func nextRefusal() async { for await _ in log.refused.stream { break } }
}

@Suite("The daemon under a budget", .timeLimit(.minutes(5)))
struct DaemonBudgetTests {
    private static let usedUp = Problem(code: "budget.reached", message: "budget.day is used up", remedy: "Raise it.")

    private func stage() throws -> BudgetedDaemon {
        let home = try SettingsFolder()
        let (environment, places) = (home.environment, home.places())
        return try BudgetedDaemon { () throws(AssistantError) in
            try SettingLayers(environment: environment, places: places)
        }
    }

    @Test("a budget that is used up ends the conversation with a farewell, and none begins until it is raised")
    func refused() async throws {
        let stage = try stage()
        async let outcome = stage.daemon.run()
        await stage.nextBegin()
        stage.refuse(Self.usedUp)
        await stage.daemon.hangUp(saying: "Goodbye.")
        #expect(stage.commands == [.hangUpSaying("Goodbye.")])
        #expect(await stage.daemon.begin() == Self.usedUp)
        stage.refuse(nil)
        #expect(await stage.daemon.begin() == nil)
        await stage.nextBegin()
        await stage.daemon.shutdown()
        #expect(await outcome.exit == .success)
    }

    @Test(
        "one that is used up when the daemon starts leaves it waiting, and the next day it begins when it is asked to")
    func refusedAtTheStart() async throws {
        let stage = try stage()
        stage.refuse(Self.usedUp)
        async let outcome = stage.daemon.run()
        await stage.nextRefusal()
        #expect(await stage.clock.nextNap() == .seconds(3_600), "it rests until something is asked of it")
        stage.refuse(nil)
        #expect(stage.commands == [])
        #expect(await stage.daemon.begin() == nil)
        await stage.nextBegin()
        await stage.daemon.shutdown()
        #expect(await outcome.exit == .success)
    }

    @Test("each reading that holds is told to whoever holds by it, between the words of its begin and end")
    func reloads() async throws {
        let home = try SettingsFolder()
        let (environment, places) = (home.environment, home.places())
        let stage = try BudgetedDaemon { () throws(AssistantError) in
            try SettingLayers(environment: environment, places: places)
        }
        #expect(stage.timesHeld == 1, "those that it begins with")
        await stage.daemon.announceReloads { isUnderWay in stage.note(isUnderWay ? "begin" : "end") }
        _ = try await stage.daemon.reload()
        await stage.daemon.reloadOrTell()
        #expect(stage.timesHeld == 3)
        #expect(stage.reloads == ["read", "begin", "read", "end", "begin", "read", "end"])
        try home.write("nonsense: 1", to: home.userFile)
        await stage.daemon.reloadOrTell()
        #expect(stage.timesHeld == 3)
        #expect(stage.reloads.suffix(3) == ["begin", "read", "end"], "and what cannot be read has an end, too")
    }
}
