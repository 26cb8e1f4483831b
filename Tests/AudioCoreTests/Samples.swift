import AudioCore

/// Samples that say where they stand: the sample at position `p` is `stamp(p)`, so a lost, doubled or moved one shows.
func stamp(_ position: Int) -> Int16 { Int16(truncatingIfNeeded: position &* 40_503 ^ position >> 7) }

func stamped(_ positions: Range<Int>) -> [Int16] { positions.map(stamp) }

/// The first position in `samples` that does not hold what belongs at `start` and after; nil when all do.
func misplaced(_ samples: Span<Int16>, from start: Int) -> Int? {
    for index in samples.indices where samples[index] != stamp(start + index) { return start + index }
    return nil
}

extension SpeechReader {
    /// Reads one period of at most `wanted` samples, and unless `keeping` gives them back.
    /// - Returns: the samples beside what the reader said of them.
    mutating func period(_ wanted: Int, keeping: Bool = false) -> (samples: [Int16], reading: SpeechReading) {
        var samples = [Int16](repeating: 0, count: wanted)
        var span = samples.mutableSpan
        let reading = read(wanted, into: &span)
        if !keeping { giveBack(before: position) }
        return (Array(samples.prefix(reading.positions.count)), reading)
    }
}

/// A linear congruential generator: the same "random" sizes in every run. (Knuth, MMIX.)
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}
