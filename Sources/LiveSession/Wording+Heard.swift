import WritingSystems

/// How far the words had come when so much of the speech had been heard.
extension Wording {
    /// Marks that a line has at most.
    package static let mostMarks = 64
    /// Conversational English, in characters a second; what is taken until the turn shows its own speed.
    private static let usualSpeed = 15.0
    /// Seconds. Where the text is ahead, a piece's last word is yet to be begun when it comes, not over.
    private static let halfAWord = 0.15
    /// From languages that put a word into a character, to fast speech.
    private static let speeds = 3.0...25.0

    /// Seconds of silence behind the last word of a turn, and by how much that word is longer than others.
    private static let pauseAtEnd = 0.45

    /// By how many samples the text ran ahead of a turn that is received whole: its last words came so long before they
    /// were over. Nil without words.
    func lead(of total: Int, samplesPerSecond: Int) -> Int? {
        anchors.last.map { max(0, total - Int(Self.pauseAtEnd * Double(samplesPerSecond)) - $0.samples) }
    }

    /// The part that was played when `heard` samples of the turn's speech had left the device: whole words only, or whole
    /// characters in a script without spaces.
    ///
    /// - Parameter lead: by how many samples the text runs ahead; nil: as far as the turn's beginning shows.
    package func heard(samples heard: Int, samplesPerSecond: Int, lead: Int? = nil) -> String {
        let count = spoken(at: max(heard, 0), samplesPerSecond: samplesPerSecond, lead: lead)
        guard count < characters else { return Wording.tidied(settled) }
        let scalars = settled.unicodeScalars
        var end = scalars.index(scalars.startIndex, offsetBy: count)
        while end > scalars.startIndex, !mayEnd(before: end) { end = scalars.index(before: end) }
        return Wording.tidied(String(settled[..<end]))
    }

    /// Whether a word may be over here, behind the first scalar and before the last.
    private func mayEnd(before next: String.Index) -> Bool {
        let scalars = settled.unicodeScalars
        if scalars[next].properties.isWhitespace { return true }
        let isBesideUnspaced =
            Unspaced.mayPart(at: scalars[next]) || Unspaced.mayPart(at: scalars[scalars.index(before: next)])
        return isBesideUnspaced && next.samePosition(in: settled) != nil
    }

    /// How far `text` had come after so many samples of the turn's speech.
    ///
    /// - Parameters:
    ///   - heard: samples that were played before the cut; nil when nothing was cut.
    ///   - total: samples of the turn.
    /// - Returns: at most `mostMarks`; both members grow. Empty for a turn without speech.
    func marks(
        heard: Int?, of total: Int, samplesPerSecond: Int, lead: Int? = nil
    ) -> [(characters: Int, samples: Int)] {
        guard total > 0 else { return [] }
        let blank = settled.unicodeScalars.prefix { $0.properties.isWhitespace }.count
        let last =
            if let heard {
                Anchor(
                    samples: heard,
                    characters: blank
                        + self.heard(samples: heard, samplesPerSecond: samplesPerSecond, lead: lead).unicodeScalars
                        .count)
            } else {
                Anchor(samples: total, characters: blank + Wording.tidied(settled).unicodeScalars.count)
            }
        var points = shifted(samplesPerSecond: samplesPerSecond, lead: lead).prefix {
            $0.samples < last.samples && $0.characters <= last.characters
        }
        if points.last?.characters != last.characters { points.append(last) }
        let marks = points.filter { $0.characters > blank }.map { ($0.characters - blank, $0.samples) }
        guard marks.count > Self.mostMarks else { return marks }
        return (0..<Self.mostMarks).map { marks[$0 * (marks.count - 1) / (Self.mostMarks - 1)] }
    }

    private func spoken(at samples: Int, samplesPerSecond: Int, lead: Int?) -> Int {
        let fastest = Double(samples) / Double(samplesPerSecond) * Self.speeds.upperBound
        var before = Anchor(samples: 0, characters: 0)
        for anchor in shifted(samplesPerSecond: samplesPerSecond, lead: lead) {
            guard samples >= anchor.samples else {
                let share = Double(samples - before.samples) / Double(anchor.samples - before.samples)
                before.characters += Int(share * Double(anchor.characters - before.characters))
                break
            }
            before = anchor
        }
        return min(before.characters, Int(min(fastest, Double(Wording.mostBytes))), characters)
    }

    /// The anchors where their words are spoken: a service that writes ahead of its voice does so by about as much all
    /// the time. Where nobody knows how much, it shows where the turn begins, with words for which there was no time yet.
    private func shifted(samplesPerSecond: Int, lead: Int?) -> [Anchor] {
        if let lead { return anchors.map { Anchor(samples: $0.samples + lead, characters: $0.characters) } }
        guard let first = anchors.first, let last = anchors.last else { return [] }
        let perSecond = Double(samplesPerSecond)
        let seconds = Double(last.samples - first.samples) / perSecond
        let own = Double(last.characters - first.characters) / max(seconds, 2)
        let speed = seconds < 2 ? Self.usualSpeed : min(max(own, Self.speeds.lowerBound), Self.speeds.upperBound)
        let early = anchors.prefix { $0.samples <= first.samples + samplesPerSecond }
        let ahead = early.reduce(0) { $0 + Double($1.characters) / speed - Double($1.samples) / perSecond }
        let mean = max(0, ahead / Double(early.count))
        let lead = Int((mean + min(mean, Self.halfAWord)) * perSecond)
        return anchors.map { Anchor(samples: $0.samples + lead, characters: $0.characters) }
    }
}
