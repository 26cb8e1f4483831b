import Events
import Yams

/// What tokens cost, by model, direction and modality, as a dated file has it (config/prices.yaml).
package struct PriceTable: Sendable, Equatable {
    /// What a million tokens cost, by modality as the service names it.
    package struct Rates: Sendable, Equatable {
        var input: [String: Double]
        var output: [String: Double]

        /// A modality without a rate counts at the dearest of its direction: a budget is kept rather than passed.
        func cost(of tokens: UsageReport.Tokens) -> Double {
            Self.cost(tokens.input, at: input) + Self.cost(tokens.output, at: output)
        }

        private static func cost(_ tokens: [String: Int], at rates: [String: Double]) -> Double {
            let dearest = rates.values.max() ?? 0
            return tokens.reduce(0) { $0 + Double(max(0, $1.value)) / 1_000_000 * (rates[$1.key] ?? dearest) }
        }
    }

    /// Such as `USD`.
    package let currency: String
    /// When the prices were read, such as `2026-10-31`.
    package let date: String
    /// By a model's name, or its beginning and a `*`.
    let models: [String: Rates]

    /// The table that the program carries with it.
    package static func builtIn() throws(ObservationError) -> PriceTable {
        try PriceTable(yaml: builtInText, path: "the built-in price table")
    }

    /// The rates of the longest name that fits; nil for a model that is not in the table.
    package func rates(of model: String) -> Rates? {
        let name = model.split(separator: "/").last.map(String.init) ?? model
        let fitting = models.keys.filter { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
        return fitting.max { $0.utf8.count < $1.utf8.count }.flatMap { models[$0] }
    }

    /// - Parameter path: for messages.
    /// - Throws: with the line that is not as it must be.
    package init(yaml: String, path: String) throws(ObservationError) {
        let reader = Reader(path: path)
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw reader.unreadable(error)
        }
        let top = try reader.mapping(root, "a price table holds `date`, `currency` and `models`")
        currency = try reader.text(top["currency"], in: root, "`currency` is a word such as USD")
        date = try reader.text(top["date"], in: root, "`date` is a day such as 2026-10-31")
        var models: [String: Rates] = [:]
        for (name, node) in try reader.mapping(top["models"], "`models` holds models by name") {
            let directions = try reader.mapping(node, "a model has `input` and `output`")
            models[name] = Rates(
                input: try reader.rates(directions["input"], of: name),
                output: try reader.rates(directions["output"], of: name))
        }
        self.models = models
    }

    private struct Reader {
        let path: String

        func mapping(_ node: Node?, _ expected: String) throws(ObservationError) -> [String: Node] {
            guard let mapping = node?.mapping else { throw wrong(node, expected) }
            var members: [String: Node] = [:]
            for (key, value) in mapping { if let name = key.scalar?.string { members[name] = value } }
            return members
        }

        func text(_ node: Node?, in parent: Node?, _ expected: String) throws(ObservationError) -> String {
            guard let text = node?.scalar?.string, !text.isEmpty else { throw wrong(node ?? parent, expected) }
            return text
        }

        func rates(_ node: Node?, of model: String) throws(ObservationError) -> [String: Double] {
            var rates: [String: Double] = [:]
            for (modality, node) in try mapping(node, "`\(model)` has prices by modality for input and output") {
                guard let text = node.scalar?.string, let rate = Double(text), rate.isFinite, rate >= 0 else {
                    throw wrong(node, "the price of \(modality) is a number, 0 or more")
                }
                rates[modality] = rate
            }
            return rates
        }

        func unreadable(_ error: any Error) -> ObservationError {
            let (line, problem) =
                switch error {
                case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
                    YamlError.composer(_, let problem, let mark, _):
                    (mark.line, ": \(problem)")
                default: (1, "")
                }
            return ObservationError(
                .settings, "\(path):\(line): not YAML\(problem).",
                remedy: "The installed share/vivavoce/prices.yaml shows how a price table looks.")
        }

        private func wrong(_ node: Node?, _ expected: String) -> ObservationError {
            ObservationError(
                .settings, "\(path):\(node?.mark?.line ?? 1): \(expected).",
                remedy: "The installed share/vivavoce/prices.yaml shows how a price table looks.")
        }
    }
}
