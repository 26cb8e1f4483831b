/// Decides when speech starts to play, so that jitter on the way does not tear it (pitfall 42), and when it is over.
///
/// Asked once per period; has no clock, because the periods it is asked for are one. Speech begins once `depth` of it
/// waits, or its end is known, or it has waited for as long as `depth` lasts. Running dry in mid-speech makes it wait
/// for a cushion again.
package struct Cushion: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        /// Nothing to play, or not yet enough. `waited`: samples' time since the first of it was seen.
        case filling(waited: Int)
        case playing
        /// As `filling`, in the middle of an answer: when it goes on, the listener has heard a gap.
        case starved(waited: Int)
    }

    /// Samples to hold before the first of them plays; 0 plays at once.
    package let depth: Int
    package private(set) var state = State.filling(waited: 0)
    /// Gaps that tore speech: it ran dry in mid-answer and went on later.
    package private(set) var underruns = 0

    /// - Precondition: `depth` is not negative.
    package init(depth: Int) {
        precondition(depth >= 0, "a cushion of \(depth) samples")
        self.depth = depth
    }

    /// How many samples may play now.
    ///
    /// - Parameters:
    ///   - wanted: samples that the device has room for, which is also the time that passes until the next call.
    ///   - waiting: samples that there are.
    ///   - finished: how many of these belong to speech whose end is known; 0 when no end lies ahead.
    /// - Returns: at most `min(wanted, waiting)`.
    package mutating func admit(wanted: Int, waiting: Int, finished: Int) -> Int {
        switch state {
        case .filling(let waited), .starved(let waited):
            guard waiting > 0 else {
                wait(0)
                return 0
            }
            guard finished > 0 || waiting >= depth || waited >= depth else {
                wait(waited + wanted)
                return 0
            }
            if case .starved = state { underruns += 1 }
            state = .playing
            return play(wanted: wanted, waiting: waiting, finished: finished)
        case .playing:
            return play(wanted: wanted, waiting: waiting, finished: finished)
        }
    }

    /// Whether speech ran dry in mid-answer and has not gone on.
    package var isStarved: Bool { if case .starved = state { true } else { false } }

    /// What waited was dropped or is held: what comes next fills its own cushion.
    package mutating func cut() { state = .filling(waited: 0) }

    /// The end of the speech played last became known after its last sample had been played: nothing was torn.
    package mutating func finish() {
        if case .starved(let waited) = state { state = .filling(waited: waited) }
    }

    private mutating func wait(_ samples: Int) {
        if case .starved = state { state = .starved(waited: samples) } else { state = .filling(waited: samples) }
    }

    private mutating func play(wanted: Int, waiting: Int, finished: Int) -> Int {
        if finished > 0, finished <= wanted {
            let next = waiting - finished
            guard next > 0, next >= depth else {  // an answer ends here, the one behind it is too short to begin
                state = .filling(waited: 0)
                return finished
            }
            return min(wanted, waiting)
        }
        guard waiting >= wanted else {
            state = .starved(waited: 0)
            return waiting
        }
        return wanted
    }
}
