import Synchronization

/// When which speech was heard: the newest stretches that left the device without a break, in a fixed room.
///
/// One thread writes, RT safe: it stores a few words and waits for nobody. Any thread asks. What is asked for while the
/// newest stretch grows is read again, once a period at most.
@safe final class HeardStretches: Sendable {
    /// Speech heard in one go: the sample at `from` began to leave the device at `began`, and the one before `to` had
    /// left it at `ended`.
    struct Stretch: Equatable {
        var from = 0
        var to = 0
        /// Nanoseconds since boot.
        var began = 0
        var ended = 0

        /// When a sample of it left.
        func time(of position: Int) -> Int {
            began + Int(Double(ended - began) * (Double(position - from) / Double(max(1, to - from))))
        }
    }

    private struct Record: ~Copyable {
        let from = Atomic<Int>(0)
        let to = Atomic<Int>(0)
        let began = Atomic<Int>(0)
        let ended = Atomic<Int>(0)
    }

    /// Stretches that are remembered: pauses, holds and devices that ran dry end one.
    static let kept = 64

    // SAFETY: the pointer never changes, and what it points to is atomic. First the stretches that are over, in a ring,
    // then two places for the newest, which take turns.
    private nonisolated(unsafe) let records: UnsafeMutablePointer<Record>
    /// Stretches that are over. Record `n % kept` is whole before this passes `n`.
    private let finished = Atomic<Int>(0)
    /// Counts changes of the newest stretch; the place of its last bit is whole.
    private let edition = Atomic<Int>(0)

    init() {
        unsafe records = .allocate(capacity: Self.kept + 2)
        for index in 0..<Self.kept + 2 { unsafe (records + index).initialize(to: Record()) }
    }

    deinit {
        unsafe records.deinitialize(count: Self.kept + 2)
        unsafe records.deallocate()
    }

    // MARK: Writing

    /// More was heard. The writing thread only. RT safe.
    ///
    /// - Parameter isNew: it does not go on where the newest stretch ended, or not at once.
    func note(_ heard: Stretch, isNew: Bool) {
        let count = edition.load(ordering: .relaxed)
        var newest = newest
        if isNew {
            let over = finished.load(ordering: .relaxed)
            store(newest, at: over % Self.kept)
            finished.store(over + 1, ordering: .releasing)
            newest = heard
        } else {
            newest.to = heard.to
            newest.ended = heard.ended
        }
        store(newest, at: Self.kept + (count + 1) & 1)
        edition.store(count + 1, ordering: .releasing)
    }

    /// The stretch heard last; empty before the first. Any thread.
    var newest: Stretch {
        while true {
            let before = edition.load(ordering: .acquiring)
            let stretch = load(Self.kept + before & 1)
            // This place is written again only after the next edition is out.
            if edition.load(ordering: .relaxed) == before { return stretch }
        }
    }

    // MARK: Asking

    /// When the sample at `position` left the device; nil when it has not, or when that is forgotten. Any thread.
    func time(of position: Int) -> Duration? {
        let newest = newest  // first: who sees a stretch begin sees every one that was over before
        guard position < newest.to else { return nil }
        if position >= newest.from { return .nanoseconds(newest.time(of: position)) }
        let over = finished.load(ordering: .acquiring)
        for index in (max(0, over - Self.kept + 1)..<over).reversed() {
            let stretch = load(index % Self.kept)
            guard finished.load(ordering: .relaxed) < index + Self.kept else { return nil }  // being overwritten
            if position >= stretch.to { return nil }  // cut, and never heard
            if position >= stretch.from { return .nanoseconds(stretch.time(of: position)) }
        }
        return nil
    }

    /// Each member pairs with the release in `store`: who reads one of a later stretch sees the counts of that stretch,
    /// and knows that what it read is torn.
    private func load(_ index: Int) -> Stretch {
        Stretch(
            from: unsafe records[index].from.load(ordering: .acquiring),
            to: unsafe records[index].to.load(ordering: .acquiring),
            began: unsafe records[index].began.load(ordering: .acquiring),
            ended: unsafe records[index].ended.load(ordering: .acquiring))
    }

    private func store(_ stretch: Stretch, at index: Int) {
        unsafe records[index].from.store(stretch.from, ordering: .releasing)
        unsafe records[index].to.store(stretch.to, ordering: .releasing)
        unsafe records[index].began.store(stretch.began, ordering: .releasing)
        unsafe records[index].ended.store(stretch.ended, ordering: .releasing)
    }
}
