import Events
import Foundation
import Testing

@testable import Observation

@Suite("What is wrong with a plan", .timeLimit(.minutes(5)))
struct PlanFlawTests {
    private static let model = "gemini-3.8-live"

    private func flaws(
        _ change: (inout Observatory.Plan) -> Void, model: String = model, environment: [String: String] = [:]
    ) -> [PlanFlaw] {
        var plan = Observatory.Plan()
        change(&plan)
        return plan.flaws(model: model, environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 })
    }

    @Test("nothing set, and programs that are there, are well")
    func well() {
        #expect(flaws { _ in } == [])
        #expect(
            flaws {
                $0.hooks = [.warning: "sh -c 'true'", .error: "/bin/sh"]
                $0.metrics = "127.0.0.1:9464"
                $0.limits = [.session: 1, .day: 2, .month: 20]
            } == [])
    }

    @Test("hooks: no command, no such program, one that may not be executed, a folder")
    func hooks() throws {
        let folder = try Folder()
        try "#!/bin/sh\n".write(toFile: folder.path + "/plain", atomically: true, encoding: .utf8)
        let found = flaws(
            {
                $0.hooks = [
                    .error: "say 'this", .turnStarted: "no-such-program-here now", .turnCompleted: "~/plain",
                    .warning: folder.path,
                ]
            }, environment: ["HOME": folder.path])
        #expect(found.map(\.key) == ["hooks.error", "hooks.turn.completed", "hooks.turn.started", "hooks.warning"])
        #expect(found.map(\.isFatal) == [true, false, false, false])
        #expect(found[0].error.message.contains("is no command"))
        #expect(found[1].error.message == "\(folder.path)/plain may not be executed.")
        #expect(found[1].error.remedy?.contains("chmod +x") == true)
        #expect(found[2].error.message == "There is no program no-such-program-here.")
    }

    @Test("metrics that others may reach, a price table that is missing or damaged, keep an assistant from starting")
    func fatal() throws {
        let folder = try Folder()
        try "date: d\ncurrency: EUR\nmodels: 3\n".write(
            toFile: folder.path + "/p.yaml", atomically: true, encoding: .utf8)
        let metrics = flaws { $0.metrics = "0.0.0.0:80" }
        #expect(metrics.map(\.key) == ["metrics.listen"] && metrics.allSatisfy(\.isFatal))
        let missing = flaws { $0.prices = "/nowhere/p.yaml" }
        #expect(missing.map(\.key) == ["cost.prices"] && missing.allSatisfy(\.isFatal))
        let damaged = flaws { $0.prices = folder.path + "/p.yaml" }
        #expect(damaged.first?.error.message.hasPrefix("\(folder.path)/p.yaml:3:") == true, "\(damaged)")
    }

    @Test("budgets that never come to bear are named: for a model without a price, and behind a smaller one")
    func budgets() {
        let unpriced = flaws({ $0.limits = [.day: 1] }, model: "other")
        #expect(unpriced.map(\.key) == ["budget.day"] && unpriced[0].error.message.contains("other"))
        #expect(flaws({ _ in }, model: "other") == [], "nobody asked for a budget")
        let behind = flaws { $0.limits = [.session: 3, .day: 2, .month: 5] }
        #expect(behind.map(\.key) == ["budget.session"] && behind.allSatisfy { !$0.isFatal })
    }
}
