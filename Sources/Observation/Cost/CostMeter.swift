package import Events

/// What a conversation costs, by the usage that the service tells of and a price table, and when it has to stop. Pure.
///
/// It is told of every event; what a `usage` came to goes into the `Spending` that is kept, and the new sums come back
/// to `settle`, which says what follows.
package struct CostMeter: Sendable, Equatable {
    package enum Effect: Sendable, Equatable {
        case warn(Problem)
        /// This budget is used up.
        case hangUp(Budget.Period)
    }

    /// What one `usage` came to.
    struct Charge: Sendable, Equatable {
        var sum: Spending.Sum
        /// Said once for each model without a price.
        var warning: Problem?
    }

    package let prices: PriceTable
    package var budget: Budget
    /// Of the last turn; nil before it and where the price is not known.
    package private(set) var turn: Double?
    /// Of the conversation under way, or of the last.
    package private(set) var conversation = Spending.Sum()
    private var session: String?
    private var model = ""
    private var unpriced: Set<String> = []

    package init(prices: PriceTable, budget: Budget = Budget()) {
        self.prices = prices
        self.budget = budget
    }

    /// - Returns: what it came to, for a `usage`.
    mutating func note(_ event: Event) -> Charge? {
        if let session = event.session, session != self.session {
            self.session = session
            (conversation, turn) = (Spending.Sum(), nil)
        }
        switch event.body {
        case .sessionLive(let model, _):
            self.model = model
            return nil
        case .usage(let report): return charge(report.turn)
        default: return nil
        }
    }

    private mutating func charge(_ tokens: UsageReport.Tokens) -> Charge {
        turn = prices.rates(of: model)?.cost(of: tokens)
        let isNews = turn == nil && unpriced.count < Self.mostModels && unpriced.insert(model).inserted
        let sum = Spending.Sum(amount: turn ?? 0, tokens: max(0, tokens.total))
        conversation.add(sum)
        return Charge(
            sum: sum, warning: isNews ? .noPrice(of: model, in: prices, isLimited: !budget.limits.isEmpty) : nil)
    }

    /// Models of whose missing price it is told.
    private static let mostModels = 16

    /// - Parameter spending: with the last charge in it.
    mutating func settle(_ spending: Spending) -> [Effect] {
        let spans = [
            (Budget.Period.session, conversation.amount, session ?? ""), (.day, spending.day.amount, spending.date),
            (.month, spending.month.amount, spending.monthName),
        ]
        var effects: [Effect] = []
        for (period, spent, span) in spans {
            guard let notice = budget.note(period, spent: spent, span: span) else { continue }
            effects.append(.warn(.budget(notice, in: prices.currency)))
        }
        if let reached = spans.first(where: { budget.isReached($0.0, spent: $0.1) }) {
            effects.append(.hangUp(reached.0))
        }
        return effects
    }

    /// Why no conversation may begin now; nil where one may. Each conversation has a `session` budget of its own.
    func refusal(after spending: Spending) -> Problem? {
        let spans = [(Budget.Period.day, spending.day.amount), (.month, spending.month.amount)]
        guard let (period, spent) = spans.first(where: { budget.isReached($0.0, spent: $0.1) }) else { return nil }
        return .budget(.reached(period, spent: spent, limit: budget.limits[period]!), in: prices.currency)
    }
}

extension Problem {
    fileprivate static func noPrice(of model: String, in prices: PriceTable, isLimited: Bool) -> Problem {
        Problem(
            code: "cost.unknown",
            message: "The price table of \(prices.date) has no prices for \(model): its tokens are counted, and what "
                + "they cost is not known\(isLimited ? ", so that no budget holds for it" : "").",
            remedy: "Add the model to a copy of share/vivavoce/prices.yaml, and name that in cost.prices.")
    }

    fileprivate static func budget(_ notice: Budget.Notice, in currency: String) -> Problem {
        switch notice {
        case .near(let period, let spent, let limit):
            return Problem(
                code: "budget.near",
                message:
                    "\(Money.text(spent)) of the \(Money.text(limit)) \(currency) of budget.\(period.rawValue) are spent.",
                remedy: "At \(Money.text(limit)) \(currency) the conversation is ended. To go on beyond, raise "
                    + "budget.\(period.rawValue).")
        case .reached(let period, let spent, let limit):
            let wait = period == .session ? "begin another conversation" : "wait until the \(period.rawValue) is over"
            return Problem(
                code: "budget.reached",
                message:
                    "budget.\(period.rawValue) is used up: \(Money.text(spent)) of \(Money.text(limit)) \(currency).",
                remedy: "Raise budget.\(period.rawValue), or \(wait).")
        }
    }
}
