/// Eight floats that are worked on at once.
typealias Lane = SIMD8<Float>

/// Zeroed memory for lanes, which lives as long as this does.
///
/// The arithmetic of the echo canceller runs over whole lanes of memory that is made once; whoever holds the pointers
/// in `base` holds this too.
final class LaneStore {
    let base: UnsafeMutablePointer<Lane>
    let count: Int

    init(lanes count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        base.initialize(repeating: .zero, count: count)
    }

    deinit { base.deallocate() }

    /// The same memory, float by float: shape `[count * 8]`.
    var floats: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self) }

    func fill(_ value: Float) { base.update(repeating: Lane(repeating: value), count: count) }
}

/// Where one spectrum of 257 bins lies in a `LaneStore`: real parts, then imaginary parts, each padded to whole lanes.
struct Spectrum {
    /// Bins of a transform of 512 real samples.
    static let bins = Transform.size / 2 + 1
    /// Lanes of one part.
    static let lanes = (bins + Lane.scalarCount - 1) / Lane.scalarCount
    /// Lanes of both.
    static let stride = 2 * lanes

    let real: UnsafeMutablePointer<Lane>
    let imaginary: UnsafeMutablePointer<Lane>

    /// The spectrum number `index` of a store that holds nothing else.
    init(_ store: LaneStore, _ index: Int = 0) {
        real = store.base + index * Self.stride
        imaginary = real + Self.lanes
    }

    /// |X|² of eight bins.
    func power(_ lane: Int) -> Lane { real[lane] * real[lane] + imaginary[lane] * imaginary[lane] }

    /// Bin by bin.
    var realBins: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(real).assumingMemoryBound(to: Float.self) }
    var imaginaryBins: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(imaginary).assumingMemoryBound(to: Float.self)
    }
}
