/// What may be spent, and how near it is. Pure.
package struct Budget: Sendable, Equatable {
    package enum Period: String, Sendable, Hashable, CaseIterable {
        case session, day, month

        /// To be said aloud when it is used up: three seconds of speech.
        package var farewell: String {
            switch self {
            case .session: "This conversation has used up its budget. Goodbye."
            case .day: "The budget for today is used up. Goodbye."
            case .month: "The budget for this month is used up. Goodbye."
            }
        }
    }

    /// What somebody has to be told.
    enum Notice: Sendable, Equatable {
        case near(Period, spent: Double, limit: Double)
        case reached(Period, spent: Double, limit: Double)
    }

    /// The share at which it is warned.
    private static let warningShare = 0.8

    /// In the price table's currency; a period without a limit is not limited.
    package var limits: [Period: Double] { didSet { forgetChanged(oldValue) } }
    /// What was told, so that it is told once.
    private var told: [Period: Told] = [:]

    private struct Told: Equatable {
        /// The conversation, the day or the month that it was told of.
        var span: String
        var isReached: Bool
    }

    package init(limits: [Period: Double] = [:]) { self.limits = limits }

    /// - Parameter span: which conversation, day or month it is.
    /// - Returns: what is news about it.
    mutating func note(_ period: Period, spent: Double, span: String) -> Notice? {
        guard let limit = limits[period], spent >= limit * Self.warningShare else { return nil }
        let isReached = spent >= limit
        let before = told[period].flatMap { $0.span == span ? $0 : nil }
        guard before == nil || (isReached && before?.isReached == false) else { return nil }
        told[period] = Told(span: span, isReached: isReached)
        return isReached
            ? .reached(period, spent: spent, limit: limit) : .near(period, spent: spent, limit: limit)
    }

    /// Whether no more may be spent.
    func isReached(_ period: Period, spent: Double) -> Bool { limits[period].map { spent >= $0 } ?? false }

    private mutating func forgetChanged(_ old: [Period: Double]) {
        for period in Period.allCases where old[period] != limits[period] { told[period] = nil }
    }
}
