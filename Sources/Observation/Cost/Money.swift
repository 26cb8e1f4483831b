/// Amounts of money for people.
package enum Money {
    /// With four digits after the point where two do not say it all: a turn costs hundredths of a cent.
    package static func text(_ amount: Double) -> String {
        let parts = Int64((min(max(amount, 0), 1e12) * 10_000).rounded())
        let digits = String(parts % 10_000)
        let fraction = String(repeating: "0", count: 4 - digits.utf8.count) + digits
        let shown = fraction.hasSuffix("00") ? String(fraction.prefix(2)) : fraction
        return "\(parts / 10_000).\(shown)"
    }
}
