/// A few segments that have been played, ready for the next speech. The writer's alone.
@safe struct SpareSegments: ~Copyable, @unchecked Sendable {
    // SAFETY: each pointer here is owned by this value alone until `take` hands it out.
    private var held = unsafe [UnsafeMutablePointer<Int16>]()
    /// 2.7 s at 24 kHz: speech that comes in real time never allocates, and a minute's burst is not kept for ever.
    private let limit = 4

    deinit {
        for index in unsafe held.indices { unsafe held[index].deallocate() }
    }

    mutating func take() -> UnsafeMutablePointer<Int16> {
        if let segment = unsafe held.popLast() { return unsafe segment }
        let segment = UnsafeMutablePointer<Int16>.allocate(capacity: SpeechBuffer.segmentSize)
        unsafe segment.initialize(repeating: 0, count: SpeechBuffer.segmentSize)
        return unsafe segment
    }

    mutating func give(_ segment: UnsafeMutablePointer<Int16>) {
        if unsafe held.count < limit { unsafe held.append(segment) } else { unsafe segment.deallocate() }
    }
}
