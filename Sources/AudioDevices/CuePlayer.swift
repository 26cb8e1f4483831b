import AudioCore

/// Adds chimes to what a device plays: tables made when the device is opened, so that a period only adds.
struct CuePlayer: ~Copyable {
    private let tables: [Scratch<Int16>]
    /// The chime under way, and how much of it was played.
    private var current: (table: Int, played: Int)?

    init(rate: SampleRate) {
        tables = Chime.allCases.map { chime in
            let samples = chime.samples(at: rate)
            let table = Scratch(samples: samples.count)
            for index in samples.indices { table.elements[index] = samples[index] }
            return table
        }
    }

    /// Adds the chime under way, or the next that is asked for. RT safe.
    mutating func mix(into frames: inout MutableSpan<Int16>, asked: PlaybackState) {
        if current == nil { current = asked.takeCue().map { (table: $0, played: 0) } }
        guard let (index, played) = current else { return }
        let table = tables[index].elements
        let count = min(frames.count, table.count - played)
        for frame in 0..<count {
            let sum = Int32(frames[frame]) + Int32(table[played + frame])
            frames[frame] = Int16(max(-32_768, min(32_767, sum)))
        }
        current = played + count < table.count ? (index, played + count) : nil
    }

    /// The device was emptied: the chime under way went with it. RT safe.
    mutating func forget() { current = nil }
}
