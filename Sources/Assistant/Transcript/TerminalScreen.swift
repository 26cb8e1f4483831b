import Events

/// What we know of a terminal: lines that are printed for good and, below them, a few live rows that change.
///
/// A pure model: every call answers with what to write. Rows are cut by us and never wrap by themselves, so it is
/// always known how far up the live rows begin; lines printed for good are left to the terminal's own wrapping, which
/// keeps them whole for copying. Texts must be sanitized.
package struct TerminalScreen: Sendable, Equatable {
    /// The live part, top to bottom.
    package struct Frame: Sendable, Equatable {
        package var lines: [Line]
        /// Whether the cursor shows, at the end of the last line.
        package var showsCursor: Bool

        package init(lines: [Line] = [], showsCursor: Bool = false) {
            self.lines = lines
            self.showsCursor = showsCursor
        }
    }

    package struct Line: Sendable, Equatable {
        package enum Style: Sendable, Equatable { case plain, dim }

        package var text: String
        package var style: Style
        /// Whether the end is cut off where it does not fit, instead of going on in a further row.
        package var isClipped: Bool

        package init(_ text: String, style: Style = .plain, isClipped: Bool = false) {
            self.text = text
            self.style = style
            self.isClipped = isClipped
        }
    }

    private struct Row: Equatable {
        var text: String
        var style: Line.Style
    }

    package private(set) var columns: Int
    package private(set) var rows: Int
    /// Whether `dim` is shown as such; not on terminals whose user set NO_COLOR.
    private let usesStyles: Bool
    /// The live rows as the terminal shows them; the cursor stands in the last.
    private var drawn: [Row] = []
    private var isCursorHidden = false
    /// The terminal may have wrapped the live rows anew since they were drawn.
    private var wasResized = false

    package init(columns: Int, rows: Int, usesStyles: Bool = true) {
        self.columns = max(4, columns)
        self.rows = max(2, rows)
        self.usesStyles = usesStyles
    }

    /// Takes the terminal's new size; draw afterwards.
    package mutating func resize(columns: Int, rows: Int) {
        self.columns = max(4, columns)
        self.rows = max(2, rows)
        wasResized = true
    }

    /// Prints lines for good and brings the live rows to what `frame` says.
    ///
    /// - Returns: what to write; empty when nothing changes.
    package mutating func draw(_ frame: Frame, printing lines: [String] = []) -> String {
        let wanted = layOut(frame)
        var output = ""
        if lines.isEmpty, wanted.count == drawn.count, !wasResized {
            output += rewriteChangedRows(wanted)
        } else {
            output += eraseLiveRows()
            for line in lines { output += line + "\r\n" }
            output += wanted.map(rendered).joined(separator: "\r\n")
        }
        drawn = wanted
        return output + cursor(isHidden: !frame.showsCursor && !wanted.isEmpty)
    }

    /// Takes the live rows away and gives the cursor back.
    package mutating func close() -> String {
        let output = eraseLiveRows()
        drawn = []
        return output + cursor(isHidden: false)
    }

    // MARK: Pieces

    /// The newest rows that fit; the terminal keeps one row for the line above, or moving up would stop too early.
    private func layOut(_ frame: Frame) -> [Row] {
        // The last column stays free: some terminals wrap when it is written, some when the next character comes.
        let width = columns - 1
        let rows = frame.lines.flatMap { line in
            let texts =
                line.isClipped
                ? [TerminalText.clipped(line.text, columns: width)] : TerminalText.rows(of: line.text, columns: width)
            return texts.map { Row(text: $0, style: line.style) }
        }
        return Array(rows.suffix(self.rows - 1))
    }

    private mutating func rewriteChangedRows(_ wanted: [Row]) -> String {
        guard wanted != drawn else { return "" }
        var output = ""
        var at = drawn.count - 1
        for index in wanted.indices where wanted[index] != drawn[index] || index == wanted.count - 1 {
            output += move(from: at, to: index) + "\r" + rendered(wanted[index]) + Escape.eraseToLineEnd
            at = index
        }
        return output
    }

    private mutating func eraseLiveRows() -> String {
        defer { wasResized = false }
        guard !drawn.isEmpty else { return "" }
        // A narrower terminal shows each row in as many rows as it now needs.
        let shown = drawn.reduce(0) { $0 + max(1, (TerminalText.width(of: $1.text) + columns - 1) / columns) }
        return move(from: shown - 1, to: 0) + "\r" + Escape.eraseToScreenEnd
    }

    private func rendered(_ row: Row) -> String {
        row.style == .dim && usesStyles ? Escape.dim + row.text + Escape.plain : row.text
    }

    private func move(from: Int, to: Int) -> String {
        if to < from { return Escape.up(from - to) }
        if to > from { return Escape.down(to - from) }
        return ""
    }

    private mutating func cursor(isHidden: Bool) -> String {
        guard isHidden != isCursorHidden else { return "" }
        isCursorHidden = isHidden
        return isHidden ? Escape.hideCursor : Escape.showCursor
    }

    /// Control sequences of ECMA-48 (and of the VT220 for the cursor), which every terminal of today knows.
    private enum Escape {
        static let eraseToLineEnd = "\u{1B}[K"
        static let eraseToScreenEnd = "\u{1B}[J"
        static let dim = "\u{1B}[2m"
        static let plain = "\u{1B}[0m"
        static let hideCursor = "\u{1B}[?25l"
        static let showCursor = "\u{1B}[?25h"
        static func up(_ count: Int) -> String { "\u{1B}[\(count)A" }
        static func down(_ count: Int) -> String { "\u{1B}[\(count)B" }
    }
}
