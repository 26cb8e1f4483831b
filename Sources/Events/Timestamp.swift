/// Wall-clock times as events carry them, in the words of ISO 8601.
package enum Timestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; also negative.
    /// - Returns: UTC to the millisecond, such as `2026-11-23T12:00:00.123Z`.
    package static func iso8601(_ milliseconds: Int64) -> String {
        var days = milliseconds / millisecondsPerDay
        var rest = milliseconds % millisecondsPerDay
        if rest < 0 {
            rest += millisecondsPerDay
            days -= 1
        }
        let (year, month, day) = civilDate(daysSinceEpoch: days)
        let seconds = rest / 1000
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
            + "T" + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2)
            + "." + padded(rest % 1000, 3) + "Z"
    }

    /// Proleptic Gregorian date of a day.
    ///
    /// Years are counted from March, so that the leap day is a year's last and months follow one formula: five months
    /// from March have 153 days, and so have the next five.
    private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let daysPerEra: Int64 = 146_097  // 400 years
        let sinceMarch0000 = daysSinceEpoch + 719_468  // days from 0000-03-01 to 1970-01-01
        let era = (sinceMarch0000 >= 0 ? sinceMarch0000 : sinceMarch0000 - daysPerEra + 1) / daysPerEra
        let dayOfEra = sinceMarch0000 - era * daysPerEra
        // Take away the leap days that passed: one in 4 years, none in 100, one in 400.
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / (daysPerEra - 1)) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
