package import Events

/// Counts what is spent, keeps it over restarts, and has a conversation end that would cost more than it may.
package actor CostKeeper {
    /// What may be spent is looked up there, and what was is told there.
    package nonisolated let board: CostBoard
    private var meter: CostMeter
    private let file: SpendingFile?
    private let bus: EventBus
    private let wallClock: @Sendable () -> Int64
    private let date: @Sendable (Int64) -> String
    /// What is known where the file cannot be had.
    private var spending: Spending
    private var sinceStart = 0.0
    private var hasToldOfFile = false

    /// - Parameters:
    ///   - file: nil where there is no place for it.
    ///   - bus: where warnings are told.
    ///   - wallClock: milliseconds since 1970.
    ///   - date: the day of such a moment, such as `2026-11-23`.
    package init(
        meter: CostMeter, file: SpendingFile?, bus: EventBus, wallClock: @escaping @Sendable () -> Int64,
        date: @escaping @Sendable (Int64) -> String
    ) {
        self.meter = meter
        self.file = file
        self.bus = bus
        self.wallClock = wallClock
        self.date = date
        spending = Spending(date: date(wallClock()))
        board = CostBoard(currency: meter.prices.currency, limits: meter.budget.limits) { date(wallClock()) }
    }

    /// Ends the conversation of this name, with these words to the user. Another one may be under way by now.
    package typealias HangUp = @Sendable (_ words: String, _ session: String?) async -> Void

    package func run(_ events: EventSubscription, hangUp: HangUp) async {
        for await event in events {
            let before = meter.conversation
            guard let charge = meter.note(event) else {
                if meter.conversation != before { tell() }  // another one begins at nothing
                continue
            }
            if let warning = charge.warning { warn(warning) }
            sinceStart += charge.sum.amount
            keep(charge.sum)
            meter.budget.limits = board.limits
            for effect in meter.settle(spending) {
                switch effect {
                case .warn(let problem): warn(problem)
                case .hangUp(let period): await hangUp(period.farewell, event.session)
                }
            }
        }
    }

    /// Looks whether a conversation may begin.
    ///
    /// - Returns: why not.
    package func refusal() -> Problem? {
        meter.budget.limits = board.limits
        keep(Spending.Sum())
        return meter.refusal(after: spending)
    }

    private func keep(_ sum: Spending.Sum) {
        defer { tell() }
        let today = date(wallClock())
        guard let file else {
            spending.turn(to: today)
            return spending.add(sum)
        }
        do throws(ObservationError) {
            let kept = try file.add(sum, on: today)
            spending = kept.spending
            if let aside = kept.setAside { warn(.setAside(aside)) }
        } catch {
            spending.turn(to: today)
            spending.add(sum)
            guard !hasToldOfFile else { return }
            hasToldOfFile = true
            warn(Problem(code: "cost.notKept", message: error.message, remedy: error.remedy))
        }
    }

    private func tell() {
        board.tell(CostBoard.Counted(session: meter.conversation.amount, spending: spending, sinceStart: sinceStart))
    }

    private func warn(_ problem: Problem) { bus.publish(Event(at: wallClock(), session: nil, .warning(problem))) }
}

extension Problem {
    fileprivate static func setAside(_ path: String) -> Problem {
        Problem(
            code: "cost.damaged",
            message: "What was spent before is not known: its file is damaged, or counts another currency.",
            remedy: "It was put at \(path). Day and month begin at nothing.")
    }
}
