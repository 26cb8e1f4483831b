import Assistant
import Events
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
    ///
    /// - Parameter refused: called where they do not, before this ends.
    func within(
        _ settings: Settings.Observation, of observatory: Observatory, refused: @escaping @Sendable () async -> Void
    ) -> Partner {
        Partner {
            guard let problem = await observatory.refusal(under: settings.plan.limits) else { return await run() }
            await refused()
            return Outcome(exit: .refused, reason: problem.message)
        } perform: {
            perform($0)
        } pulse: {
            pulse()
        }
    }
}
