package import Events
import Glibc

/// Watches an assistant by its events: counts what it costs, and tells others of it. Never in the way of the sound.
package final class Observatory: Sendable {
    /// What is wanted of it.
    package struct Plan: Sendable, Equatable {
        /// A price table; nil for the built-in one.
        package var prices: String?
        /// What may be spent, in the price table's currency.
        package var limits: [Budget.Period: Double] = [:]
        /// Where a page for Prometheus is served, as `MetricsAddress` takes it; nil: nowhere.
        package var metrics: String?
        /// Programs that are run at events.
        package var hooks: [EventName: String] = [:]

        package init() {}
    }

    private let bus: EventBus
    private let costs: CostKeeper
    private let metricsAddress: MetricsAddress?
    private let hooks: HookRunner
    private let wallClock: @Sendable () -> Int64

    /// Events that may wait for each that watches; it is told of what it loses.
    private static let mostEvents = 1_024

    /// - Parameters:
    ///   - environment: the process's variables, without keys: programs that are run get them.
    ///   - wallClock: milliseconds since 1970.
    /// - Throws: what is wrong with the plan.
    package init(
        _ plan: Plan, on bus: EventBus, environment: [String: String], wallClock: @escaping @Sendable () -> Int64
    ) throws(ObservationError) {
        self.bus = bus
        self.wallClock = wallClock
        let prices = try plan.priceTable()
        let file = SpendingFile.path(in: environment).map { SpendingFile(path: $0, currency: prices.currency) }
        costs = CostKeeper(
            meter: CostMeter(prices: prices, budget: Budget(limits: plan.limits)), file: file, bus: bus,
            wallClock: wallClock, date: LocalDate.text)
        hooks = try HookRunner(plan.hooks, environment: environment) { problem in
            bus.publish(Event(at: wallClock(), session: nil, .warning(problem)))
        }
        metricsAddress = try plan.metrics.map { text throws(ObservationError) in try MetricsAddress(text) }
    }

    /// What may be spent from here on, also by the conversation under way: looked at when a turn is billed, and before a
    /// conversation begins. Any thread.
    package func limit(to limits: [Budget.Period: Double]) { costs.board.limits = limits }

    /// What was spent so far. Any thread; waits for no disk.
    package var figures: CostBoard.Figures { costs.board.figures }

    /// Looks whether a conversation may begin, and tells why not.
    package func refusal() async -> Problem? {
        let problem = await costs.refusal()
        if let problem { bus.publish(Event(at: wallClock(), session: nil, .error(problem))) }
        return problem
    }

    /// Watches for as long as something runs, and then to the end of what happened.
    ///
    /// - Parameter hangUp: ends a conversation, because it would cost more than it may.
    package func watch<Value: Sendable>(
        during body: @escaping @Sendable () async -> Value,
        hangingUp hangUp: @escaping CostKeeper.HangUp
    ) async -> Value {
        let charged = bus.subscribe(capacity: Self.mostEvents, overflow: .dropsPartialsFirst)
        let hooked = bus.subscribe(
            capacity: Self.mostEvents, overflow: .dropsPartialsFirst, includingLevels: hooks.wantsLevels)
        async let charging: Void = costs.run(charged, hangUp: hangUp)
        // Levels are measured where somebody asks for them, and only then.
        let counted = metricsAddress.map { _ in
            bus.subscribe(capacity: Self.mostEvents, overflow: .dropsPartialsFirst, includingLevels: true)
        }
        async let _: Void = serveMetrics(counted)
        async let hooking: Void = hooks.run(hooked)
        let value = await body()
        charged.finish()
        await charging
        hooked.finish()  // last: what the others have told of is told to the user's programs, too
        await hooking
        return value  // and nothing is served any more
    }

    /// Until it is cancelled; a place that cannot be had, such as one where another assistant serves, is told of.
    private func serveMetrics(_ counted: EventSubscription?) async {
        guard let metricsAddress, let counted else { return }
        let metrics = Metrics()
        do throws(ObservationError) {
            let page = try MetricsPage(at: metricsAddress) { [costs] in metrics.text(costs.board.figures) }
            async let counting: Void = metrics.count(counted)
            await page.run()
            await counting
        } catch {
            warn(Problem(code: "metrics.notServed", message: error.message, remedy: error.remedy))
        }
    }

    private func warn(_ problem: Problem) { bus.publish(Event(at: wallClock(), session: nil, .warning(problem))) }
}

extension Observatory.Plan {
    /// Reads the price table.
    func priceTable() throws(ObservationError) -> PriceTable {
        guard let prices else { return try .builtIn() }
        guard let text = try SmallFile.read(prices) else {
            throw ObservationError(
                .settings, "There is no price table \(prices).", remedy: "Name one in cost.prices, or leave that out.")
        }
        return try PriceTable(yaml: text, path: prices)
    }
}

/// Days as people have them.
enum LocalDate {
    /// - Parameter milliseconds: since 1970.
    /// - Returns: such as `2026-11-23`, in the machine's time zone.
    static func text(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func padded(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    }
}
