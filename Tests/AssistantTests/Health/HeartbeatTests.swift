import Events
import Glibc
import Synchronization
import TestKit
import Testing

@testable import Assistant

/// The manager's end, the assistant's counters and the time, in a test's hands.
private final class Manager: Sendable {
    let clock = ManualClock()
    let bus = EventBus()
    let told = Mutex<[ServiceManager.Notice]>([])
    let pulse = Mutex<Pulse?>(nil)
    /// Why no conversation is wanted.
    let waiting = Mutex<String?>(nil)
    let refusal = Mutex<CInt?>(nil)

    func heartbeat(patience: Duration?) -> Heartbeat {
        Heartbeat(
            patience: patience, bus: bus, time: EngineTime(clock, asleep: { .zero }), wallClock: { 0 },
            of: { self.waiting.withLock { $0 }.map(Activity.waiting) ?? .conversing(self.pulse.withLock { $0 }) },
            tell: { notices in
                if let code = self.refusal.withLock({ $0 }) { return code }
                self.told.withLock { $0 += notices }
                return nil
            })
    }

    /// Lets so many rounds pass. - Returns: what was told in them.
    func rounds(_ count: Int, hears: Bool = true) async -> [ServiceManager.Notice] {
        told.withLock { $0 = [] }
        for _ in 0..<count {
            pulse.withLock { pulse in
                let last = pulse ?? Pulse(steps: 0, captured: 0, played: 0)
                pulse = Pulse(
                    steps: last.steps + 1, captured: last.captured! + (hears ? 100 : 0), played: last.played! + 100)
            }
            clock.advance(by: .seconds(1))
            _ = await clock.nextNap()
        }
        return told.withLock { $0 }
    }
}

@Suite("Heartbeat", .timeLimit(.minutes(1)))
struct HeartbeatTests {
    /// Runs it until it has told that the session is live and that it is ready.
    private func running(
        patience: Duration?, _ manager: Manager, _ body: (Heartbeat) async throws -> Void
    ) async throws {
        let heartbeat = manager.heartbeat(patience: patience)
        let task = Task { await heartbeat.run() }
        defer { task.cancel() }
        _ = await manager.clock.nextNap()
        await heartbeat.note(.sessionLive(model: "m", resumed: false))
        let first = await manager.rounds(2)
        #expect(first.contains(.ready))
        try await body(heartbeat)
    }

    @Test("a sign of life each third of the watchdog's patience, and none while the microphone's thread is dead")
    func beats() async throws {
        let manager = Manager()
        try await running(patience: .seconds(6), manager) { _ in
            #expect(await manager.rounds(10) == Array(repeating: .watchdog, count: 5))
            _ = await manager.rounds(6, hears: false)
            let sick = await manager.rounds(20, hears: false)
            #expect(!sick.contains(.watchdog))
            let mended = await manager.rounds(3)
            #expect(mended.contains(.watchdog))
        }
    }

    @Test("a sickness is told in the status, and once as a warning")
    func words() async throws {
        let manager = Manager()
        let events = manager.bus.subscribe(capacity: 8, overflow: .dropsOldest)
        try await running(patience: nil, manager) { _ in
            let told = await manager.rounds(20, hears: false)
            #expect(told == [.status("cannot hear: no sound comes from the device")])
        }
        manager.bus.finish()
        var codes: [String] = []
        for await event in events { if case .warning(let problem) = event.body { codes.append(problem.code) } }
        #expect(codes == ["health.sick"])
    }

    @Test("who waits because it was told to before it was ever live is ready, says why, and is alive")
    func waits() async throws {
        let manager = Manager()
        manager.waiting.withLock { $0 = "budget.day is used up" }
        let heartbeat = manager.heartbeat(patience: .seconds(3))
        let task = Task { await heartbeat.run() }
        defer { task.cancel() }
        _ = await manager.clock.nextNap()
        #expect(manager.told.withLock { $0 } == [.ready, .status("budget.day is used up"), .watchdog])
        #expect(await manager.rounds(3) == Array(repeating: .watchdog, count: 3))
    }

    @Test("what the manager does not take is told again, and complained about once")
    func untold() async throws {
        let manager = Manager()
        let events = manager.bus.subscribe(capacity: 8, overflow: .dropsOldest)
        manager.refusal.withLock { $0 = EAGAIN }
        let heartbeat = manager.heartbeat(patience: nil)
        let task = Task { await heartbeat.run() }
        defer { task.cancel() }
        _ = await manager.clock.nextNap()
        await heartbeat.note(.sessionLive(model: "m", resumed: false))
        _ = await manager.rounds(5)
        manager.refusal.withLock { $0 = nil }
        #expect(await manager.rounds(1) == [.ready, .status("in conversation")])
        manager.bus.finish()
        var codes: [String] = []
        for await event in events { if case .warning(let problem) = event.body { codes.append(problem.code) } }
        #expect(codes == ["health.untold"])
    }

    @Test("reloading is over when it is ready again; stopping is said once, and nothing after it")
    func reloads() async throws {
        let manager = Manager()
        try await running(patience: .seconds(3), manager) { heartbeat in
            manager.told.withLock { $0 = [] }
            await heartbeat.reloading(isUnderWay: true)
            #expect(manager.told.withLock { $0 }.count == 1)
            await heartbeat.reloading(isUnderWay: true)  // two at a time are one to the manager
            await heartbeat.reloading(isUnderWay: false)
            #expect(manager.told.withLock { $0 }.count == 1)
            await heartbeat.reloading(isUnderWay: false)
            let told = manager.told.withLock { $0 }
            #expect(told.count == 2 && told.last == .ready)
            let microseconds: Int? = if case .reloading(let time) = told.first { time } else { nil }
            #expect(microseconds ?? 0 > 0)
            await heartbeat.stopping()
            await heartbeat.stopping()
            #expect(manager.told.withLock { $0 }.count(where: { $0 == .stopping }) == 1)
            #expect(await manager.rounds(5) == [])
        }
    }

    @Test("who is not ready does not say so by reloading")
    func earlyReload() async {
        let manager = Manager()
        let heartbeat = manager.heartbeat(patience: nil)
        await heartbeat.reloading(isUnderWay: true)
        await heartbeat.reloading(isUnderWay: false)
        #expect(manager.told.withLock { $0 } == [])
    }

    @Test("a reload that is under way at the end is not told to be over")
    func stoppedMeanwhile() async throws {
        let manager = Manager()
        try await running(patience: nil, manager) { heartbeat in
            await heartbeat.reloading(isUnderWay: true)
            await heartbeat.stopping()
            manager.told.withLock { $0 = [] }
            await heartbeat.reloading(isUnderWay: false)
            #expect(manager.told.withLock { $0 } == [])
        }
    }
}
