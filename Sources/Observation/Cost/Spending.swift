/// What was spent on this day and in this month. Pure.
package struct Spending: Sendable, Equatable {
    package struct Sum: Sendable, Equatable {
        /// In the price table's currency, as far as the prices are known.
        package var amount = 0.0
        /// Of both directions, also those whose price is not known.
        package var tokens = 0

        package init(amount: Double = 0, tokens: Int = 0) {
            self.amount = amount
            self.tokens = tokens
        }

        mutating func add(_ other: Sum) {
            amount += other.amount
            tokens = tokens.addingReportingOverflow(other.tokens).overflow ? .max : tokens + other.tokens
        }
    }

    /// Such as `2026-11-23`, local time.
    package private(set) var date: String
    package private(set) var day: Sum
    package private(set) var month: Sum

    /// Such as `2026-11`.
    package var monthName: String { Self.month(of: date) }

    package init(date: String, day: Sum = Sum(), month: Sum = Sum()) {
        self.date = date
        self.day = day
        self.month = month
    }

    /// Goes over to another date: another day begins at nothing, and so does another month.
    ///
    /// A date before the one it stands at (a clock that was set back) leaves it: nothing spent is forgotten.
    package mutating func turn(to date: String) {
        guard date > self.date else { return }
        if Self.month(of: date) != monthName { month = Sum() }
        day = Sum()
        self.date = date
    }

    mutating func add(_ sum: Sum) {
        day.add(sum)
        month.add(sum)
    }

    private static func month(of date: String) -> String { String(date.prefix(7)) }
}
