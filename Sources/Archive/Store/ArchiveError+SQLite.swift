import GRDB
import Glibc

extension ArchiveError {
    /// What SQLite, or what runs inside of its transaction, failed with.
    ///
    /// - Parameter verb: what was tried with the record, such as `read`.
    init(_ error: any Error, at path: String, doing verb: String) {
        if let own = error as? ArchiveError {
            self = own
            return
        }
        guard let failure = error as? DatabaseError else {
            let code = Code.inputOutput
            self.init(code, "Cannot \(verb) the record at \(path): \(error).", remedy: code.remedy)
            return
        }
        let code = Code(failure.resultCode)
        let said = failure.message ?? "code \(failure.extendedResultCode.rawValue)"
        self.init(code, "Cannot \(verb) the record at \(path): \(said).", remedy: code.remedy)
    }

    /// What the system answered.
    init(_ errno: CInt, _ verb: String, _ path: String) {
        let code: Code =
            switch errno {
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM, EROFS: .permission
            case ENOENT, ENOTDIR: .missing
            default: .inputOutput
            }
        self.init(code, "Cannot \(verb) \(path): \(String(cString: strerror(errno))).", remedy: code.remedy)
    }
}

extension ArchiveError.Code {
    /// From SQLite's primary result code.
    fileprivate init(_ code: ResultCode) {
        self =
            switch code {
            case .SQLITE_FULL: .full
            case .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH, .SQLITE_CANTOPEN: .permission
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            default: .inputOutput
            }
    }

    fileprivate var remedy: String? {
        switch self {
        case .full: "Make room on that disk."
        case .permission: "Make the file and its folder writable for yourself."
        case .busy: "Close the other program that holds it."
        case .corrupt: "Move it away: the next conversation begins another."
        case .missing: "Mount its disk, if it lies on one that is not there."
        case .inputOutput: "See whether its disk is mounted and sound: `dmesg` has what the system found."
        case .newer, .badInput: nil
        }
    }
}
