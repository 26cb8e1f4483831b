/// When which part of a turn's speech left the device.
struct SpeechTimes {
    let positions: Range<Int>
    /// So much of it, from its beginning, has left.
    let heard: Int
    /// The rest will, at once.
    let playsOn: Bool
    let rate: Int
    let timeHeard: @Sendable (Int) -> Duration?

    /// When the last sample that is heard of it had left.
    var end: Duration? { time(after: playsOn ? positions.count : heard) }

    /// When so many samples of it had left; nil where that is not known, or will never be.
    func time(after samples: Int) -> Duration? {
        guard samples > 0 else { return heard > 0 ? timeHeard(positions.lowerBound) : nil }
        guard samples <= heard || playsOn else { return nil }
        let known = min(samples, heard)
        guard known > 0, let last = timeHeard(positions.lowerBound + known - 1) else { return nil }
        return last + .microseconds(Int64(samples - known + 1) * 1_000_000 / Int64(rate))
    }
}
