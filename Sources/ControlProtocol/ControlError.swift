import FlyingSocks
import Glibc

/// Why a daemon could not be asked, or what it said.
package enum ControlError: Error, Sendable, Equatable {
    /// Nobody listens there.
    case noDaemon(String)
    case notAllowed(String)
    case pathTooLong(String)
    case failed(String, reason: String)
    /// It went in the middle.
    case gone(String)
    /// It listens, and did not answer within that time.
    case silent(String, Duration)
    case refused(RPC.Failure)

    static func cannotConnect(_ path: String, _ error: any Error) -> ControlError {
        guard case SocketError.failed(_, let number, let message) = error else {
            return .failed(path, reason: "\(error)")
        }
        return switch number {
        case ENOENT, ECONNREFUSED, ENOTDIR: .noDaemon(path)
        case EACCES, EPERM: .notAllowed(path)
        default: .failed(path, reason: message)
        }
    }

    package var message: String {
        switch self {
        case .noDaemon(let path): "no daemon is running: nobody listens at \(path)"
        case .notAllowed(let path): "the daemon at \(path) is somebody else's"
        case .pathTooLong(let path): "\(path) is too long for a socket: \(ControlPath.longest) bytes at most"
        case .failed(let path, let reason): "cannot reach a daemon at \(path): \(reason)"
        case .gone(let path): "the daemon at \(path) is gone"
        case .silent(let path, let time):
            "the daemon at \(path) does not answer: it was given \(time.components.seconds) s"
        case .refused(let failure): failure.message
        }
    }

    package var remedy: String? {
        switch self {
        case .noDaemon: "Start one with `vivavoce daemon` or `vivavoce talk`, or name its socket with --socket."
        case .notAllowed: "Name the socket of your own with --socket."
        case .pathTooLong: "Give a shorter one with --socket."
        case .failed: "See whether it runs, and name its socket with --socket."
        case .gone: "Its log says why."
        case .silent: "It hangs. End it, or restart its service: `systemctl --user restart vivavoce`."
        case .refused(let failure): failure.remedy
        }
    }
}
