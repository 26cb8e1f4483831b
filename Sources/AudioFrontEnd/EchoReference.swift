import AudioCore
import Synchronization

/// What left the loudspeaker and when, at 16 kHz: written by the playback thread, read by the capture thread, neither
/// of which ever waits for the other.
///
/// Positions count samples since the reference was made, silence in gaps included, and stand in a straight line with
/// time: `origin` says where position 0 lies on the machine's clock. A report of a device that jitters moves the origin
/// and not the samples; whoever reads smooths it.
package final class EchoReference: Sendable {
    /// 8.2 s: more than any device holds.
    static let capacity = 131_072
    /// How long a sample lasts, ns.
    static let period: Int64 = 62_500

    private let samples = Samples(count: capacity)
    /// The position after the newest sample that was announced.
    private let end = Atomic<Int>(0)
    /// When position 0 leaves, ns since boot.
    private let originStamp = Atomic<Int64>(0)
    private let hasTap = Atomic<Bool>(false)
    private let hasReader = Atomic<Bool>(false)

    package init() {}

    /// The end that the playback thread holds. - Precondition: it has not been taken before.
    package func makeTap() -> EchoTap {
        precondition(!hasTap.exchange(true, ordering: .relaxed), "a reference has one tap")
        return EchoTap(self)
    }

    /// The end that the capture thread holds. - Precondition: it has not been taken before.
    func makeReader() -> ReferenceReader {
        precondition(!hasReader.exchange(true, ordering: .relaxed), "a reference has one reader")
        return ReferenceReader(self)
    }

    /// Where position 0 lies in time, and the position after the newest sample. Any thread.
    var newest: (origin: Int64, end: Int) {
        let end = end.load(ordering: .acquiring)
        return (originStamp.load(ordering: .relaxed), end)
    }

    /// The sample at `position`, silence outside of what is kept. Any thread.
    func sample(_ position: Int, before end: Int) -> Float {
        guard position < end, position >= 0, position > end - Self.capacity else { return 0 }
        return Float(samples[position & (Self.capacity - 1)]) / 32_768
    }

    /// Playback thread only; `publish` makes it seen.
    func put(_ sample: Int16, at position: Int) { samples.store(sample, position & (Self.capacity - 1)) }

    /// Playback thread only, as `put`.
    func copy(_ position: Int, to other: Int) {
        samples.store(samples[position & (Self.capacity - 1)], other & (Self.capacity - 1))
    }

    /// Playback thread only.
    func publish(end position: Int, origin: Int64) {
        originStamp.store(origin, ordering: .relaxed)
        end.store(position, ordering: .releasing)
    }
}

extension Duration {
    /// Whole nanoseconds; 292 years of them.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

/// Samples that may be overwritten while they are read: what is read then was dropped, and either value will do.
private final class Samples: Sendable {
    // SAFETY: the pointer never changes, and what it points to is atomic.
    private nonisolated(unsafe) let base: UnsafeMutablePointer<Atomic<Int16>>
    private let count: Int

    init(count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(index: Int) -> Int16 { base[index].load(ordering: .relaxed) }
    func store(_ sample: Int16, _ index: Int) { base[index].store(sample, ordering: .relaxed) }
}
