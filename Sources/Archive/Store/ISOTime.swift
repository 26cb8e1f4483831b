import Events
import Glibc

/// Times as people and files write them, in the words of ISO 8601.
package enum ISOTime {
    /// Reads a time such as `2026-11-23T12:00:00.123Z`, with any fraction of a second and any zone; also a date alone,
    /// or a time without a zone, which are this machine's.
    ///
    /// - Returns: milliseconds since 1970; nil for what is no time. Years 1 … 9999.
    package static func milliseconds(_ text: String) -> Int64? {
        var reader = Reader(text: Array(text.utf8))
        guard let date = reader.date() else { return nil }
        var time = date
        var fraction: Int64 = 0
        if reader.take("T") || reader.take(" ") {
            guard let hour = reader.number(2, in: 0...23), reader.take(":"), let minute = reader.number(2, in: 0...59)
            else { return nil }
            (time.tm_hour, time.tm_min) = (CInt(hour), CInt(minute))
            if reader.take(":") {
                guard let second = reader.number(2, in: 0...60) else { return nil }
                time.tm_sec = CInt(second)
                guard let read = reader.fraction() else { return nil }
                fraction = read
            }
            guard let zone = reader.zone() else { return nil }
            guard reader.isAtEnd else { return nil }
            if let offset = zone.seconds { return (Int64(timegm(&time)) - offset) * 1000 + fraction }
        }
        guard reader.isAtEnd else { return nil }
        time.tm_isdst = -1
        return Int64(mktime(&time)) * 1000 + fraction
    }

    /// Reads a bound as people give it: a time as above, so many days ago (`7d`), or a whole day: a date, `today` or
    /// `yesterday`.
    ///
    /// - Parameters:
    ///   - isEnd: whether a whole day is meant to be within: its end is returned, otherwise its begin.
    ///   - now: milliseconds since 1970.
    /// - Returns: milliseconds since 1970; nil for what is no time.
    package static func bound(_ text: String, isEnd: Bool, now: Int64) -> Int64? {
        let days = ["today": 0, "yesterday": -1]
        if let days = days[text] { return midnight(now, daysLater: days + (isEnd ? 1 : 0)) }
        if text.last == "d", let ago = Int64(text.dropLast()), (0...36_500).contains(ago) {
            return now - ago * 86_400_000
        }
        guard let time = milliseconds(text) else { return nil }
        let isDay = text.utf8.count == "2026-11-23".utf8.count
        return isDay && isEnd ? midnight(time, daysLater: 1) : time
    }

    /// Local time for people, such as `2026-11-23 12:00:00`.
    package static func local(_ milliseconds: Int64) -> String {
        let time = localTime(milliseconds)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(time.tm_year + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday)) "
            + "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))"
    }

    private static func localTime(_ milliseconds: Int64) -> tm {
        var seconds = time_t(milliseconds.quotientAndRemainder(dividingBy: 1000).quotient)
        var time = tm()
        localtime_r(&seconds, &time)
        return time
    }

    private static func midnight(_ milliseconds: Int64, daysLater: Int) -> Int64 {
        var time = localTime(milliseconds)
        (time.tm_hour, time.tm_min, time.tm_sec, time.tm_isdst) = (0, 0, 0, -1)
        time.tm_mday += CInt(daysLater)
        return Int64(mktime(&time)) * 1000
    }

    /// For file names: `20261123T120000Z`.
    static func compact(_ milliseconds: Int64) -> String {
        Timestamp.iso8601(milliseconds).prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" } + "Z"
    }

    private struct Reader {
        let text: [UInt8]
        var position = 0

        var isAtEnd: Bool { position == text.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        /// So many digits.
        mutating func number(_ digits: Int, in range: ClosedRange<Int>) -> Int? {
            guard position + digits <= text.count else { return nil }
            var value = 0
            for byte in text[position..<position + digits] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            position += digits
            return range.contains(value) ? value : nil
        }

        mutating func date() -> tm? {
            guard let year = number(4, in: 1...9999), take("-"), let month = number(2, in: 1...12), take("-"),
                let day = number(2, in: 1...31)
            else { return nil }
            var date = tm()
            (date.tm_year, date.tm_mon, date.tm_mday) = (CInt(year - 1900), CInt(month - 1), CInt(day))
            // 31 April would become 1 May.
            var normal = date
            timegm(&normal)
            return normal.tm_mday == date.tm_mday ? date : nil
        }

        /// Milliseconds of what follows the seconds; further digits are read and cut off.
        mutating func fraction() -> Int64? {
            guard take(".") || take(",") else { return 0 }
            var value: Int64 = 0
            var digits = 0
            while let digit = number(1, in: 0...9) {
                if digits < 3 { value = value * 10 + Int64(digit) }
                digits += 1
            }
            guard digits > 0 else { return nil }
            for _ in min(digits, 3)..<3 { value *= 10 }
            return value
        }

        /// East of Greenwich; `seconds` is nil for this machine's zone.
        mutating func zone() -> (seconds: Int64?, Void)? {
            if isAtEnd { return (nil, ()) }
            if take("Z") { return (0, ()) }
            let sign: Int64 = take("-") ? -1 : 1
            guard sign < 0 || take("+"), let hours = number(2, in: 0...14) else { return nil }
            _ = take(":")
            guard let minutes = isAtEnd ? 0 : number(2, in: 0...59) else { return nil }
            return (sign * Int64(hours * 3600 + minutes * 60), ())
        }
    }
}
