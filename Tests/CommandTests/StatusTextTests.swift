import ControlProtocol
import LiveProtocol
import Observation
import Testing

@testable import vivavoce

@Suite("Costs in status", .timeLimit(.minutes(5)))
struct StatusTextTests {
    private let figures = CostBoard.Figures(
        currency: "USD", amounts: [.session: 0.012_345_678, .day: 0.48, .month: 7], limits: [.day: 2], sinceStart: 1)

    @Test("as JSON, by period, with the budgets that are set")
    func json() {
        let cost = figures.json
        #expect(cost["currency"] == "USD" && cost["session"] == .number(0.012_346) && cost["day"] == .number(0.48))
        #expect(cost["budget"]?["day"] == .number(2) && cost["budget"]?["month"] == nil)
        var unlimited = figures
        unlimited.limits = [:]
        #expect(unlimited.json["budget"] == nil)
    }

    @Test("as one line of words, in the order in which people ask")
    func text() {
        let text = Status.text(.object(["state": "idle", "cost": figures.json]))
        #expect(
            text == "state          idle\ncost           session 0.0123, day 0.48 of 2.00, month 7.00 USD\n", "\(text)")
    }
}
