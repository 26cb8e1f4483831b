import Dispatch
import Glibc

/// Tells when settings files have been saved, made or removed, as the kernel tells of what happens in their folders.
///
/// Editors put a new file in the place of the old, and folders may come later than this: so the folders are watched, or
/// the nearest above them that exist, and a link's target with it. What counts is whether a file is another than it was.
package struct SettingsWatch: Sendable {
    /// A file that still changes within this time is not read yet.
    package static let pause = Duration.milliseconds(200)

    private static let saved = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
    /// Folders that come, and links, which are whole when they are made.
    private static let made = UInt32(IN_CREATE | IN_MOVED_TO)

    private let paths: [String]
    private let rest: @Sendable () async -> Void

    /// - Parameters:
    ///   - paths: absolute; they need not exist.
    ///   - rest: passes `pause`, or returns early when the task is cancelled.
    package init(_ paths: [String], resting rest: @escaping @Sendable () async -> Void) {
        self.paths = paths
        self.rest = rest
    }

    /// Until the task is cancelled.
    ///
    /// - Parameters:
    ///   - onReady: called once what happens from here on is noticed.
    ///   - onProblem: told of each folder that cannot be watched, once, and of a kernel that watches nothing more.
    ///   - onChange: called after each time that files were changed.
    package func run(
        onReady: @Sendable () -> Void = {}, onProblem: @Sendable (AssistantError) async -> Void,
        onChange: @Sendable () async -> Void
    ) async {
        let descriptor = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        guard descriptor >= 0 else { return await onProblem(.unwatched("settings files", errno)) }
        let happenings = Self.happenings(of: descriptor)
        var unwatched = watchFolders(descriptor)
        for (folder, number) in unwatched { await onProblem(.unwatched(folder, number)) }
        var known = stamps
        onReady()
        for await _ in happenings {
            var seen = stamps
            var before: [FileStamp?]
            repeat {
                before = seen
                await rest()
                for (folder, number) in watchFolders(descriptor)
                where unwatched.updateValue(number, forKey: folder) == nil {
                    await onProblem(.unwatched(folder, number))
                }
                seen = stamps
            } while seen != before && !Task.isCancelled
            guard seen != known, !Task.isCancelled else { continue }
            known = seen
            await onChange()
        }
    }

    private static func happenings(of descriptor: CInt) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { feed in
            // SAFETY: cancelling is all that another thread does with it, and may do.
            nonisolated(unsafe) let source = DispatchSource.makeReadSource(
                fileDescriptor: descriptor, queue: .global())
            source.setEventHandler { if drain(descriptor) { feed.yield() } }
            source.setCancelHandler { close(descriptor) }
            source.resume()
            feed.onTermination = { _ in source.cancel() }
        }
    }

    /// - Returns: whether there was anything.
    private static func drain(_ descriptor: CInt) -> Bool {
        var isNews = false
        withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 { isNews = true }
        }
        return isNews
    }

    /// Adds what is not watched yet; watching a folder again is the same watch.
    ///
    /// - Returns: the folders that cannot be watched, each with its errno.
    private func watchFolders(_ descriptor: CInt) -> [String: CInt] {
        var failures: [String: CInt] = [:]
        for path in paths {
            for place in [path, Self.target(of: path)].compactMap({ $0 }) {
                guard let (folder, number) = Self.watch(Self.folder(of: place), descriptor) else { continue }
                failures[folder] = number
            }
        }
        return failures
    }

    /// Watches a folder, or what is nearest above it.
    private static func watch(_ folder: String, _ descriptor: CInt) -> (folder: String, errno: CInt)? {
        var folder = folder
        var events = saved
        while inotify_add_watch(descriptor, folder, events | UInt32(IN_MASK_ADD) | UInt32(IN_ONLYDIR)) < 0 {
            let number = errno
            guard number == ENOENT || number == ENOTDIR, folder != "/" else { return (folder, number) }
            folder = Self.folder(of: folder)
            events = made
        }
        return nil
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Where links lead; nil where nothing is.
    private static func target(of path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private var stamps: [FileStamp?] { paths.map(FileStamp.init(of:)) }
}

extension AssistantError {
    fileprivate static func unwatched(_ what: String, _ number: CInt) -> AssistantError {
        AssistantError(
            .unavailable, "Cannot watch \(what) for changed settings: \(String(cString: strerror(number))).",
            remedy: "`vivavoce reload` has the daemon read them.")
    }
}

/// What tells one state of a file from another.
private struct FileStamp: Equatable {
    let device: UInt64
    let number: UInt64
    let size: Int64
    /// Of the last change of the content or of the file itself, nanoseconds.
    let changed: [Int]

    /// - Returns: nil where there is no file.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        size = Int64(status.st_size)
        changed = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
