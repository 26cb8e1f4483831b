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
        for (modality, tokens) in turn.input { Ledger.add(tokens, of: modality, to: &session.input) }
        for (modality, tokens) in turn.output { Ledger.add(tokens, of: modality, to: &session.output) }
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
        var tokens: [String: Int] = [:]
        for count in counts { add(count.tokens, of: count.modality, to: &tokens) }
        return tokens
    }

    /// Modalities told apart. There are five; whatever a service makes up beyond these is added up as one.
    private static let mostModalities = 16

    private static func add(_ tokens: Int, of modality: String, to counts: inout [String: Int]) {
        let name = Redaction.clip(modality)
        let isKept = counts[name] != nil || counts.count < mostModalities
        let key = isKept ? name : "OTHER"
        counts[key] = sum(counts[key] ?? 0, tokens)
    }
}
