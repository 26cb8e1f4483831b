import CALSA
import Dispatch
import Glibc

/// Tells when sound devices come to this machine or leave it, as the kernel makes and removes their files.
package enum Hotplug {
    /// Where the files of sound devices are.
    private static let folder = "/dev/snd"
    /// Where that folder appears with the first device.
    private static let parent = "/dev"

    /// One element per change or burst of changes, for as long as it is read; none where files cannot be watched.
    package static func changes() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { feed in
            let descriptor = vv_inotify()
            guard descriptor >= 0 else { return feed.finish() }
            let events = UInt32(IN_CREATE | IN_DELETE | IN_ATTRIB)
            // IN_ATTRIB: the system makes the file first, and lets this user in a moment later.
            let isThere = inotify_add_watch(descriptor, folder, events) >= 0
            if !isThere { inotify_add_watch(descriptor, parent, UInt32(IN_CREATE)) }
            // SAFETY: cancelling is all that another thread does with it, and may do.
            nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
            let watch = Watch(isThere: isThere)
            source.setEventHandler {
                guard drain(descriptor) else { return }
                if watch.isThere { return _ = feed.yield() }
                watch.isThere = inotify_add_watch(descriptor, folder, events) >= 0
                if watch.isThere { feed.yield() }
            }
            source.setCancelHandler { close(descriptor) }
            source.resume()
            feed.onTermination = { _ in source.cancel() }
        }
    }

    /// Whether the folder is watched already. Touched by the source's handler only.
    private final class Watch: @unchecked Sendable {
        var isThere: Bool

        init(isThere: Bool) { self.isThere = isThere }
    }

    /// - Returns: whether there was anything.
    private static func drain(_ descriptor: CInt) -> Bool {
        var isNews = false
        withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 { isNews = true }
        }
        return isNews
    }
}
