import ControlProtocol
import Glibc

/// Why the control socket cannot be opened.
package enum DoorError: Error, Sendable, Equatable {
    /// Another daemon listens there.
    case taken(String)
    case pathTooLong(String)
    /// Something that is no socket lies there, and is left alone.
    case notASocket(String)
    /// The directory is somebody else's, or others may write into it.
    case notOurs(String)
    case failed(String, String, reason: String)

    static func failed(_ what: String, _ path: String, errno number: CInt) -> DoorError {
        .failed(what, path, reason: String(cString: strerror(number)))
    }

    package var message: String {
        switch self {
        case .taken(let path): "a daemon is running already and listens at \(path)"
        case .pathTooLong(let path): "\(path) is too long for a socket: \(ControlPath.longest) bytes at most"
        case .notASocket(let path): "\(path) is no socket, and is left as it is"
        case .notOurs(let path): "\(path) does not belong to this user alone, so that others could listen in our place"
        case .failed(let what, let path, let reason): "cannot \(what) \(path): \(reason)"
        }
    }

    package var remedy: String {
        switch self {
        case .taken: "Use that one (`vivavoce status`), or give this one another --socket."
        case .pathTooLong: "Give a shorter one with --socket."
        case .notASocket: "Remove it, or give another path with --socket."
        case .notOurs: "Give a path in a directory of your own with --socket."
        case .failed: "Give a path that can be written with --socket."
        }
    }
}
