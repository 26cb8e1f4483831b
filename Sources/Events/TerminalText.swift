/// Text as a terminal shows it: what is safe to send, and how many columns it takes.
package enum TerminalText {
    /// Makes a text that came from outside safe to print: one line, and nothing in it that commands the terminal.
    ///
    /// Line ends and tabs become spaces, other control characters (escape among them) U+FFFD; marks that turn the
    /// direction of writing go, because they can make a line read as something else than it says.
    package static func sanitized(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t", "\u{85}", "\u{2028}", "\u{2029}":
                if safe.last != " " { safe.append(" ") }
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{200E}", "\u{200F}", "\u{61C}": break
            case _ where scalar.properties.generalCategory == .control: safe.append("\u{FFFD}")
            default: safe.append(scalar)
            }
        }
        return String(safe)
    }

    /// Columns that a text takes, or a few more: an emoji joined of several counts as its parts, because terminals
    /// differ there, and a row that was thought too wide only ends early.
    ///
    /// - Parameter text: sanitized.
    package static func width(of text: some StringProtocol) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
    }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar {
        case "\u{FE0F}": return 1  // asks for an emoji's coloured form, which takes two columns instead of one
        case "\u{AD}": return 1  // a soft hyphen shows
        case _ where scalar.properties.isEmojiPresentation || isEastAsianWide(scalar): return 2
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return 1
        }
    }

    /// Wide and fullwidth characters of Unicode's EastAsianWidth.txt but for the emoji, by whole blocks.
    private static func isEastAsianWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F, 0x2E80...0x303E, 0x3041...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x1B2FF, 0x1D300...0x1D376, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// Cuts a text into rows, between words where that is possible.
    ///
    /// - Parameter columns: width of a row, at least 2, so that every character finds room.
    /// - Returns: at least one row; a space at which a row was cut is in neither row.
    package static func rows(of text: String, columns: Int) -> [String] {
        precondition(columns >= 2, "a wide character needs two columns")
        var rows: [String] = []
        var row = ""
        var rowWidth = 0
        var lastSpace: String.Index?
        for character in text {
            let characterWidth = width(of: String(character))
            if rowWidth + characterWidth > columns {
                if character == " " {
                    rows.append(row)
                    (row, rowWidth, lastSpace) = ("", 0, nil)
                    continue
                }
                if let space = lastSpace {
                    rows.append(String(row[..<space]))
                    row = String(row[row.index(after: space)...])
                    rowWidth = width(of: row)
                }
                if rowWidth + characterWidth > columns {
                    rows.append(row)
                    (row, rowWidth) = ("", 0)
                }
                lastSpace = nil
            }
            if character == " " { lastSpace = row.endIndex }
            row.append(character)
            rowWidth += characterWidth
        }
        return rows + [row]
    }

    /// The beginning of a text that fits.
    package static func clipped(_ text: String, columns: Int) -> String {
        var clipped = ""
        var taken = 0
        for character in text {
            taken += width(of: String(character))
            guard taken <= columns else { break }
            clipped.append(character)
        }
        return clipped
    }
}
