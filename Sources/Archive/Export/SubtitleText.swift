/// Cues in the two forms that players read.
enum SubtitleText {
    /// SubRip: `00:00:01,500 --> 00:00:03,000`.
    static func srt(_ cues: [Cue]) -> String {
        cues.enumerated().map { index, cue in
            // An arrow in a text would be taken for a cue's times.
            let text = cue.rows.joined(separator: "\n").replacing("-->", with: "→")
            return "\(index + 1)\n\(time(cue.begin, ",")) --> \(time(cue.end, ","))\n\(text)\n\n"
        }.joined()
    }

    /// WebVTT without its first line, with voice spans (W3C WebVTT, section 3.3).
    static func vtt(_ cues: [Cue]) -> String {
        cues.map { cue in
            let text = cue.rows.map(escaped).joined(separator: "\n")
            return "\n\(time(cue.begin, ".")) --> \(time(cue.end, "."))\n<v \(cue.speaker.title)>\(text)</v>\n"
        }.joined()
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func time(_ milliseconds: Int64, _ point: String) -> String {
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let seconds = milliseconds / 1000
        return padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + point
            + padded(milliseconds % 1000, 3)
    }
}
