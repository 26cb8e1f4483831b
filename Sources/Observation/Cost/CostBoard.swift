import Synchronization

/// What may be spent, as it was set last, and what was spent, as it was counted last: for whoever sets the one or asks for
/// the other while the `CostKeeper` may wait for the disk. Any thread.
package final class CostBoard: Sendable {
    struct Counted: Sendable, Equatable {
        /// Of the conversation under way, or of the last.
        var session = 0.0
        var spending: Spending
        /// By this process, in all its conversations.
        var sinceStart = 0.0
    }

    private struct State {
        var limits: [Budget.Period: Double]
        var counted: Counted
    }

    private let currency: String
    private let today: @Sendable () -> String
    private let state: Mutex<State>

    /// - Parameter today: such as `2026-11-23`.
    package init(currency: String, limits: [Budget.Period: Double] = [:], today: @escaping @Sendable () -> String) {
        self.currency = currency
        self.today = today
        state = Mutex(State(limits: limits, counted: Counted(spending: Spending(date: today()))))
    }

    /// In the price table's currency; a period without a limit is not limited.
    package var limits: [Budget.Period: Double] {
        get { state.withLock { $0.limits } }
        set { state.withLock { $0.limits = newValue } }
    }

    func tell(_ counted: Counted) { state.withLock { $0.counted = counted } }

    package struct Figures: Sendable, Equatable {
        package var currency: String
        package var amounts: [Budget.Period: Double]
        package var limits: [Budget.Period: Double]
        /// By this process, in all its conversations.
        package var sinceStart: Double

        package init(
            currency: String, amounts: [Budget.Period: Double], limits: [Budget.Period: Double], sinceStart: Double
        ) {
            self.currency = currency
            self.amounts = amounts
            self.limits = limits
            self.sinceStart = sinceStart
        }
    }

    /// What was spent so far, on this day and in this month.
    package var figures: Figures {
        let today = today()
        return state.withLock { state in
            var spending = state.counted.spending
            spending.turn(to: today)
            return Figures(
                currency: currency,
                amounts: [
                    .session: state.counted.session, .day: spending.day.amount, .month: spending.month.amount,
                ], limits: state.limits, sinceStart: state.counted.sinceStart)
        }
    }
}
