import CALSA
import Glibc

/// The threads of this process by which libpulse exchanges sound with its server: ALSA's plugin starts one per device.
///
/// They have ordinary priority, and every period passes through one on its way out, and the server's request for it on
/// its way in. Under load they came a second late while the device's own thread was in time.
enum ServerThreads {
    /// What libpulse calls them.
    private static let name = "threaded-ml"
    private static let tasks = "/proc/self/task"

    /// Gives those that there are the real-time priority of a device's thread; they end with their device. The one that
    /// listens to the server's news gets it as well, and has next to nothing to do.
    ///
    /// Reads files; the system may refuse, as it then refused the device's thread.
    static func beInRealTime() {
        for thread in all { vv_other_thread_real_time(thread) }
    }

    /// By the system's numbers.
    static var all: [pid_t] {
        guard let folder = opendir(tasks) else { return [] }
        defer { closedir(folder) }
        var found: [pid_t] = []
        while let entry = readdir(folder) {
            let number = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
            }
            if number > 0, name(of: number) == name { found.append(number) }
        }
        return found
    }

    private static func name(of thread: pid_t) -> String? {
        let descriptor = open("\(tasks)/\(thread)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }  // it ended meanwhile
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            guard count > 1 else { return nil }
            return String(decoding: buffer[..<(count - 1)], as: UTF8.self)  // without the end of line
        }
    }
}
