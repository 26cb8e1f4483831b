import AudioCore
import Synchronization

/// A front end whose work is recorded, before and after, with what left the loudspeaker meanwhile.
///
/// All memory is taken at `init`; `process` and `listen` are RT safe. Until `begin()` it is the front end and nothing
/// more; once full, again.
package final class ProbeRecorder: CaptureStage, @unchecked Sendable {
    // @unchecked: the capture thread's alone, until the capture has ended; then `recording` is read.

    private static let frame = EchoCanceller.frame
    /// What has been announced of the loudspeaker is ahead of the microphone by a device's buffer: 2 s at most.
    private static let ahead = 32_000

    private let frontEnd: FrontEnd
    private let reference: EchoReference
    private let capacity: Int
    private let microphone: Store<Int16>
    private let processed: Store<Int16>
    private let hearsVoices: Store<Bool>
    private let capturedAt: Store<Int64>
    private let leftAt: Store<Int64>
    private let loudspeaker: Store<Int16>
    private var frames = 0
    /// The reference's position of the first sample kept, and the one after the last; nil before the first frame.
    private var kept: Range<Int>?
    private let hasBegun = Atomic<Bool>(false)
    private let onFull: @Sendable () -> Void

    /// - Parameters:
    ///   - reference: the one that the front end reads.
    ///   - length: what is recorded.
    ///   - onFull: called once all has been recorded, on the capture thread. RT safe, please.
    package init(
        _ frontEnd: FrontEnd, reference: EchoReference, lasting length: Duration,
        onFull: @escaping @Sendable () -> Void = {}
    ) {
        self.frontEnd = frontEnd
        self.reference = reference
        self.onFull = onFull
        capacity = SampleRate.voice.frames(in: length) / Self.frame
        microphone = Store(capacity * Self.frame, repeating: 0)
        processed = Store(capacity * Self.frame, repeating: 0)
        hearsVoices = Store(capacity, repeating: false)
        capturedAt = Store(capacity, repeating: 0)
        leftAt = Store(capacity, repeating: 0)
        loudspeaker = Store(capacity * Self.frame + Self.ahead, repeating: 0)
    }

    /// Records from the next frame on. Any thread.
    package func begin() { hasBegun.store(true, ordering: .releasing) }

    package var hearsVoice: Bool? { frontEnd.hearsVoice }

    package func listen(to frame: Span<Int16>, capturedAt time: Duration) {
        frontEnd.listen(to: frame, capturedAt: time)
    }

    package func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration) {
        guard hasBegun.load(ordering: .acquiring), frames < capacity else {
            return frontEnd.process(&frame, capturedAt: time)
        }
        let start = frames * Self.frame
        for index in 0..<Self.frame { microphone[start + index] = frame[index] }
        keepReference()
        frontEnd.process(&frame, capturedAt: time)
        for index in 0..<Self.frame { processed[start + index] = frame[index] }
        capturedAt[frames] = time.nanoseconds
        hearsVoices[frames] = frontEnd.hearsVoice ?? false
        frames += 1
        if frames == capacity { onFull() }
    }

    /// What was recorded. - Precondition: the capture that this was given to has ended.
    package var recording: ProbeRecording {
        ProbeRecording(
            microphone: microphone.first(frames * Self.frame), processed: processed.first(frames * Self.frame),
            latency: frontEnd.latency, hearsVoice: hearsVoices.first(frames), capturedAt: capturedAt.first(frames),
            loudspeaker: loudspeaker.first(kept?.count ?? 0), leftAt: leftAt.first(frames),
            canceller: frontEnd.status.reading)
    }

    private func keepReference() {
        let (origin, end) = reference.newest
        let kept = self.kept ?? end..<end
        let last = min(end, kept.lowerBound + loudspeaker.count)
        for position in stride(from: kept.upperBound, to: last, by: 1) {
            let sample = reference.sample(position, before: end)
            loudspeaker[position - kept.lowerBound] = Int16(sample * 32_768)
        }
        self.kept = kept.lowerBound..<max(kept.lowerBound, last)
        leftAt[frames] = origin + Int64(kept.lowerBound) * EchoReference.period
    }
}

/// Memory at a fixed address, freed with its owner.
private final class Store<Element: BitwiseCopyable> {
    let count: Int
    private let base: UnsafeMutablePointer<Element>

    init(_ count: Int, repeating element: Element) {
        self.count = count
        base = .allocate(capacity: count)
        base.initialize(repeating: element, count: count)
    }

    deinit { base.deallocate() }

    subscript(index: Int) -> Element {
        get { base[index] }
        set {
            precondition(index < count, "\(index) of \(count)")
            base[index] = newValue
        }
    }

    func first(_ count: Int) -> [Element] { Array(UnsafeBufferPointer(start: base, count: min(count, self.count))) }
}
