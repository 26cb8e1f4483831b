import Glibc

/// Where the control socket is.
package enum ControlPath {
    /// Bytes of a path that `sockaddr_un` takes.
    package static let longest = 107

    /// `$XDG_RUNTIME_DIR/vivavoce/control.sock`; where that is not set, in `/run/user/UID` if there is one, and otherwise
    /// under `/tmp`, in a directory that is ours alone.
    package static func standard(environment: [String: String]) -> String {
        let user = getuid()
        let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/run/user/\(user)"
        if isDirectory(runtime) { return "\(runtime)/vivavoce/control.sock" }
        return "/tmp/vivavoce-\(user)/control.sock"
    }

    private static func isDirectory(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
    }
}
