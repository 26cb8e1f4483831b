import Synchronization

/// The reading end of a `SampleRing`. Noncopyable, so it lives on one thread at a time.
package struct SampleConsumer: ~Copyable, Sendable {
    private let ring: SampleRing
    /// Stale by design: the other core's cache line is read only when the ring looks too empty for what is asked.
    private var writtenSeen = 0

    init(_ ring: SampleRing) { self.ring = ring }

    /// Samples consumed or skipped since the ring was made: the position of the next one. RT safe.
    package var position: Int { ring.consumed.load(ordering: .relaxed) }

    /// Samples that wait. Only this end can make it smaller. RT safe.
    package var available: Int { ring.written.load(ordering: .acquiring) - position }

    /// Lends the oldest `count` samples in place, in two spans of which the second is empty unless they lie across the
    /// end of the storage. They stay in the ring until `consume(_:)`.
    ///
    /// - Precondition: `count <= available`.
    /// - Note: RT safe as far as `body` is.
    package mutating func withSpans<Result: ~Copyable, Failure: Error>(
        _ count: Int, _ body: (_ first: Span<Int16>, _ second: Span<Int16>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = position
        look(for: count, from: start)
        precondition(0 <= count && count <= writtenSeen - start, "\(count) samples were asked for, fewer wait")
        let slot = start & ring.mask
        let beforeWrap = min(count, ring.capacity - slot)
        // SAFETY: both ranges lie inside the storage, and the acquire in `look` made their samples visible; the
        // producer does not touch them before `consume` gives them back, which needs exclusive access to `self`.
        let first = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: ring.slots[slot..<slot + beforeWrap]))
        let second = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: ring.slots[0..<count - beforeWrap]))
        return try body(first, second)
    }

    /// Gives the oldest `count` samples back to the producer. - Precondition: `count <= available`. RT safe.
    package mutating func consume(_ count: Int) {
        let start = position
        look(for: count, from: start)
        precondition(0 <= count && count <= writtenSeen - start, "\(count) samples were given back, fewer waited")
        ring.consumed.store(start + count, ordering: .releasing)  // after the last read of these slots
    }

    /// Drops the oldest samples, at most `count`. - Returns: samples dropped. RT safe.
    @discardableResult
    package mutating func skip(_ count: Int) -> Int {
        let dropped = min(count, available)
        consume(dropped)
        return dropped
    }

    /// Moves as many samples as wait and fit. - Returns: samples moved, to the front of `target`. RT safe.
    package mutating func read(into target: inout MutableSpan<Int16>) -> Int {
        let count = min(target.count, available)
        guard count > 0 else { return 0 }
        unsafe target.withUnsafeMutableBufferPointer { target in
            withSpans(count) { first, second in
                // SAFETY: `first.count + second.count == count`, which fits into `target`.
                let to = target.baseAddress!
                unsafe first.withUnsafeBufferPointer { unsafe to.update(from: $0.baseAddress!, count: $0.count) }
                guard !second.isEmpty else { return }
                unsafe second.withUnsafeBufferPointer {
                    unsafe (to + first.count).update(from: $0.baseAddress!, count: $0.count)
                }
            }
        }
        consume(count)
        return count
    }

    private mutating func look(for count: Int, from start: Int) {
        guard writtenSeen - start < count else { return }
        writtenSeen = ring.written.load(ordering: .acquiring)  // pairs with the producer's release
    }
}
