import Glibc
import Yams

/// Keeps a `Spending` over restarts, in a small file for its owner alone that several assistants may share.
///
/// Every change is a lock, a reading, and a whole new file in the old one's place. Blocks for as long as the disk does.
package struct SpendingFile: Sendable {
    package let path: String
    private let currency: String
    /// Longer is none of ours.
    private static let longest = 4_096

    package init(path: String, currency: String) {
        self.path = path
        self.currency = currency
    }

    /// `$XDG_STATE_HOME/vivavoce/cost.yaml`; nil where the environment names neither that nor a home.
    package static func path(in environment: [String: String]) -> String? {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        return (set("XDG_STATE_HOME") ?? set("HOME").map { $0 + "/.local/state" }).map { $0 + "/vivavoce/cost.yaml" }
    }

    package struct Kept: Sendable, Equatable {
        package var spending: Spending
        /// Where a file was put that could not be read; it counts as nothing.
        package var setAside: String?
    }

    /// Adds to what is kept. A sum of nothing only reads.
    ///
    /// - Parameter date: today, such as `2026-11-23`.
    package func add(_ sum: Spending.Sum, on date: String) throws(ObservationError) -> Kept {
        try makeFolder()
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw failure("open", path + ".lock") }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 { guard errno == EINTR else { throw failure("lock", path + ".lock") } }
        var kept = try read(date)
        kept.spending.turn(to: date)
        guard sum != Spending.Sum() else { return kept }
        kept.spending.add(sum)
        try write(kept.spending)
        return kept
    }

    // MARK: The file

    private func read(_ date: String) throws(ObservationError) -> Kept {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            guard errno == ENOENT else { throw failure("read", path) }
            return Kept(spending: Spending(date: date))
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.longest)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw failure("read", path) }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        if count < Self.longest, let spending = Self.parse(text, currency) { return Kept(spending: spending) }
        let aside = path + ".damaged"
        guard rename(path, aside) == 0 else { throw failure("set aside", path) }
        return Kept(spending: Spending(date: date), setAside: aside)
    }

    private func write(_ spending: Spending) throws(ObservationError) {
        let draft = "\(path).new"
        unlink(draft)  // of one that died; the lock is ours
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("create", draft) }
        let bytes = Array(Self.text(spending, currency).utf8)
        let isWritten = Glibc.write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        let isInPlace = isWritten && rename(draft, path) == 0
        let error = isInPlace ? nil : failure("write", path)
        close(file)
        if let error {
            unlink(draft)
            throw error
        }
    }

    static func text(_ spending: Spending, _ currency: String) -> String {
        """
        # What vivavoce has spent, as it estimates it. Kept for the budgets; deleting this file makes it begin at nothing.
        currency: \(currency)
        date: \(spending.date)
        dayAmount: \(spending.day.amount)
        dayTokens: \(spending.day.tokens)
        monthAmount: \(spending.month.amount)
        monthTokens: \(spending.month.tokens)

        """
    }

    /// - Returns: nil for what this did not write, and for amounts in another currency.
    static func parse(_ text: String, _ currency: String) -> Spending? {
        guard let root = try? Yams.compose(yaml: text), let mapping = root.mapping else { return nil }
        func word(_ name: String) -> String? { mapping[Node(name)]?.scalar?.string }
        func sum(_ period: String) -> Spending.Sum? {
            guard let amount = word(period + "Amount").flatMap(Double.init), amount.isFinite, amount >= 0,
                let tokens = word(period + "Tokens").flatMap({ Int($0) }), tokens >= 0
            else { return nil }
            return Spending.Sum(amount: amount, tokens: tokens)
        }
        guard word("currency") == currency, let date = word("date"), date.utf8.count == 10, let day = sum("day"),
            let month = sum("month")
        else { return nil }
        return Spending(date: date, day: day, month: month)
    }

    private func makeFolder() throws(ObservationError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        for end in folder.indices.dropFirst() where folder[end] == "/" { mkdir(String(folder[..<end]), 0o755) }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("create", folder) }
    }

    private func failure(_ verb: String, _ path: String) -> ObservationError {
        ObservationError(
            .system, "Cannot \(verb) \(path): \(String(cString: strerror(errno))).",
            remedy: "Until that is mended, what is spent is forgotten at the end.")
    }
}
