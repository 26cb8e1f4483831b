import Archive
import ArgumentParser
import Glibc

extension Transcripts {
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete conversations: words, what the search knows of them, and recordings.",
            discussion: "Asks first. There is no way back.")

        @Argument(help: "last, a number, or the beginning of an id.") var sessions: [String] = []
        @Option(help: "All that ended so many days ago, or longer.") var olderThan: Int?
        @Flag(help: "Do not ask.") var yes = false

        func validate() throws {
            guard !sessions.isEmpty || olderThan != nil else {
                throw ValidationError("Name conversations, or say --older-than DAYS.")
            }
            guard olderThan ?? 0 >= 0, olderThan ?? 0 <= 36_500 else {
                throw ValidationError("--older-than is a number of days, at most 36500.")
            }
            guard yes || isatty(STDIN_FILENO) == 1 else {
                throw ValidationError("There is no terminal to ask on; say --yes to delete without a question.")
            }
        }

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                let chosen = try chosen(from: try Transcripts.store())
                guard !chosen.isEmpty else { return Failure.print("nothing to delete") }
                guard yes || ask(about: chosen) else { return Failure.print("nothing was deleted") }
                let store = try TranscriptStore(at: try Transcripts.path(), forWriting: true)
                let deletion = try store.delete(chosen.map(\.id), now: Environment.now)
                let count = deletion.sessions.count
                Failure.print("deleted \(count) conversation\(count == 1 ? "" : "s")")
                for id in deletion.held {
                    Failure.print("not deleted, because it is under way: \(TranscriptText.safe(id)); end it first")
                }
                for folder in deletion.remaining {
                    Failure.print(
                        "left in place, because other files are in it or it is another's: "
                            + TranscriptText.safe(folder))
                }
                for folder in deletion.unreachable {
                    Failure.print(
                        "not removed: the recording \(TranscriptText.safe(folder)) is not there, nor is the folder that "
                            + "it lay in; the words are deleted. Mount its disk and delete the conversation again "
                            + "(if it is gone for good, make that folder first)")
                }
                if !deletion.isErased {
                    Failure.print(
                        "another program still reads the record; its words leave the disk when that has ended and the "
                            + "record is written again")
                }
            }
        }

        private func chosen(from store: TranscriptStore) throws(ArchiveError) -> [ArchivedSession] {
            var chosen: [ArchivedSession] = []
            for name in sessions { chosen.append(try store.session(named: name)) }
            if let olderThan {
                chosen += try store.sessions(olderThan: Int64(olderThan) * 86_400_000, now: Environment.now)
            }
            var seen: Set<String> = []
            return chosen.filter { seen.insert($0.id).inserted }
        }

        private func ask(about sessions: [ArchivedSession]) -> Bool {
            Failure.show(TranscriptText.table(sessions))
            Failure.show("Delete \(sessions.count == 1 ? "it" : "these \(sessions.count)") for good? [y/N] ")
            return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Take over conversations that another record exported as JSON lines.",
            discussion: "What is there already stays as it is. Recordings are files, to be copied by themselves.")

        @Argument(help: "A file of `transcripts export --format jsonl`, or - for stdin.") var file: String

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                try readFile()
                let lines = Array(sequence(state: ()) { _ in readLine() })
                let store = try TranscriptStore(at: try Transcripts.path(), forWriting: true)
                // Read first: nobody can write into the record while it is being imported into.
                let report = try store.import(lines)
                Failure.print(
                    "imported \(report.sessions) conversations and \(report.lines) lines; "
                        + "\(report.known) were there already")
            }
        }

        /// The file takes the place of stdin.
        private func readFile() throws(ArchiveError) {
            guard file != "-" else { return }
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            var status = stat()
            let isFolder = descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            guard descriptor >= 0, !isFolder, dup2(descriptor, STDIN_FILENO) >= 0 else {
                let reason = String(cString: strerror(isFolder ? EISDIR : errno))
                throw ArchiveError(.missing, "Cannot read \(file): \(reason).")
            }
            close(descriptor)
        }
    }
}
