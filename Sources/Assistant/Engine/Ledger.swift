import Events
import LiveProtocol

/// Adds up what the service says a response cost.
struct Ledger: Equatable, Sendable {
    private var session = UsageReport.Tokens()

    /// - Parameter usage: of one response; counts are not cumulative (gemini-live §4.3).
    mutating func add(_ usage: Usage) -> UsageReport {
        let turn = UsageReport.Tokens(
            input: Ledger.byModality(usage.promptByModality, total: usage.prompt),
            output: Ledger.byModality(usage.responseByModality, total: usage.response), total: usage.total)
        session.input.merge(turn.input, uniquingKeysWith: Ledger.sum)
        session.output.merge(turn.output, uniquingKeysWith: Ledger.sum)
        session.total = Ledger.sum(session.total, turn.total)
        return UsageReport(turn: turn, session: session)
    }

    /// The service's numbers may be anything, so their sum stays at the largest there is.
    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflows) = one.addingReportingOverflow(other)
        return overflows ? (one < 0 ? .min : .max) : sum
    }

    private static func byModality(_ counts: [Usage.ModalityCount], total: Int) -> [String: Int] {
        if counts.isEmpty { return total == 0 ? [:] : ["UNSPECIFIED": total] }
        return Dictionary(counts.map { ($0.modality, $0.tokens) }, uniquingKeysWith: sum)
    }
}
