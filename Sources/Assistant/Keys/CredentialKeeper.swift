import Glibc
import Synchronization

/// The credential of one process, which is read again only when it comes from elsewhere or its file was changed: a pipe
/// gives its text once, and a keyring asks its owner. Any thread.
package final class CredentialKeeper: Sendable {
    private let kept = Mutex<(origin: CredentialSources.Origin, credential: Credential)?>(nil)

    package init() {}

    /// - Throws: as `CredentialSources.credential` does. What was read before is still kept then.
    package func credential(from sources: CredentialSources) throws(AssistantError) -> Credential {
        // Before it is read: what changes meanwhile shows the next time.
        let origin = sources.origin
        if let kept = kept.withLock({ $0 }), kept.origin == origin { return kept.credential }
        let credential = try sources.credential()
        kept.withLock { $0 = (origin, credential) }
        return credential
    }
}

extension CredentialSources {
    /// Which place is asked, and what shows of it without reading it.
    enum Origin: Equatable, Sendable {
        case command(TokenCommand)
        /// - Parameter state: nil for a pipe, whose text does not come again, and where there is no file.
        case file(KeyFile, state: KeyFile.State?)
        /// By name: a process's variables stay what they were.
        case variable(String)
        /// The Secret Service, or nothing.
        case service
    }

    /// Asks nobody.
    var origin: Origin {
        if let command { return .command(command) }
        if let keyFile { return .file(keyFile, state: keyFile.state) }
        if let name = Self.variables.first(where: { environment[$0]?.isEmpty == false }) { return .variable(name) }
        if let stored, stored.exists { return .file(stored, state: stored.state) }
        return .service
    }
}

extension KeyFile {
    /// What is different when another text was put into a file, or others were let at it.
    struct State: Equatable, Sendable {
        private let device: UInt
        private let inode: UInt
        /// Nanoseconds since 1970, of the text and of all else.
        private let changes: [Int]

        fileprivate init(_ status: stat) {
            device = status.st_dev
            inode = status.st_ino
            changes = [status.st_mtim, status.st_ctim].map { $0.tv_sec * 1_000_000_000 + $0.tv_nsec }
        }
    }

    /// Nil for what is no file that holds its text.
    var state: State? {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? State(status) : nil
    }
}
