import Glibc

/// A file that is written page by page, readable by its owner only; what is in it is whole pages, also when the disk is
/// full.
///
/// `append` is called on one thread at a time; `sync` on any.
final class RecordingFile: @unchecked Sendable {
    // @unchecked: the descriptor never changes, and what changes belongs to the thread that appends.
    let path: String
    /// Bytes of whole pages.
    private(set) var size = 0
    /// Why the last `append` failed; 0 before.
    private(set) var error: CInt = 0
    private let descriptor: CInt

    /// - Throws: when there is a file of that name, or none can be made.
    init(creating path: String) throws(ArchiveError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { throw ArchiveError(errno: errno, "cannot create the recording \(path)") }
    }

    deinit { close(descriptor) }

    /// - Returns: whether all of it is in the file; if not, none of it is.
    func append(_ page: UnsafeRawBufferPointer) -> Bool {
        var written = 0
        while written < page.count {
            let count = write(descriptor, page.baseAddress! + written, page.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                error = count < 0 ? errno : EIO
                _ = ftruncate(descriptor, size)
                return false
            }
            written += count
        }
        size += written
        return true
    }

    /// Waits until what was written is on the disk.
    func sync() { _ = fdatasync(descriptor) }

    /// Bytes that can be written on the disk that holds `directory`; nil when nobody knows.
    static func room(in directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let (bytes, isMore) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isMore ? .max : Int(clamping: bytes)
    }
}

extension ArchiveError {
    /// What a system call's `errno` means to whoever keeps files.
    init(errno number: CInt, _ what: String) {
        let message = "\(what): \(String(cString: strerror(number)))"
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            self.init(.full, message, remedy: "Free some space there, or name another directory with --record.")
        case EACCES, EPERM, EROFS:
            self.init(
                .permission, message,
                remedy: "Make the directory writable for you, or name another one with --record.")
        case ENOENT, ENOTDIR:
            self.init(.missing, message, remedy: "Name a directory with --record; it is made where its parent exists.")
        default: self.init(.inputOutput, message, remedy: "Name a directory on another disk with --record.")
        }
    }
}
