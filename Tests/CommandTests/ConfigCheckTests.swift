import Foundation
import Testing

@Suite("config check looks at costs, metrics and hooks", .timeLimit(.minutes(5)))
struct ConfigCheckTests {
    private func check(_ yaml: String, _ user: CommandLineUser) throws -> (CommandLineUser.Result, file: String) {
        let file = try user.write(yaml, to: "settings.yaml")
        return (try user.run("config", "check", "--config", file), file)
    }

    @Test("a hook whose program is missing, or may not be executed, is a warning with its line")
    func hooks() throws {
        let user = try CommandLineUser()
        let plain = try user.write("#!/bin/sh\n", to: "plain")
        let (result, file) = try check(
            "hooks:\n  turn.started: no-such-program-here\n  warning: \(plain)\n  error: sh -c true\n", user)
        #expect(result.status == 0)
        #expect(result.output == "The settings are in order.\n")
        let lines = result.errors.split(separator: "\n")
        #expect(
            lines.first
                == "vivavoce: warning: \(file):2: `hooks.turn.started`: There is no program no-such-program-here.")
        #expect(result.errors.contains("warning: \(file):3: `hooks.warning`: \(plain) may not be executed."))
        #expect(!result.errors.contains("hooks.error"))
    }

    @Test("what keeps an assistant from starting fails the check, all of it at once, each with its line")
    func fatal() throws {
        let user = try CommandLineUser()
        let prices = try user.write("date: d\ncurrency: EUR\nmodels: 3\n", to: "prices.yaml")
        let (result, file) = try check(
            "cost:\n  prices: \(prices)\nmetrics:\n  listen: 0.0.0.0:80\nhooks:\n  error: \"say 'this\"\n", user)
        #expect(result.status == 78)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("\(file):2: `cost.prices`: \(prices):3: `models` holds models by name."))
        #expect(result.errors.contains("\(file):4: `metrics.listen`: "))
        #expect(result.errors.contains("\(file):6: `hooks.error`: "))
    }

    @Test("a budget that never comes to bear is a warning with its line")
    func budgets() throws {
        let user = try CommandLineUser()
        let (result, file) = try check("budget:\n  session: 5\n  day: 2\n", user)
        #expect(result.status == 0)
        #expect(result.errors.contains("warning: \(file):2: `budget.session`: budget.session is more than budget.day"))
        let (unpriced, other) = try check("service: {model: models/other}\nbudget:\n  day: 2\n", user)
        #expect(unpriced.status == 0)
        #expect(unpriced.errors.contains("warning: \(other):3: `budget.day`: The price table of"))
        user.environment["VIVAVOCE_BUDGET_SESSION"] = "9"
        let (variable, _) = try check("budget:\n  day: 2\n", user)
        #expect(variable.errors.contains("warning: VIVAVOCE_BUDGET_SESSION: `budget.session`"))
    }
}
