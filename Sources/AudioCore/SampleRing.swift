import Synchronization

/// Storage for one producer and one consumer of samples, on two threads that never wait for each other.
///
/// Positions count samples since the ring was made and only grow; masking a position gives its slot. The ends are
/// made once each: `makeProducer()` and `makeConsumer()`.
@safe package final class SampleRing: Sendable {
    // SAFETY: the pointer never changes, and the two positions say which side owns a slot.
    nonisolated(unsafe) let slots: UnsafeMutableBufferPointer<Int16>
    let mask: Int
    /// Written by the producer, released with the samples it covers.
    let written = Atomic<Int>(0)
    /// Written by the consumer, released with the slots it gives back.
    let consumed = Atomic<Int>(0)
    private let hasProducer = Atomic<Bool>(false)
    private let hasConsumer = Atomic<Bool>(false)

    /// - Parameter minimumCapacity: samples that fit at least, rounded up to a power of two. This is the only
    ///   allocation that a ring ever makes.
    /// - Precondition: `minimumCapacity` lies in 0…2^30.
    package init(minimumCapacity: Int) {
        precondition((0...(1 << 30)).contains(minimumCapacity), "a ring of \(minimumCapacity) samples")
        let capacity = minimumCapacity <= 1 ? 1 : 1 << (Int.bitWidth - (minimumCapacity - 1).leadingZeroBitCount)
        mask = capacity - 1
        unsafe slots = .allocate(capacity: capacity)
        unsafe slots.initialize(repeating: 0)
    }

    deinit { unsafe slots.deallocate() }

    /// Samples that fit.
    package var capacity: Int { mask + 1 }

    /// The writing end. - Precondition: it has not been taken before.
    package func makeProducer() -> SampleProducer {
        precondition(!hasProducer.exchange(true, ordering: .relaxed), "a ring has one producer")
        return SampleProducer(self)
    }

    /// The reading end. - Precondition: it has not been taken before.
    package func makeConsumer() -> SampleConsumer {
        precondition(!hasConsumer.exchange(true, ordering: .relaxed), "a ring has one consumer")
        return SampleConsumer(self)
    }
}

/// The writing end of a `SampleRing`. Noncopyable, so it lives on one thread at a time.
package struct SampleProducer: ~Copyable, Sendable {
    private let ring: SampleRing
    /// Stale by design: the other core's cache line is read only when the ring looks full.
    private var consumedSeen = 0

    init(_ ring: SampleRing) { self.ring = ring }

    /// Samples written since the ring was made: the position of the next one. RT safe.
    package var position: Int { ring.written.load(ordering: .relaxed) }

    /// Whether so many samples fit. RT safe.
    package mutating func hasRoom(for count: Int) -> Bool {
        let start = ring.written.load(ordering: .relaxed)  // ours alone
        if ring.capacity - (start - consumedSeen) < count {
            consumedSeen = ring.consumed.load(ordering: .acquiring)  // pairs with the consumer's release
        }
        return ring.capacity - (start - consumedSeen) >= count
    }

    /// Copies what fits, oldest first.
    ///
    /// - Parameter source: shape `[n]`, any `n`.
    /// - Returns: samples taken, 0 when full. What is not taken is the caller's to count.
    /// - Note: RT safe: wait-free, no lock, no allocation.
    package mutating func write(_ source: Span<Int16>) -> Int {
        let start = ring.written.load(ordering: .relaxed)  // ours alone
        if ring.capacity - (start - consumedSeen) < source.count {
            consumedSeen = ring.consumed.load(ordering: .acquiring)  // pairs with the consumer's release
        }
        let count = min(source.count, ring.capacity - (start - consumedSeen))
        guard count > 0 else { return 0 }
        let slot = start & ring.mask
        let beforeWrap = min(count, ring.capacity - slot)
        unsafe source.withUnsafeBufferPointer { source in
            // SAFETY: `slot + beforeWrap` ≤ capacity, `count` ≤ source.count, and the consumer has given these slots
            // back: none lies at or past `consumedSeen + capacity`.
            let slots = unsafe ring.slots.baseAddress!
            let from = source.baseAddress!
            unsafe (slots + slot).update(from: from, count: beforeWrap)
            unsafe slots.update(from: from + beforeWrap, count: count - beforeWrap)
        }
        ring.written.store(start + count, ordering: .releasing)  // publishes the samples above
        return count
    }
}
