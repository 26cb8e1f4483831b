import Events

/// Some words of a speaker, as subtitles show them.
struct Cue: Equatable, Sendable {
    var speaker: Party
    /// Milliseconds since the conversation's start.
    var begin: Int64
    var end: Int64
    /// One or two, of at most `CueMaker.columns`, the label's included.
    var rows: [String]
    /// It is the first of its line.
    var beginsLine: Bool
}

/// Cuts lines into cues that can be read: two short rows, long enough to be read, and one after the other.
struct CueMaker {
    /// Of a row; characters of East Asia take two.
    static let columns = 42
    static let mostRows = 2
    static let shortest: Int64 = 1_000
    static let longest: Int64 = 7_000
    /// Columns that people read in a second.
    static let readingSpeed: Int64 = 17

    private let start: Int64
    /// The first cue of each line begins with the speaker's name, and so does one that follows the other speaker's.
    private let isLabelled: Bool

    init(_ session: ArchivedSession, isLabelled: Bool = false) {
        start = session.startedAt
        self.isLabelled = isLabelled
    }

    /// - Returns: in the order in which they begin; those of one speaker do not overlap.
    func cues(of lines: [ArchivedLine]) -> [Cue] {
        let bySpeaker = [Party.user, .model].map { speaker in
            paced(lines.filter { $0.speaker == speaker }.sorted { $0.begin < $1.begin }.flatMap(cues))
        }
        return labelled(bySpeaker.joined().sorted { $0.begin < $1.begin })
    }

    /// Rows were made with room for a name; it stays where it is needed to know who speaks.
    private func labelled(_ cues: [Cue]) -> [Cue] {
        cues.enumerated().map { index, cue in
            var cue = cue
            let isKnown = index > 0 && cues[index - 1].speaker == cue.speaker && !cue.beginsLine
            if isKnown { cue.rows[0].removeFirst(label(cue.speaker).count) }
            return cue
        }
    }

    /// Empty where cues have none.
    private func label(_ speaker: Party) -> String { isLabelled ? speaker.title + ": " : "" }

    /// Gives each cue the time to be read, as far as there is some before the next one of its speaker.
    private func paced(_ cues: [Cue]) -> [Cue] {
        var paced: [Cue] = []
        for (index, cue) in cues.enumerated() {
            var cue = cue
            cue.begin = max(cue.begin, paced.last?.end ?? 0)
            let width = cue.rows.reduce(0) { $0 + TerminalText.width(of: $1) }
            let wanted = max(cue.end, cue.begin + Int64(width) * 1_000 / Self.readingSpeed)
            let next = index + 1 < cues.count ? cues[index + 1].begin : .max
            let shortest = cue.begin + Self.shortest
            cue.end = min(max(shortest, min(wanted, next)), cue.begin + Self.longest)
            paced.append(cue)
        }
        return paced
    }

    /// Those of one line, with the times of their words.
    private func cues(of line: ArchivedLine) -> [Cue] {
        var words = TimedWords(line).words[...]
        var cues: [Cue] = []
        while let first = words.first {
            let label = label(line.speaker)
            let count = cut(words, after: label)
            let taken = words.prefix(count)
            words = words.dropFirst(count)
            var rows = Self.rows(of: taken, after: label) ?? [label + taken.map(\.text).joined()]
            if words.isEmpty { rows[rows.count - 1] += line.tail }
            cues.append(
                Cue(
                    speaker: line.speaker, begin: max(0, first.begin - start),
                    end: max(0, (taken.last?.end ?? first.end) - start), rows: rows, beginsLine: cues.isEmpty))
        }
        return cues
    }

    /// How many words make the next cue: as many as fit, and rather up to the end of a sentence or a clause.
    private func cut(_ words: ArraySlice<TimedWord>, after label: String) -> Int {
        guard let first = words.first else { return 0 }
        var count = 1
        for word in words.dropFirst() {
            guard word.end - first.begin <= Self.longest, Self.rows(of: words.prefix(count + 1), after: label) != nil
            else { break }
            count += 1
        }
        guard count < words.count else { return count }
        let half = (count + 1) / 2
        let taken = Array(words.prefix(count))
        for isPlace in [\TimedWord.endsSentence, \.endsClause] {
            if let last = taken.lastIndex(where: { $0[keyPath: isPlace] }), last + 1 >= half { return last + 1 }
        }
        return count
    }

    /// Words in rows; nil where they do not fit. Room is left for a mark behind them.
    static func rows(of words: ArraySlice<TimedWord>, after label: String) -> [String]? {
        var rows = [label]
        var isEmpty = true
        for word in words {
            let text = (isEmpty || !word.isSpaced ? "" : " ") + word.text
            if TerminalText.width(of: rows[rows.count - 1]) + TerminalText.width(of: text) <= columns - 2 {
                rows[rows.count - 1] += text
            } else {
                guard rows.count < mostRows, TerminalText.width(of: word.text) <= columns - 2 else { return nil }
                rows.append(word.text)
            }
            isEmpty = false
        }
        return rows
    }
}
