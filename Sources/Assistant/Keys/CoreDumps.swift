import CProcess
import Glibc

/// What keeps a key that this process holds from getting out with its memory.
package enum CoreDumps {
    /// From here to the end of the process, it leaves no core dump and no backtrace, and only root can read its memory
    /// and environment. To be called before a key is read; again does nothing. Any thread.
    ///
    /// Not taken back when a key goes: strings leave copies behind, and nobody can tell when the last is overwritten.
    ///
    /// - Throws: `.unavailable` where the system does not let it.
    package static func forbid() throws(AssistantError) {
        let error = vv_forbid_dumps()
        guard error == 0 else {
            throw AssistantError(
                .unavailable, "The key cannot be kept out of core dumps: \(String(cString: strerror(error))).",
                remedy: "Allow the system call prctl(PR_SET_DUMPABLE) where this program is confined.")
        }
    }
}
