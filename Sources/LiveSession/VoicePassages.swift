/// Which stretches of the captured voice are wanted, in positions of the voice ring, and what of them a line was told.
///
/// Pure. Passages are in order and do not overlap; only the first is under way, and only the last may have no end yet.
struct VoicePassages: Equatable, Sendable {
    private struct Passage: Equatable, Sendable {
        var from: Int
        /// Nil while it goes on; may lie ahead of what has been captured.
        var to: Int?
        /// The line that is open has been told that it began.
        var isBegun = false
        /// Some line has been.
        var wasBegun = false
    }

    /// What goes up next of the first passage.
    enum Step: Equatable, Sendable {
        case begin
        /// At most so many samples; nil for no bound.
        case voice(atMost: Int?)
        case end
    }

    private var passages: [Passage] = []
    /// An end that was told, and that the service has shown no sign of.
    private var unsureEnd: Int?

    var isEmpty: Bool { passages.isEmpty }

    /// Where the first passage begins: nothing before it is wanted.
    var start: Int? { passages.first?.from }

    /// Voice from `position` on is wanted.
    mutating func begin(from position: Int) {
        guard passages.last.map({ $0.to != nil }) ?? true else { return }
        passages.append(Passage(from: max(position, passages.last?.to ?? position), to: nil))
    }

    /// Voice from `position` on is wanted no longer; the last end may be moved forward.
    mutating func end(at position: Int) {
        guard let last = passages.last else { return }
        guard position >= last.from || last.wasBegun else {
            passages.removeLast()
            return
        }
        let to = max(position, last.from)
        passages[passages.count - 1].to = min(last.to ?? to, to)
    }

    /// How many samples at these positions are wanted.
    func wanted(in positions: Range<Int>) -> Int {
        passages.reduce(0) { sum, passage in
            let from = max(passage.from, positions.lowerBound)
            return sum + max(0, min(passage.to ?? positions.upperBound, positions.upperBound) - from)
        }
    }

    /// - Parameters:
    ///   - waiting: the voice that has been captured and not been sent.
    ///   - repeats: something sent before is to be sent again, ahead of it.
    /// - Returns: nil when there is nothing to be said now.
    mutating func next(_ waiting: Range<Int>, repeats: Bool) -> Step? {
        forgetLost(before: waiting.lowerBound, repeats: repeats)
        guard let first = passages.first else { return nil }
        let isOver = first.to.map { $0 <= waiting.lowerBound } ?? false
        let hasVoice = repeats || (waiting.upperBound > first.from && !waiting.isEmpty)
        if !first.isBegun { return hasVoice || isOver ? .begin : nil }
        if isOver, !repeats { return .end }
        return .voice(atMost: first.to.map { $0 - waiting.lowerBound })
    }

    /// The first passage's beginning has been told. - Returns: whether no other line had been told before.
    mutating func begun() -> Bool {
        defer { passages[0].wasBegun = true }
        unsureEnd = nil
        passages[0].isBegun = true
        return !passages[0].wasBegun
    }

    /// The first passage's end has been told.
    mutating func ended() { unsureEnd = passages.removeFirst().to }

    /// The service has answered to an end.
    mutating func endArrived() { unsureEnd = nil }

    /// The line under way is not any more. - Parameter isBroken: what it was told last may not have arrived.
    mutating func lineEnded(isBroken: Bool) {
        if !passages.isEmpty { passages[0].isBegun = false }
        if isBroken, let end = unsureEnd.take() {
            passages.insert(Passage(from: end, to: end, wasBegun: true), at: 0)
        }
    }

    /// A line that knows nothing yet; those before it have read everything, or `lineEnded` said otherwise.
    mutating func lineOpened() { unsureEnd = nil }

    /// A passage that was dropped whole before any line heard of it never was.
    private mutating func forgetLost(before position: Int, repeats: Bool) {
        while !repeats, let first = passages.first, let to = first.to, first.from < to, to <= position,
            !first.wasBegun
        {
            passages.removeFirst()
        }
    }
}
