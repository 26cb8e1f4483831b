import Testing

/// A small terminal that keeps a picture: what a person would see after everything that was written to it.
///
/// Knows what `TerminalScreen` may use and records an issue about anything else. Wraps as the VT100 does: the last
/// column is written first, and the next character begins the next row.
struct VirtualTerminal {
    private(set) var columns: Int
    private(set) var rows: Int
    /// Rows that scrolled off the top, then those on the screen.
    private var grid: [[Character]] = [[]]
    private var top = 0
    private var row = 0
    private var column = 0
    private var wrapsNext = false
    private(set) var isCursorVisible = true
    private(set) var isDim = false

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// Everything from the first row on, without spaces and empty rows at the ends.
    var picture: [String] {
        var lines = grid.map(Self.shown)
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    /// The last row of `picture`.
    var lastRow: String? { grid.lazy.reversed().map(Self.shown).first { !$0.isEmpty } }

    private static func shown(_ row: [Character]) -> String {
        var row = row.filter { $0 != rightHalf }
        while row.last == " " { row.removeLast() }
        return String(row)
    }

    var cursor: (row: Int, column: Int) { (row, column) }

    /// What stands in the right column of a wide character.
    private static let rightHalf: Character = "\u{FFFF}"

    mutating func write(_ text: String) {
        var input = Array(text)[...]
        while let character = input.popFirst() {
            switch character {
            case "\u{1B}": escape(&input)
            case "\r\n":
                column = 0
                wrapsNext = false
                lineFeed()
            case "\r":
                column = 0
                wrapsNext = false
            case "\n": lineFeed()
            default: put(character)
            }
        }
    }

    /// A new size, as terminals do that reflow: each row is shown in as many rows as it needs now.
    mutating func resize(columns: Int) {
        let cursorRow = row
        var reflowed: [[Character]] = []
        for (index, line) in grid.enumerated() {
            let needed = max(1, (line.count + columns - 1) / columns)
            if index == cursorRow { row = reflowed.count + (column - (column > 0 ? 1 : 0)) / columns }
            for part in 0..<needed {
                reflowed.append(Array(line.dropFirst(part * columns).prefix(columns)))
            }
        }
        column = max(0, column - 1) % columns + (column > 0 ? 1 : 0)
        grid = reflowed
        self.columns = columns
        top = max(top, grid.count - rows)
    }

    private mutating func escape(_ input: inout ArraySlice<Character>) {
        guard input.popFirst() == "[" else {
            Issue.record("an escape sequence that is no control sequence")
            return
        }
        var parameters = ""
        while let character = input.popFirst() {
            if character.isASCII, !character.isLetter {
                parameters.append(character)
                continue
            }
            control(character, parameters)
            return
        }
        Issue.record("an escape sequence without its end")
    }

    private mutating func control(_ final: Character, _ parameters: String) {
        wrapsNext = false
        switch (final, parameters) {
        case ("A", _): row = max(top, row - (Int(parameters) ?? 1))
        case ("B", _): row = min(top + rows - 1, row + (Int(parameters) ?? 1))
        case ("K", ""): cut(row, from: column)
        case ("J", ""):
            cut(row, from: column)
            grid.removeLast(max(0, grid.count - row - 1))
        case ("h", "?25"): isCursorVisible = true
        case ("l", "?25"): isCursorVisible = false
        case ("m", "2"): isDim = true
        case ("m", "0"): isDim = false
        default: Issue.record("an unknown control sequence: \(parameters)\(final)")
        }
    }

    private mutating func cut(_ row: Int, from column: Int) {
        guard row < grid.count, grid[row].count > column else { return }
        grid[row].removeLast(grid[row].count - column)
    }

    private mutating func lineFeed() {
        row += 1
        if row - top >= rows { top += 1 }
        while grid.count <= row { grid.append([]) }
    }

    private mutating func put(_ character: Character) {
        let isWide =
            character.unicodeScalars.contains { (0x1100...0xFFE6).contains($0.value) && $0.value > 0x2E7F }
            || character.unicodeScalars.contains { $0.value >= 0x1F300 }
        let width = isWide ? 2 : 1
        if wrapsNext || column + width > columns {
            column = 0
            lineFeed()
        }
        wrapsNext = false
        while grid.count <= row { grid.append([]) }
        while grid[row].count < column + width { grid[row].append(" ") }
        grid[row][column] = character
        if isWide { grid[row][column + 1] = Self.rightHalf }
        column += width
        if column == columns {
            wrapsNext = true
            column -= 1
        }
    }
}
