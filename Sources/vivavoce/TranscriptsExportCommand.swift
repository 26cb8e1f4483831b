import Archive
import ArgumentParser
import Glibc

extension Transcripts {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write conversations as text, JSON or subtitles.",
            discussion: """
                md and txt are to be read; json and jsonl hold all that is kept: lines, turns, connections, tokens, events \
                and the names of files (import takes jsonl). srt and vtt are subtitles of one conversation, timed from its \
                start. Of speech that was cut off, what was heard is shown; md, json and jsonl have the rest, too.
                """)

        @Argument(
            help: ArgumentHelp(
                "last, a number, or the beginning of an id; last, unless dates are given.", valueName: "session"))
        var arguments: [String] = []
        @Option(name: .customLong("session"), help: "The same, as an option; may be given several times.")
        var options: [String] = []
        @Option(help: "The form.") var format = ExportFormat.md
        @OptionGroup var period: Period
        @Option(help: "A file, or - for stdout.") var output = "-"

        private var sessions: [String] { arguments + options }

        func validate() throws {
            guard sessions.isEmpty || (period.since == nil && period.until == nil) else {
                throw ValidationError("Name conversations, or give dates, not both.")
            }
        }

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                let store = try Transcripts.store()
                let chosen = try chosen(from: store)
                guard chosen.count <= 1 || !format.holdsOneSession else {
                    throw ArchiveError(
                        .badInput, "\(format) holds one conversation, and \(chosen.count) are meant.",
                        remedy: "Name one, or export them one by one.")
                }
                let file = try ExportFile(output)
                var exporter = Exporter(format)
                try file.write(exporter.begin())
                for session in chosen {
                    let details = format.holdsEverything ? try store.details(of: session.id) : ArchivedDetails()
                    try file.write(exporter.add(session, try store.lines(of: session.id), details))
                }
                try file.write(exporter.end())
                try file.finish()
            }
        }

        private func chosen(from store: TranscriptStore) throws(ArchiveError) -> [ArchivedSession] {
            let bounds = try period.bounds()
            if bounds.since != nil || bounds.until != nil {
                let found = try store.sessions(SessionSelection(since: bounds.since, until: bounds.until))
                guard found.isEmpty else { return found }
                throw ArchiveError(
                    .missing, "There is no conversation between these dates.",
                    remedy: "`vivavoce transcripts list` shows those there are.")
            }
            var chosen: [ArchivedSession] = []
            for name in sessions.isEmpty ? ["last"] : sessions {
                let session = try store.session(named: name)
                if !chosen.contains(session) { chosen.append(session) }
            }
            return chosen
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// Where an export goes; a file is its owner's alone, as the record is.
private struct ExportFile: ~Copyable {
    private let descriptor: CInt
    private let name: String

    init(_ path: String) throws(ArchiveError) {
        name = path == "-" ? "stdout" : path
        descriptor =
            path == "-" ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(name) }
    }

    deinit { close(descriptor) }

    func write(_ text: String) throws(ArchiveError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Self.failure(name) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// What was written is on disk, as far as it lies on one.
    func finish() throws(ArchiveError) {
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw Self.failure(name) }
    }

    private static func failure(_ name: String) -> ArchiveError {
        let number = errno
        let code: ArchiveError.Code =
            switch number {
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM: .permission
            default: .inputOutput
            }
        return ArchiveError(
            code, "Cannot write \(name): \(String(cString: strerror(number))).",
            remedy: "Name another file with --output.")
    }
}
