/// Writes the text format 0.0.4 of Prometheus.
struct ExpositionText: Sendable {
    typealias Labels = KeyValuePairs<String, String>

    private(set) var text = ""

    /// Begins a family; its samples follow.
    mutating func begin(_ family: MetricFamily) {
        text += "# HELP \(family.name) \(Self.escapedHelp(family.help))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        let shown = labels.map { "\($0.key)=\"\(Self.escapedLabel($0.value))\"" }.joined(separator: ",")
        text += name + (shown.isEmpty ? "" : "{\(shown)}") + " \(Self.number(value))\n"
    }

    /// A family with one sample.
    mutating func single(_ family: MetricFamily, _ value: Double) {
        begin(family)
        sample(family.name, [:], value)
    }

    mutating func histogram(_ family: MetricFamily, _ histogram: Histogram) {
        begin(family)
        var below = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            below += count
            sample(family.name + "_bucket", ["le": Self.number(bound)], Double(below))
        }
        sample(family.name + "_bucket", ["le": "+Inf"], Double(histogram.count))
        sample(family.name + "_sum", [:], histogram.sum)
        sample(family.name + "_count", [:], Double(histogram.count))
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }
    private static func escapedLabel(_ text: String) -> String { escaped(text, quotes: true) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
