import GRDB

/// What an import changed.
package struct ImportReport: Sendable, Equatable {
    package var sessions = 0
    package var lines = 0
    /// Lines and sessions that were there already, and stayed as they were.
    package var known = 0
}

extension TranscriptStore {
    /// Takes over what another record exported as JSON lines: a `session` object, then its `line` objects and the others
    /// that hold what was kept beside them, and so on.
    ///
    /// What is there already stays as it is, so importing twice changes nothing. Unknown members, and objects of other
    /// types, are passed over: a newer version may write more, and an older one wrote sessions and lines only.
    ///
    /// - Parameter lines: without their line ends; empty ones are passed over.
    /// - Throws: `.badInput` with the line's number, after which nothing of it was imported.
    package func `import`(_ lines: some Sequence<String>) throws(ArchiveError) -> ImportReport {
        let report = try writing { database in
            var importing = try Importing(database: database)
            for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
                do throws(ArchiveError) {
                    try importing.take(line)
                } catch {
                    guard error.code == .badInput else { throw error }
                    throw ArchiveError(
                        .badInput, "Cannot import line \(index + 1): \(error.message).",
                        remedy: "Import what `vivavoce transcripts export --format jsonl` wrote; nothing was imported.")
                }
            }
            if importing.isDisordered {
                try LineOrder.restore(in: database)
                try SessionBounds.measure(in: database)
            }
            return importing.report
        }
        // A large log would stay that large. Who reads it now keeps it for a while; that is no failure.
        _ = try? truncateLog()
        return report
    }
}
