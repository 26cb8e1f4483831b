import Events
import Testing

@testable import Observation

@Suite("What a conversation costs", .timeLimit(.minutes(5)))
struct CostMeterTests {
    static let table = """
        date: 2026-10-31
        currency: EUR
        models:
          voice*:
            input: {TEXT: 1, AUDIO: 4}
            output: {TEXT: 2, AUDIO: 10}
          voice-two: {input: {TEXT: 100}, output: {TEXT: 100}}
        """

    private static func meter(_ limits: [Budget.Period: Double] = [:], model: String = "voice-one") throws -> CostMeter
    {
        var meter = CostMeter(prices: try PriceTable(yaml: table, path: "p"), budget: Budget(limits: limits))
        _ = meter.note(event(.sessionLive(model: model, resumed: false)))
        return meter
    }

    @Test("the built-in table is config/prices.yaml, and has every model that answers in conversation")
    func builtIn() throws {
        let file = try packageFile("config/prices.yaml")
        #expect(file == PriceTable.builtInText + "\n")
        let table = try PriceTable.builtIn()
        #expect(table.currency == "USD" && table.date == "2026-10-31")
        for model in ["models/gemini-3.8-live", "gemini-2.5-flash-native-audio-preview-12-2025"] {
            #expect(table.rates(of: model) != nil)
        }
        let audio = try #require(table.rates(of: "gemini-3.8-live-extended-thinking"))
        #expect(audio.cost(of: .init(input: ["AUDIO": 1_000_000], output: ["AUDIO": 1_000_000], total: 0)) == 15)
    }

    @Test(
        "tokens times prices; the longest name counts, and what is not listed counts at the dearest",
        arguments: [
            ("voice-one", ["TEXT": 1_000_000], ["AUDIO": 500_000], 6.0),
            ("models/voice-one", ["AUDIO": 250_000], [:], 1),
            ("voice-one", ["SMELL": 1_000_000], ["SMELL": 1_000_000], 14), ("voice-two", ["TEXT": 10_000], [:], 1),
            ("voice-one", ["TEXT": -5], ["TEXT": Int.min], 0),
        ] as [(String, [String: Int], [String: Int], Double)])
    func rates(model: String, input: [String: Int], output: [String: Int], cost: Double) throws {
        let rates = try #require(PriceTable(yaml: Self.table, path: "p").rates(of: model))
        #expect(rates.cost(of: .init(input: input, output: output, total: 0)) == cost)
    }

    @Test("a model without a price is counted in tokens, and told of once")
    func unknown() throws {
        var meter = try Self.meter(model: "other")
        let charges = [700, 1].compactMap { meter.note(event(usage(["AUDIO": $0]))) }
        let first = try #require(charges.first)
        #expect(first.sum == Spending.Sum(amount: 0, tokens: 700))
        #expect(first.warning?.code == "cost.unknown")
        #expect(first.warning?.message.contains("other") == true)
        #expect(meter.turn == nil)
        #expect(charges.count == 2 && charges.last?.warning == nil)
        #expect(meter.conversation.tokens == 701)
    }

    @Test("warned at 80 % once, ended at 100 %, told once; another conversation begins at nothing")
    func sessionBudget() throws {
        var meter = try Self.meter([.session: 1])
        var spending = Spending(date: "2026-11-23")
        func spend(_ tokens: Int, session: String = "s1") throws -> [CostMeter.Effect] {
            let charge = meter.note(event(usage(["AUDIO": tokens]), session: session))
            spending.add(try #require(charge).sum)
            return meter.settle(spending)
        }
        #expect(try spend(199_999).isEmpty)
        let near = try spend(1)
        guard case .warn(let problem)? = near.first, near.count == 1 else {
            Issue.record("no warning at 80 %")
            return
        }
        #expect(problem.code == "budget.near" && problem.message.contains("0.80 of the 1.00 EUR of budget.session"))
        #expect(try spend(1_000).isEmpty)
        let reached = try spend(49_000)
        #expect(reached.last == .hangUp(.session) && reached.count == 2)
        #expect(try spend(1) == [.hangUp(.session)])
        #expect(try spend(100, session: "s2").isEmpty)
    }

    @Test("a day's and a month's budget refuse the next conversation until raised, or over")
    func refused() throws {
        var meter = try Self.meter([.day: 2, .month: 3])
        var spending = Spending(date: "2026-11-23")
        #expect(meter.refusal(after: spending) == nil)
        spending.add(Spending.Sum(amount: 2, tokens: 1))
        let problem = try #require(meter.refusal(after: spending))
        #expect(problem.code == "budget.reached" && problem.message.contains("budget.day"))
        #expect(problem.remedy?.contains("until the day is over") == true)
        spending.turn(to: "2026-11-24")
        #expect(meter.refusal(after: spending) == nil)
        spending.add(Spending.Sum(amount: 1, tokens: 1))
        #expect(meter.refusal(after: spending)?.message.contains("budget.month") == true)
        meter.budget.limits[.month] = 10
        #expect(meter.refusal(after: spending) == nil)
        spending.turn(to: "2026-12-01")
        #expect(spending.month == Spending.Sum() && spending.day == Spending.Sum())
    }

    @Test("a clock that is set back forgets nothing")
    func clockSetBack() {
        var spending = Spending(
            date: "2026-11-23", day: .init(amount: 1, tokens: 1), month: .init(amount: 2, tokens: 2))
        let before = spending
        spending.turn(to: "2026-10-01")
        #expect(spending == before)
    }

    @Test(
        "a price table that is none is refused with its line",
        arguments: [
            ("", 1), ("currency: EUR\ndate: d\nmodels: 3", 3), ("date: d\ncurrency: EUR\nmodels:\n  m: {input: {}}", 1),
            ("date: d\ncurrency: EUR\nmodels:\n  m: {input: {T: x}, output: {}}", 4),
            ("date: d\ncurrency: EUR\nmodels:\n  m: {input: {T: -1}, output: {}}", 4), ("date: d\nmodels: [\n", 3),
        ])
    func badTable(text: String, line: Int) {
        let error = #expect(throws: ObservationError.self) { try PriceTable(yaml: text, path: "/p.yaml") }
        #expect(error?.message.hasPrefix("/p.yaml:\(line):") == true, "\(error!)")
    }
}
