package import AudioCore
import Synchronization

/// A second way out of a capture: whatever goes to the voice ring is written here, too, while somebody listens.
///
/// For a detector that hears along, such as one of a wake word. It never holds the capture up: what finds the ring full
/// is dropped, newest first, and counted.
package final class VoiceTap: Sendable {
    // SAFETY: only the thread of the capture that this was given to touches it.
    private nonisolated(unsafe) var producer: SampleProducer
    private let isOpenNow = Atomic<Bool>(false)
    private let droppedSoFar = Atomic<Int>(0)

    /// Closed at first. - Parameter producer: of a ring whose other end the listener has.
    package init(into producer: consuming SampleProducer) { self.producer = producer }

    /// Whether anything is written. Any thread.
    package var isOpen: Bool { isOpenNow.load(ordering: .relaxed) }
    package func setOpen(_ isOpen: Bool) { isOpenNow.store(isOpen, ordering: .relaxed) }

    /// Samples that found the ring full, since the beginning. Any thread.
    package var dropped: Int { droppedSoFar.load(ordering: .relaxed) }

    /// Mono, 16,000 Hz, shape `[n]`. The capture thread only; RT safe.
    package func write(_ samples: Span<Int16>) {
        guard isOpen else { return }
        let written = producer.write(samples)
        if written < samples.count { droppedSoFar.add(samples.count - written, ordering: .relaxed) }
    }
}
