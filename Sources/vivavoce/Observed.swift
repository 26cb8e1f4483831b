import Assistant
import ControlProtocol
import Events
import LiveProtocol
import Observation

extension Observatory {
    /// - Throws: what is wrong with the settings for it.
    static func of(_ settings: Settings, on bus: EventBus) throws(AssistantError) -> Observatory {
        let environment = ChildEnvironment.cleaned(Environment.current)
        do throws(ObservationError) {
            return try Observatory(
                settings.observation.plan, on: bus, environment: environment, wallClock: { Environment.now })
        } catch {
            throw AssistantError(
                error.code == .settings ? .configuration : .unavailable, error.message, remedy: error.remedy)
        }
    }
}

extension Settings.Observation {
    var plan: Observatory.Plan {
        var plan = Observatory.Plan()
        plan.prices = prices
        plan.limits = limits
        plan.metrics = metricsListen
        plan.hooks = hooks
        return plan
    }

    private var limits: [Budget.Period: Double] {
        var limits: [Budget.Period: Double] = [:]
        (limits[.session], limits[.day], limits[.month]) = (sessionBudget, dayBudget, monthBudget)
        return limits
    }
}

extension Partner {
    /// The same, where the budgets allow it.
    func within(budgetsOf observatory: Observatory) -> Partner {
        Partner {
            guard let problem = await observatory.refusal() else { return await run() }
            return Outcome(exit: .refused, reason: problem.message)
        } perform: {
            perform($0)
        } pulse: {
            pulse()
        }
    }
}

extension CostBoard.Figures {
    /// As `status` has it: by period, to a millionth, and the budgets that are set.
    var json: JSONValue {
        func amounts(_ amounts: [Budget.Period: Double]) -> [String: JSONValue] {
            Dictionary(uniqueKeysWithValues: amounts.map { ($0.rawValue, .number($1)) })
        }
        var members = amounts(self.amounts.mapValues { ($0 * 1e6).rounded() / 1e6 })
        members["currency"] = .string(currency)
        if !limits.isEmpty { members["budget"] = .object(amounts(limits)) }
        return .object(members)
    }
}
