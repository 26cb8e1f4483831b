/// Makes texts that came from outside fit for a message.
enum Redaction {
    /// In quotes, on one line, shortened; hidden altogether when it looks like a key that went to the wrong place.
    static func quote(_ text: String) -> String { "\"\(clip(text))\"" }

    /// As `quote`, without the quotes.
    static func clip(_ text: String, longest: Int = 60) -> String {
        if looksLikeKey(text) { return "••• (a key?)" }
        let printable = text.unicodeScalars.prefix(longest + 1).map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "\u{FFFD}" : String(scalar)
        }
        return printable.prefix(longest).joined() + (printable.count > longest ? "…" : "")
    }

    /// Whether some part of the text is shaped as Google's keys and tokens are (`AIza…`, `AQ.…`, `auth_tokens/…`).
    private static func looksLikeKey(_ text: String) -> Bool {
        ["AIza", "AQ.", "auth_tokens/"].contains { text.contains($0) }
    }
}
