import Synchronization

/// Whether somebody speaks, from the capture thread that hears it to whoever decides on it: edges with their positions
/// in the voice ring, in order, each different from the one before.
///
/// The capture thread tells every frame and never waits. When nobody takes the edges, the newest state is told as soon
/// as there is room again, with the position at which that was.
@safe package final class VoiceActivity: Sendable {
    package struct Edge: Equatable, Sendable {
        /// Somebody speaks from here on, or nobody does.
        package var isVoice: Bool
        /// The first sample of the frame in which it is so.
        package var position: Int
        /// When that sample stood at the converter, time since boot.
        package var time: Duration

        package init(isVoice: Bool, position: Int, time: Duration) {
            self.isVoice = isVoice
            self.position = position
            self.time = time
        }
    }

    /// Edges that can wait: more than a second's, at one a frame.
    package static let capacity = 128

    private let slots = Slots()
    private let times = Slots()
    private let written = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)
    private let known = Atomic<Bool>(false)
    /// The state that was told last. Capture thread only.
    private let told = Atomic<Bool>(false)
    private let onEdge: @Sendable () -> Void

    /// - Parameter onEdge: called on the capture thread after each edge; must be RT safe.
    package init(onEdge: @escaping @Sendable () -> Void = {}) { self.onEdge = onEdge }

    /// A detector has said something: its silence means that nobody speaks.
    package var isKnown: Bool { known.load(ordering: .relaxed) }

    /// What the detector hears. One thread at a time, before the frame is in the ring. RT safe.
    ///
    /// - Parameters:
    ///   - hearsVoice: nil while that is not known.
    ///   - position: of the frame's first sample.
    ///   - time: when that stood at the converter, time since boot.
    package func observe(_ hearsVoice: Bool?, at position: Int, capturedAt time: Duration) {
        if hearsVoice != nil { known.store(true, ordering: .relaxed) }
        let isVoice = hearsVoice ?? false
        guard isVoice != told.load(ordering: .relaxed) else { return }
        let index = written.load(ordering: .relaxed)
        guard index - taken.load(ordering: .acquiring) < Self.capacity else { return }
        told.store(isVoice, ordering: .relaxed)
        slots.store(position << 1 | (isVoice ? 1 : 0), at: index % Self.capacity)
        times.store(time.nanoseconds, at: index % Self.capacity)
        written.store(index + 1, ordering: .releasing)
        onEdge()
    }

    /// The next edge; nil when there is none. One thread at a time.
    package func next() -> Edge? {
        let index = taken.load(ordering: .relaxed)
        guard index < written.load(ordering: .acquiring) else { return nil }
        let edge = slots.load(at: index % Self.capacity)
        let time = times.load(at: index % Self.capacity)
        taken.store(index + 1, ordering: .releasing)
        return Edge(isVoice: edge & 1 == 1, position: edge >> 1, time: .nanoseconds(time))
    }
}

@safe private final class Slots: Sendable {
    // SAFETY: the pointer never changes, and what it points to is atomic.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Atomic<Int>>

    init() {
        unsafe slots = .allocate(capacity: VoiceActivity.capacity)
        for index in 0..<VoiceActivity.capacity { unsafe (slots + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe slots.deinitialize(count: VoiceActivity.capacity)
        unsafe slots.deallocate()
    }

    func load(at index: Int) -> Int { unsafe slots[index].load(ordering: .relaxed) }
    func store(_ edge: Int, at index: Int) { unsafe slots[index].store(edge, ordering: .relaxed) }
}
