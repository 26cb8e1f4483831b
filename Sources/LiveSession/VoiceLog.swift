/// When somebody spoke, as our voice detector says: stretches of voice in positions of the voice ring.
///
/// Pure. It is told of edges in their order and asked how much voice, or quiet, a stretch holds. It remembers as much
/// as the longest question needs.
package struct VoiceLog: Equatable, Sendable {
    /// An edge of what the detector hears, at the first sample that is different.
    package enum Edge: Equatable, Sendable {
        case began(Int)
        case ended(Int)

        package var position: Int {
            switch self {
            case .began(let position), .ended(let position): position
            }
        }
    }

    private var stretches: [Range<Int>] = []
    /// Where the voice began that is heard now.
    private var open: Int?
    /// How far back it remembers, in samples.
    private let memory: Int
    /// Nothing before this position is remembered.
    private var start = 0

    /// Where the newest stretch that is remembered ended; nil while there is none.
    package var lastEnd: Int? { stretches.last?.upperBound }

    package init(memory: Int) { self.memory = memory }

    /// A voice is heard, as of the newest edge.
    package var hearsVoice: Bool { open != nil }

    package mutating func note(_ edge: Edge) {
        switch (edge, open) {
        case (.began(let position), nil): open = max(position, start, stretches.last?.upperBound ?? 0)
        case (.ended(let position), let from?):
            if position > from { stretches.append(from..<position) }
            open = nil
            stretches.removeAll { $0.upperBound <= position - memory }
        case (.began, _?), (.ended, nil): break  // one in between was lost, and the newest counts
        }
    }

    /// What lies before `position` is not asked for any more.
    package mutating func forget(before position: Int) {
        start = max(start, position)
        stretches.removeAll { $0.upperBound <= position }
        if let first = stretches.first { stretches[0] = max(first.lowerBound, position)..<first.upperBound }
        open = open.map { max($0, position) }
    }

    /// Samples of voice at these positions; what is heard now goes on to their end.
    package func voice(in positions: Range<Int>) -> Int {
        all(until: positions.upperBound).reduce(0) { $0 + $1.clamped(to: positions).count }
    }

    /// Where the first voice began that is heard at these positions, which may be before them; nil when there is none.
    package func onset(in positions: Range<Int>) -> Int? {
        all(until: positions.upperBound).first { !$0.clamped(to: positions).isEmpty }?.lowerBound
    }

    /// The first position at which a window that ends there holds no more than so much voice, and nobody speaks.
    ///
    /// - Parameters:
    ///   - window: length in samples; it must lie behind `position` as a whole.
    ///   - most: samples of voice in it.
    /// - Returns: nil while a voice is heard.
    package func quiet(after position: Int, window: Int, most: Int) -> Int? {
        guard open == nil else { return nil }
        let candidate = max(position + window, stretches.last?.upperBound ?? 0)
        var excess = voice(in: candidate - window..<candidate) - most
        guard excess > 0 else { return candidate }
        // As the window moves on, voice leaves it at its beginning.
        for stretch in stretches {
            let inside = stretch.clamped(to: candidate - window..<candidate)
            if inside.count >= excess { return inside.lowerBound + excess + window }
            excess -= inside.count
        }
        return candidate
    }

    private func all(until position: Int) -> [Range<Int>] {
        guard let open, open < position else { return stretches }
        return stretches + [open..<position]
    }
}
