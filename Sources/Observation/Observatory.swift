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

        package init() {}
    }

    private let bus: EventBus
    private let costs: CostKeeper
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
        let prices = try Self.prices(plan.prices)
        let file = SpendingFile.path(in: environment).map { SpendingFile(path: $0, currency: prices.currency) }
        costs = CostKeeper(
            meter: CostMeter(prices: prices, budget: Budget(limits: plan.limits)), file: file, bus: bus,
            wallClock: wallClock, date: LocalDate.text)
    }

    /// Looks whether a conversation may begin, under these limits from here on, and tells why not.
    package func refusal(under limits: [Budget.Period: Double]) async -> Problem? {
        let problem = await costs.refusal(under: limits)
        if let problem { bus.publish(Event(at: wallClock(), session: nil, .error(problem))) }
        return problem
    }

    /// Watches for as long as something runs, and then to the end of what happened.
    ///
    /// - Parameter hangUp: ends the conversation, because it would cost more than it may.
    package func watch<Value: Sendable>(
        during body: @escaping @Sendable () async -> Value, hangingUp hangUp: @escaping @Sendable () async -> Void
    ) async -> Value {
        let charged = bus.subscribe(capacity: Self.mostEvents, overflow: .dropsPartialsFirst)
        async let counting: Void = costs.run(charged, hangUp: hangUp)
        let value = await body()
        charged.finish()
        await counting
        return value
    }

    private static func prices(_ path: String?) throws(ObservationError) -> PriceTable {
        guard let path else { return try .builtIn() }
        guard let text = try SmallFile.read(path) else {
            throw ObservationError(
                .settings, "There is no price table \(path).", remedy: "Name one in cost.prices, or leave that out.")
        }
        return try PriceTable(yaml: text, path: path)
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
