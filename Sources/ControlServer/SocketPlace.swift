import ControlProtocol
import FlyingSocks
import Glibc

/// The place of a control socket in the file system: ours alone, and taken by one daemon at a time.
///
/// Whoever holds the lock beside the socket is the daemon; a socket that nobody holds the lock of was left by one that
/// died, and is replaced. The lock ends with the process, however that ends.
struct SocketPlace: ~Copyable {
    let path: String
    /// Listens here, for its owner alone.
    let listener: Socket
    private let lock: CInt

    /// Takes the place, and makes its directory where there is none.
    ///
    /// - Throws: `.taken` where a daemon runs, and why else it cannot be had.
    init(taking path: String) throws(DoorError) {
        guard path.utf8.count <= ControlPath.longest else { throw .pathTooLong(path) }
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try Self.makeOwn(directory.isEmpty ? "/" : directory)
        let lock = try Self.lock(path)
        do throws(DoorError) {
            listener = try Self.listen(at: path)
        } catch {
            Glibc.close(lock)
            throw error
        }
        self.path = path
        self.lock = lock
    }

    deinit {
        unlink(path)
        Glibc.close(lock)
    }

    private static func lock(_ path: String) throws(DoorError) -> CInt {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed("open", path + ".lock", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            throw number == EWOULDBLOCK ? .taken(path) : .failed("lock", path + ".lock", errno: number)
        }
        return descriptor
    }

    /// - Precondition: the lock is held, so that a socket that lies there is nobody's.
    private static func listen(at path: String) throws(DoorError) -> Socket {
        var found = stat()
        if lstat(path, &found) == 0 {
            guard found.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
            unlink(path)
        }
        let mask = umask(0o177)
        defer { umask(mask) }
        do {
            let socket = try Socket(domain: CInt(AF_UNIX), type: .stream)
            _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
            try socket.bind(to: .unix(path: path))
            try socket.listen()
            return socket
        } catch {
            throw .failed("listen at", path, reason: "\(error)")
        }
    }

    /// Makes a directory for us alone, or sees that it is that.
    private static func makeOwn(_ path: String) throws(DoorError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .failed("make", path, errno: errno) }
        var found = stat()
        guard lstat(path, &found) == 0 else { throw .failed("look at", path, errno: errno) }
        guard found.st_mode & S_IFMT == S_IFDIR, found.st_uid == getuid() || found.st_uid == 0 else {
            throw .notOurs(path)
        }
        // Whoever may write into it may put another socket in our place.
        guard found.st_mode & 0o022 == 0 || found.st_mode & S_ISVTX != 0 else { throw .notOurs(path) }
    }
}
