/// Decides when speech starts to play, so that jitter on the way does not tear it (pitfall 42), and when it is over.
///
/// Asked once per period; has no clock, because the periods it is asked for are one. Speech begins once `depth` of it
/// waits, or its end is known, or it has waited for as long as `depth` lasts. Running dry in mid-speech makes it wait
/// for a cushion again.
///
/// The depth is fixed, or follows what the network needs (`CushionDepth`).
package struct Cushion: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        /// Nothing to play, or not yet enough. `waited`: samples' time since the first of it was seen.
        case filling(waited: Int)
        case playing
        /// As `filling`, in the middle of an answer: when it goes on, the listener has heard a gap. `dry`: samples' time
        /// for which there was nothing.
        case starved(waited: Int, dry: Int)
    }

    private var learnt: CushionDepth
    package private(set) var state = State.filling(waited: 0)
    /// Gaps that tore speech: it ran dry in mid-answer and went on later.
    package private(set) var underruns = 0

    /// - Parameters:
    ///   - depth: samples to hold before the first of them plays; 0 plays at once.
    ///   - bounds: between which the depth follows what is needed; nil for a fixed one.
    /// - Precondition: none of these is negative.
    package init(depth: Int, within bounds: ClosedRange<Int>? = nil) {
        precondition(depth >= 0 && bounds?.lowerBound ?? 0 >= 0, "a cushion of \(depth) samples")
        learnt = CushionDepth(depth, within: bounds)
    }

    /// Samples to hold before the first of them plays, as of now.
    package var depth: Int { learnt.depth }

    /// How many samples may play now.
    ///
    /// - Parameters:
    ///   - wanted: samples that the device has room for, which is also the time that passes until the next call.
    ///   - waiting: samples that there are.
    ///   - finished: how many of these belong to speech whose end is known; 0 when no end lies ahead.
    /// - Returns: at most `min(wanted, waiting)`.
    package mutating func admit(wanted: Int, waiting: Int, finished: Int) -> Int {
        guard wanted > 0 else { return 0 }  // no time passes
        if case .starved(let waited, let dry) = state, waited == 0, waiting > 0 { learnt.resume(after: dry) }
        guard isReady(waiting: waiting, finished: finished) else {
            wait(wanted, isEmpty: waiting == 0)
            return 0
        }
        if state != .playing { begin(waiting: waiting) }
        let count = play(wanted: wanted, waiting: waiting, finished: finished)
        if finished == 0 { learnt.play(count, of: waiting) }
        return count
    }

    /// Whether speech ran dry in mid-answer and has not gone on.
    package var isStarved: Bool { state.isStarved }

    /// What waited was dropped or is held: what comes next fills its own cushion.
    package mutating func cut() { end() }

    /// The end of the speech played last became known after its last sample had been played: nothing was torn.
    package mutating func finish() {
        if case .starved = state { end() }
    }

    private func isReady(waiting: Int, finished: Int) -> Bool {
        switch state {
        case .playing: true
        case .filling(let waited), .starved(let waited, _):
            waiting > 0 && (finished > 0 || waiting >= depth || waited >= depth)
        }
    }

    private mutating func wait(_ time: Int, isEmpty: Bool) {
        switch state {
        case .playing: break
        case .filling(let waited): state = .filling(waited: isEmpty ? 0 : waited + time)
        case .starved(let waited, let dry):
            state = isEmpty ? .starved(waited: 0, dry: dry + time) : .starved(waited: waited + time, dry: dry)
        }
    }

    private mutating func begin(waiting: Int) {
        if state.isStarved { underruns += 1 }
        state = .playing
        learnt.begin(waiting: waiting)
    }

    private mutating func end() {
        if state == .playing || state.isStarved { learnt.end() }
        state = .filling(waited: 0)
    }

    private mutating func play(wanted: Int, waiting: Int, finished: Int) -> Int {
        if finished > 0, finished <= wanted {
            let next = waiting - finished
            guard next > 0, next >= depth else {  // an answer ends here, the one behind it is too short to begin
                end()
                return finished
            }
            learnt.end()
            learnt.begin(waiting: next)
            return min(wanted, waiting)
        }
        guard waiting >= wanted else {
            state = .starved(waited: 0, dry: wanted - waiting)
            return waiting
        }
        return wanted
    }
}

extension Cushion.State {
    fileprivate var isStarved: Bool { if case .starved = self { true } else { false } }
}
