import Glibc

/// The directory of one conversation's recording, as the record names it.
///
/// The name may have come from another machine, so only what a recording consists of is ever touched: `audio.opus` and
/// its further parts, and the files in `artifacts/`, of a directory that is named for the conversation as the recorder
/// names it. Links are not followed.
struct RecordingFolder {
    /// What became of a recording that was to be removed.
    enum Removal {
        /// Nothing is left of it.
        case gone
        /// It holds other files, or it is another's.
        case leftInPlace
        /// Neither it nor the folder that it lay in is there: as far as anybody can tell, its disk is not mounted.
        case unreachable
    }

    let path: String
    /// The conversation's id.
    let session: String

    private var isOurs: Bool { path.hasSuffix("-" + RecordingDirectory.sanitized(session)) }

    /// Bytes of its files; 0 for one that is not there.
    var bytes: Int64 {
        var total: Int64 = 0
        forEachFile { folder, name in
            var status = stat()
            if fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { total += Int64(status.st_size) }
        }
        return total
    }

    /// Removes its files, and itself where nothing else is in it.
    func remove() throws(ArchiveError) -> Removal {
        guard isOurs else { return .leftInPlace }
        guard isReachable else { return .unreachable }
        var failure: CInt = 0
        forEachFile { folder, name in if unlinkat(folder, name, 0) != 0, errno != ENOENT { failure = errno } }
        guard failure == 0 else { throw ArchiveError(failure, "delete the recording", path) }
        rmdir(path + "/artifacts")
        return rmdir(path) == 0 || errno == ENOENT ? .gone : .leftInPlace
    }

    /// It is there, or it alone is not.
    private var isReachable: Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return errno == ENOENT && stat(parent.isEmpty ? "/" : String(parent), &status) == 0
    }

    private func forEachFile(_ body: (_ folder: CInt, _ name: String) -> Void) {
        guard isOurs else { return }
        Self.forEachFile(in: path) { folder, name in
            if name.wholeMatch(of: /audio(-[0-9]+)?\.opus/) != nil { body(folder, name) }
        }
        Self.forEachFile(in: path + "/artifacts", body)
    }

    /// Regular files only.
    private static func forEachFile(in path: String, _ body: (_ folder: CInt, _ name: String) -> Void) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
            else {
                continue
            }
            names.append(name)
        }
        for name in names { body(descriptor, name) }
    }
}
