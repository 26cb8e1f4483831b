/// How much speech to hold before it plays, learnt from how late speech has come.
///
/// What would have been enough is read off the level: speech that began to play with `start` samples waiting and was
/// down to `left` when more came, would have survived with `start − left` of them. A level from which nothing more came
/// was the end of an answer and says nothing. Grows at once; shrinks by halves until something was torn, because a
/// good network deserves a quick answer, and after that slowly, over minutes of speech.
struct CushionDepth: Equatable, Sendable {
    /// Samples.
    private(set) var depth: Int
    /// Nil: it stays as it is.
    private let bounds: ClosedRange<Int>?
    /// Samples waiting when speech began to play; beyond twice the depth it is a burst and no measure of a cushion.
    private var start = 0
    /// Samples waiting after the last period.
    private var left = 0
    /// The most that was needed, and samples played, since the depth was last reconsidered.
    private var needed = 0
    private var played = 0
    private var wasTorn = false

    init(_ depth: Int, within bounds: ClosedRange<Int>?) {
        self.depth = bounds.map { min(max(depth, $0.lowerBound), $0.upperBound) } ?? depth
        self.bounds = bounds
    }

    /// Speech begins to play, `waiting` samples of it there.
    mutating func begin(waiting: Int) {
        start = min(waiting, 2 * depth)
        left = waiting
    }

    /// `count` of `waiting` samples are played.
    mutating func play(_ count: Int, of waiting: Int) {
        if waiting > left { need(start - left) }
        left = waiting - count
        played += count
        if played >= longWhile { reconsider() }
    }

    /// An answer is over.
    mutating func end() { if !wasTorn, played >= depth { reconsider() } }

    /// Speech goes on after a gap: nothing came for `dry` samples' time after the last was played.
    mutating func resume(after dry: Int) {
        wasTorn = true
        need(start + dry)
    }

    private mutating func need(_ samples: Int) {
        needed = max(needed, samples)
        depth = max(depth, enough(for: needed))
    }

    /// A quarter more than was needed, because the next one will be a little later.
    private func enough(for needed: Int) -> Int {
        guard let bounds else { return depth }
        return min(max(needed + needed / 4, bounds.lowerBound), bounds.upperBound)
    }

    /// A hundred times the smallest cushion: seconds.
    private var longWhile: Int { bounds.map { max(1, $0.lowerBound) * 100 } ?? .max }

    private mutating func reconsider() {
        let excess = depth - enough(for: needed)
        depth -= wasTorn ? excess / 8 : (excess + 1) / 2
        needed = 0
        played = 0
    }
}
