import Events
import Synchronization
import TestKit
import Testing

@testable import Observation

/// A keeper of costs in a week that begins on the last evening of a month; its tokens cost 4 in a million.
private final class BudgetStage: Sendable {
    let clock = ManualClock()
    let bus = EventBus()
    let keeper: CostKeeper
    let farewells = Mutex<[String]>([])
    /// The conversations that were to end.
    let hungUp = Mutex<[String?]>([])

    init() throws {
        let prices = try PriceTable(yaml: CostMeterTests.table, path: "p")
        keeper = CostKeeper(
            meter: CostMeter(prices: prices), file: nil, bus: bus,
            wallClock: { [clock] in Int64(clock.elapsed / .milliseconds(1)) },
            date: { milliseconds in
                ["2026-11-30", "2026-12-01", "2026-12-02"][min(2, Int(milliseconds / 86_400_000))]
            })
    }

    /// One turn of that many amounts of money, in a conversation of that name.
    func spend(_ amount: Int, session: String = "s1") async {
        let events = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        bus.publish(event(.sessionLive(model: "voice-one", resumed: false), session: session))
        bus.publish(event(usage(["AUDIO": amount * 250_000]), session: session))
        events.finish()
        await keeper.run(events) { words, session in
            self.farewells.withLock { $0.append(words) }
            self.hungUp.withLock { $0.append(session) }
        }
    }

    func farewellsSoFar() -> [String] { farewells.withLock { $0 } }
}

@Suite("Budgets", .timeLimit(.minutes(5)))
struct BudgetTests {
    @Test("a conversation that uses its day's budget up is ended with these words; the next one waits for midnight")
    func day() async throws {
        let stage = try BudgetStage()
        stage.keeper.board.limits = [.day: 3]
        #expect(await stage.keeper.refusal() == nil)
        await stage.spend(2)
        #expect(stage.farewellsSoFar() == [])
        await stage.spend(1)
        #expect(stage.farewellsSoFar() == ["The budget for today is used up. Goodbye."])
        #expect(stage.hungUp.withLock { $0 } == ["s1"], "the conversation that cost it, and no later one")
        stage.clock.advance(by: .seconds(86_399))
        #expect(await stage.keeper.refusal()?.code == "budget.reached")
        stage.clock.advance(by: .seconds(1))
        #expect(await stage.keeper.refusal() == nil)
        await stage.spend(1, session: "s2")
        #expect(stage.farewellsSoFar().count == 1)
    }

    @Test("a month's budget outlasts the day, and is over with the month")
    func month() async throws {
        let stage = try BudgetStage()
        stage.keeper.board.limits = [.month: 3, .day: 100]
        stage.clock.advance(by: .seconds(86_400))
        await stage.spend(3)
        #expect(stage.farewellsSoFar() == ["The budget for this month is used up. Goodbye."])
        stage.clock.advance(by: .seconds(86_400))
        #expect(await stage.keeper.refusal()?.message.contains("budget.month") == true, "another day is not enough")

        let fresh = try BudgetStage()
        fresh.keeper.board.limits = [.month: 3]
        await fresh.spend(3)
        #expect(await fresh.keeper.refusal() != nil)
        fresh.clock.advance(by: .seconds(86_400))
        #expect(await fresh.keeper.refusal() == nil, "on the first of the next month")
    }

    @Test("a budget that is raised under way holds from the next turn on, and so does one that is lowered")
    func live() async throws {
        let stage = try BudgetStage()
        stage.keeper.board.limits = [.session: 2]
        await stage.spend(1)
        stage.keeper.board.limits = [.session: 10]
        await stage.spend(4)
        #expect(stage.farewellsSoFar() == [])
        stage.keeper.board.limits = [.session: 5]
        await stage.spend(1)
        #expect(stage.farewellsSoFar() == ["This conversation has used up its budget. Goodbye."])
        #expect(await stage.keeper.refusal() == nil, "another conversation has its own")
        stage.keeper.board.limits = [.day: 6]
        #expect(await stage.keeper.refusal() != nil)
        stage.keeper.board.limits = [:]
        #expect(await stage.keeper.refusal() == nil)
    }

    @Test("the figures are of the conversation under way, this day and this month, without asking the keeper")
    func figures() async throws {
        let stage = try BudgetStage()
        stage.keeper.board.limits = [.day: 9]
        await stage.spend(2)
        var figures = stage.keeper.board.figures
        #expect(figures.amounts == [.session: 2, .day: 2, .month: 2])
        #expect(figures.currency == "EUR" && figures.limits == [.day: 9])
        await stage.spend(1, session: "s2")
        figures = stage.keeper.board.figures
        #expect(figures.amounts == [.session: 1, .day: 3, .month: 3] && figures.sinceStart == 3)
        stage.clock.advance(by: .seconds(2 * 86_400))
        #expect(stage.keeper.board.figures.amounts == [.session: 1, .day: 0, .month: 0])
    }

    @Test("a conversation that has begun has cost nothing, whatever the last one did")
    func begun() async throws {
        let stage = try BudgetStage()
        await stage.spend(2)
        let events = stage.bus.subscribe(capacity: 8, overflow: .dropsOldest)
        stage.bus.publish(event(.sessionConnecting(attempt: 1), session: "s2"))
        events.finish()
        await stage.keeper.run(events) { _, _ in }
        #expect(stage.keeper.board.figures.amounts[.session] == 0)
    }

    @Test("every farewell is a sentence that a voice can read", arguments: Budget.Period.allCases)
    func farewells(period: Budget.Period) {
        #expect(period.farewell.hasSuffix(". Goodbye.") && period.farewell.first?.isLetter == true)
    }
}
