import Dispatch
import Glibc
import Synchronization

/// The record's file, opened when there is something to write, on a queue of its own: nobody else's thread waits for it.
final class RecordWriter: Sendable {
    /// What became of a piece of work.
    struct Outcome<Value: Sendable>: Sendable {
        var result: Result<Value, ArchiveError>
        /// Where a damaged database was moved to on the way.
        var setAside: String?
    }

    let path: String
    private let wallClock: @Sendable () -> Int64
    private let patience: Double
    private let queue = DispatchQueue(label: "archive")
    private let store = Mutex<Opened?>(nil)

    /// - Parameters:
    ///   - wallClock: milliseconds since 1970, for the name of a database that is set aside.
    ///   - patience: seconds to wait for another program's lock; everyone who waits for a line waits with us.
    init(path: String, wallClock: @escaping @Sendable () -> Int64, patience: Double = 0.25) {
        self.path = path
        self.wallClock = wallClock
        self.patience = patience
    }

    /// Runs work on the open record, in the order of the calls. Where it turns out to be damaged, it is moved away, and
    /// the work is done on a new one.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (TranscriptStore) throws(ArchiveError) -> Value
    ) async -> Outcome<Value> {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.performNow(work)) }
        }
    }

    /// Whether there is a record of an older form, which the first piece of work brings to the newest; a million lines take
    /// a minute or more. Changes nothing. What cannot be read is no older form: writing shows what is wrong with it.
    func isOutdated() async -> Bool {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.isOutdatedNow) }
        }
    }

    private var isOutdatedNow: Bool {
        do throws(ArchiveError) {
            let store = try TranscriptStore(at: path, forWriting: false, patience: patience)
            defer { store.close() }
            return try !store.reading(Schema.isCurrent)
        } catch {
            return false
        }
    }

    /// Closes the file, after all work before.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.drop()
                continuation.resume()
            }
        }
    }

    private func performNow<Value: Sendable>(
        _ work: @Sendable (TranscriptStore) throws(ArchiveError) -> Value
    ) -> Outcome<Value> {
        do throws(ArchiveError) {
            return Outcome(result: .success(try work(try opened())))
        } catch {
            guard error.code == .corrupt else {
                // A file that failed is opened anew: a disk that was taken away may be back under the same name.
                if error.code == .inputOutput { drop() }
                return Outcome(result: .failure(error))
            }
        }
        let damaged = drop()
        do throws(ArchiveError) {
            // Whoever else has the record open may have set it aside already.
            let isThere = damaged == nil || damaged == FileIdentity(of: path)
            let place = isThere ? try setAside() : nil
            do throws(ArchiveError) {
                return Outcome(result: .success(try work(try opened())), setAside: place)
            } catch {
                return Outcome(result: .failure(error), setAside: place)
            }
        } catch {
            return Outcome(result: .failure(error))
        }
    }

    /// The record and the file that it is, by which a file that took its place is told from it.
    private struct Opened {
        let store: TranscriptStore
        let file: FileIdentity?
    }

    private struct FileIdentity: Equatable {
        let device: dev_t
        let number: ino_t

        /// Nil where there is no file.
        init?(of path: String) {
            var found = stat()
            guard stat(path, &found) == 0 else { return nil }
            (device, number) = (found.st_dev, found.st_ino)
        }
    }

    /// Another program may have moved the record away: what is written goes to where people look for it.
    private func opened() throws(ArchiveError) -> TranscriptStore {
        if let open = store.withLock({ $0 }) {
            if open.file == FileIdentity(of: path) { return open.store }
            drop()
        }
        let opened = try TranscriptStore(at: path, forWriting: true, patience: patience)
        store.withLock { $0 = Opened(store: opened, file: FileIdentity(of: path)) }
        return opened
    }

    /// - Returns: the file that was open.
    @discardableResult private func drop() -> FileIdentity? {
        let open = store.withLock { $0.take() }
        open?.store.close()
        return open?.file
    }

    /// Renames the database and its log; nothing is deleted.
    private func setAside() throws(ArchiveError) -> String {
        let first = "\(path).corrupt-\(ISOTime.compact(wallClock()))"
        var place = first
        var number = 1
        while access(place, F_OK) == 0 {
            number += 1
            place = "\(first)-\(number)"
        }
        guard rename(path, place) == 0 else { throw ArchiveError(errno, "move away the damaged", path) }
        for suffix in ["-wal", "-shm"] { rename(path + suffix, place + suffix) }
        return place
    }
}
