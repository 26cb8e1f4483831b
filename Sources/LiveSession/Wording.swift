/// The text of one turn as it grows, pinned to the speech it came with.
///
/// The service promises no order between transcript and audio (gemini-live §5 rule 8): text may run seconds ahead of
/// the speech it belongs to, or behind. So a piece is pinned to what had been received when it came, and never taken
/// to be spoken faster than people speak.
package struct Wording: Equatable, Sendable {
    /// When `characters` were known, this much of the turn's speech had been received.
    private struct Anchor: Equatable, Sendable {
        var samples: Int
        var characters: Int
    }

    package private(set) var settled = ""
    /// The latest interim text; it replaces itself and gives way to settled text.
    package private(set) var interim = ""
    package private(set) var language: String?
    private var anchors: [Anchor] = []

    package init() {}

    package var text: String { Wording.tidied(settled + interim) }
    package var isEmpty: Bool { settled.isEmpty && interim.isEmpty }

    /// - Parameter samples: speech of this turn received so far.
    package mutating func append(_ piece: String, language: String?, samples: Int) {
        settled += piece
        interim = ""
        if let language { self.language = language }
        let anchor = Anchor(samples: samples, characters: settled.count)
        if anchors.last?.samples == samples { anchors.removeLast() }
        anchors.append(anchor)
    }

    package mutating func replaceInterim(_ piece: String, language: String?) {
        interim = piece
        if let language { self.language = language }
    }

    /// The part that was played when `heard` samples of the turn's speech had left the device: whole words only.
    package func heard(samples heard: Int, samplesPerSecond: Int) -> String {
        let spoken = Double(max(heard, 0)) / Double(samplesPerSecond)
        let fastest = Int(spoken * Wording.fastestCharactersPerSecond)
        let characters = min(interpolated(at: max(heard, 0)), fastest, settled.count)
        guard characters < settled.count else { return Wording.tidied(settled) }
        let cut = settled.index(settled.startIndex, offsetBy: characters)
        if settled[cut].isWhitespace { return Wording.tidied(String(settled[..<cut])) }
        guard let space = settled[..<cut].lastIndex(where: \.isWhitespace) else { return "" }
        return Wording.tidied(String(settled[..<space]))
    }

    private func interpolated(at samples: Int) -> Int {
        var before = Anchor(samples: 0, characters: 0)
        for anchor in anchors {
            guard samples >= anchor.samples else {
                let span = anchor.samples - before.samples
                let share = Double(samples - before.samples) / Double(span)
                return before.characters + Int(share * Double(anchor.characters - before.characters))
            }
            before = anchor
        }
        return before.characters
    }

    /// Fast speech; conversational English is near 15 characters a second.
    private static let fastestCharactersPerSecond = 25.0

    private static func tidied(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
