import Glibc

/// A file that holds one key on its only line, readable by its owner alone.
package struct KeyFile: Sendable, Equatable {
    package let path: String

    /// A key has some 40 characters, a token some 200.
    private static let longest = 4096

    package init(path: String) { self.path = path }

    package var exists: Bool { access(path, F_OK) == 0 }

    /// - Throws: `.noInput` when it is missing, `.refused` when others can read or change it or when it holds no key.
    package func read() throws(AssistantError) -> Credential {
        try CoreDumps.forbid()
        let text = try FileText.read(path, what: "key file", limit: Self.longest, environment: [:]) {
            status throws(AssistantError) in
            // A pipe, as from `--key-file <(pass show gemini)`, has no permissions worth checking.
            guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else { return }
            throw AssistantError(
                .refused, "The key file \(path) is open to other users, so its key may be known to them.",
                remedy: "chmod 600 \(path)")
        }
        return try Credential(checking: text, from: "The key file \(path)")
    }

    /// Puts a key in place of the one that may be there, in one step: no moment has half a key or an open file.
    ///
    /// - Throws: `.ioError` when the folder or the file cannot be written.
    package func write(_ secret: Secret) throws(AssistantError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try makeFolder(folder)
        let draft = "\(path).\(getpid()).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("create", draft) }
        let bytes = Array((secret.exposed + "\n").utf8)
        let isWritten =
            fchmod(file, 0o600) == 0 && Glibc.write(file, bytes, bytes.count) == bytes.count
            && fsync(file) == 0
        let isInPlace = isWritten && rename(draft, path) == 0
        let error = isInPlace ? nil : failure("write", path)
        close(file)
        if let error {
            unlink(draft)
            throw error
        }
    }

    /// - Returns: whether there was a key to remove.
    package func remove() throws(AssistantError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("remove", path) }
        return false
    }

    /// Makes the folder and those above it; the last is for its owner alone.
    private func makeFolder(_ folder: String) throws(AssistantError) {
        for end in folder.indices.dropFirst() where folder[end] == "/" { mkdir(String(folder[..<end]), 0o755) }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST, chmod(folder, 0o700) == 0 else {
            throw failure("create", folder)
        }
    }

    private func failure(_ verb: String, _ path: String) -> AssistantError {
        AssistantError(.ioError, "Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }
}
