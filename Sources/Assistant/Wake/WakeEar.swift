import AudioCore
package import AudioDevices
import Synchronization

/// What the detector of a wake word hears: the captured voice, mono at 16 kHz, while the assistant is asleep.
///
/// Awake, it is closed: the word is not waited for then, the assistant's own voice must not wake it, and a detector that
/// hears nothing costs nothing.
package final class WakeEar: Sendable {
    /// For the capture that is listened to.
    package let tap: VoiceTap
    /// Rings when the ear was opened or closed; the detector's own affairs may ring it, too.
    let wake: Wake
    // SAFETY: one thread at a time takes from it, the detector's.
    private nonisolated(unsafe) var consumer: SampleConsumer

    /// Holds four seconds: more than any detector waits before it looks.
    ///
    /// - Throws: when the process has no descriptor left.
    package init() throws(DeviceError) {
        let ring = SampleRing(minimumCapacity: 4 * SampleRate.voice.hertz)
        tap = VoiceTap(into: ring.makeProducer())
        consumer = ring.makeConsumer()
        wake = try Wake()
    }

    /// The assistant fell asleep, or woke. Any thread.
    package func setOpen(_ isOpen: Bool) {
        tap.setOpen(isOpen)
        wake.signal()
    }

    package var isOpen: Bool { tap.isOpen }

    /// The detector's thread only.
    ///
    /// - Returns: all that has been captured since the last call, oldest first; nil while closed, and what was still
    ///   there is dropped, because it does not go on where the ear is opened next.
    func take() -> [Int16]? {
        guard isOpen else {
            consumer.skip(consumer.available)
            return nil
        }
        var samples = [Int16](repeating: 0, count: consumer.available)
        var span = samples.mutableSpan
        _ = consumer.read(into: &span)
        return samples
    }
}
