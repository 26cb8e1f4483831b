import Archive
import Glibc

/// What of this machine a conversation needs beside devices and the network.
package enum MachineChecks {
    /// Room without which the record and recordings are soon in trouble.
    private static let leastRoom = 100_000_000

    /// `RLIMIT_RTPRIO`, which Glibc hides from Swift as a macro.
    private static let realTimePriority = __rlimit_resource_t(14)

    package static var priority: Finding {
        var limit = rlimit()
        getrlimit(realTimePriority, &limit)
        guard geteuid() != 0, limit.rlim_cur == 0 else {
            return Finding("priority", .ok, "the sound threads may have real-time priority")
        }
        return Finding(
            "priority", .warning, "the sound threads get no real-time priority, so sound may break off when it is busy",
            remedy:
                "Put `@audio - rtprio 20` into /etc/security/limits.d/audio.conf, and this user into the group audio.")
    }

    /// - Parameter settings: whether there is a record at all.
    package static func record(_ settings: Settings.Archive, environment: [String: String]) -> Finding {
        guard settings.isStoreOn else { return Finding("record", .ok, "off: nothing is kept") }
        do throws(ArchiveError) {
            let path = try TranscriptStore.defaultPath(environment: environment)
            let place = existing(above: path)
            guard access(place, W_OK) == 0 else {
                return Finding(
                    "record", .failed, "\(place) cannot be written: \(String(cString: strerror(errno)))",
                    remedy: "Give it to this user, set XDG_DATA_HOME, or talk with --no-store.", exit: .ioError)
            }
            return room(at: place) ?? Finding("record", .ok, path)
        } catch {
            return Finding("record", .failed, error.message, remedy: error.remedy, exit: .ioError)
        }
    }

    private static func room(at place: String) -> Finding? {
        var found = statvfs()
        guard statvfs(place, &found) == 0 else { return nil }
        let room = Int(found.f_bavail) * Int(found.f_frsize)
        guard room < leastRoom else { return nil }
        return Finding(
            "record", .warning, "\(room / 1_000_000) MB are left on the disk of \(place)",
            remedy: "Make room, or set archive.keepMegabytes.")
    }

    /// The path itself, or the nearest folder above it that is there.
    private static func existing(above path: String) -> String {
        var path = path
        while access(path, F_OK) != 0, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = String(path[..<slash])
        }
        return path
    }
}
