import Events
import Foundation
import Testing

@testable import Observation

@Suite("What was spent, over restarts", .timeLimit(.minutes(5)))
struct SpendingFileTests {
    @Test("sums add up over restarts and among assistants, in a file for its owner alone")
    func kept() throws {
        let folder = try Folder()
        let path = folder.path + "/state/vivavoce/cost.yaml"
        let file = SpendingFile(path: path, currency: "USD")
        #expect(try file.add(.init(), on: "2026-11-23").spending == Spending(date: "2026-11-23"))
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = try file.add(.init(amount: 0.125, tokens: 10), on: "2026-11-23")
        let other = try SpendingFile(path: path, currency: "USD").add(.init(amount: 0.5, tokens: 5), on: "2026-11-23")
        #expect(other.spending.day == .init(amount: 0.625, tokens: 15))
        let later = try file.add(.init(amount: 1, tokens: 1), on: "2026-11-24").spending
        #expect(later.day == .init(amount: 1, tokens: 1) && later.month == .init(amount: 1.625, tokens: 16))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state/vivavoce").sorted() == [
                "cost.yaml", "cost.yaml.lock",
            ])
    }

    @Test(
        "a damaged file is set aside, and another currency is another file",
        arguments: [
            "", "nonsense", "currency: USD\ndate: 2026-11-23\ndayAmount: nan\n", "\u{0}", "- [", "currency: EUR",
        ])
    func damaged(text: String) throws {
        let folder = try Folder()
        let path = folder.path + "/cost.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let kept = try SpendingFile(path: path, currency: "USD").add(.init(amount: 1, tokens: 1), on: "2026-11-23")
        #expect(kept.setAside == path + ".damaged")
        #expect(kept.spending.day.amount == 1)
        #expect(try String(contentsOfFile: path + ".damaged", encoding: .utf8) == text)
    }

    @Test("what is written is read")
    func roundTrip() {
        let spending = Spending(
            date: "2026-11-23", day: .init(amount: 0.1, tokens: 3), month: .init(amount: 1e-7, tokens: 9))
        #expect(SpendingFile.parse(SpendingFile.text(spending, "USD"), "USD") == spending)
        #expect(SpendingFile.parse(SpendingFile.text(spending, "USD"), "EUR") == nil)
    }

    @Test("a keeper warns, has the conversation end, and refuses the next one, also after a restart")
    func keeper() async throws {
        let folder = try Folder()
        func keeper(_ bus: EventBus) throws -> CostKeeper {
            let prices = try PriceTable(yaml: CostMeterTests.table, path: "p")
            return CostKeeper(
                meter: CostMeter(prices: prices), file: SpendingFile(path: folder.path + "/c.yaml", currency: "EUR"),
                bus: bus,
                wallClock: { 0 }, date: { _ in "2026-11-23" })
        }
        let bus = EventBus()
        let (events, told) = (
            bus.subscribe(capacity: 64, overflow: .dropsOldest), bus.subscribe(capacity: 64, overflow: .dropsOldest)
        )
        let first = try keeper(bus)
        first.board.limits = [.day: 4]
        #expect(await first.refusal() == nil)
        bus.publish(event(.sessionLive(model: "voice-one", resumed: false)))
        bus.publish(event(usage(["AUDIO": 1_000_000])))
        events.finish()
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        await first.run(events) { _, _ in end.yield() }
        end.finish()
        var count = 0
        for await _ in ends { count += 1 }
        #expect(count == 1)
        bus.finish()
        var codes: [String] = []
        for await event in told { if case .warning(let problem) = event.body { codes.append(problem.code) } }
        #expect(codes == ["budget.reached"])
        let second = try keeper(EventBus())
        second.board.limits = [.day: 4]
        #expect(await second.refusal()?.code == "budget.reached")
        second.board.limits = [.day: 5]
        #expect(await second.refusal() == nil)
        #expect(second.board.figures.amounts == [.session: 0, .day: 4, .month: 4])
    }
}
