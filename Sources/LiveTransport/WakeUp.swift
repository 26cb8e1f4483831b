internal import CLibwebsockets
internal import Glibc
import Synchronization

/// Wakes the socket thread from any other. Calls between two turns of its loop cost one `write` in all.
///
/// An eventfd of our own instead of `lws_cancel_service`: it stays valid while anybody holds it, so a real-time thread
/// can ring after the libwebsockets context is gone, and its event reaches one callback, not every virtual host's.
final class WakeUp: Sendable {
    /// Readable after a `ring()`; closed with the last reference. -1 when the process is out of descriptors.
    let descriptor = vv_eventfd()
    private let isRung = Atomic<Bool>(false)

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// RT safe: an atomic and at most one non-blocking write.
    func ring() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)  // fails only when 2^64 - 1 rings wait
    }

    /// Socket thread: call before looking for work, so that work put in later rings again.
    func answer() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        _ = isRung.exchange(false, ordering: .acquiringAndReleasing)
    }
}
