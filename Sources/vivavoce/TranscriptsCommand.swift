import Archive
import ArgumentParser
import Assistant
import Events

/// The record of conversations.
struct Transcripts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcripts",
        abstract: "Find, read and delete what was said.",
        discussion: """
            A SESSION is `last`, a number from `transcripts list`, or the beginning of an id. A DATE is 2026-11-23, \
            2026-11-23T12:00, today, yesterday or 7d (days ago); a day given to --until is within.
            """,
        subcommands: [
            List.self, Show.self, Search.self, Export.self, TranscriptsReplay.self, Delete.self, Import.self, Path.self,
        ],
        defaultSubcommand: List.self)

    /// Runs a command's body; what the record fails with ends the process as interface.md says.
    static func reporting(_ body: () async throws(ArchiveError) -> Void) async throws(ArgumentParser.ExitCode) {
        try await Failure.reporting { () throws(AssistantError) in
            do throws(ArchiveError) {
                try await body()
            } catch {
                throw AssistantError(error)
            }
        }
    }

    static func path() throws(ArchiveError) -> String {
        try TranscriptStore.defaultPath(environment: Environment.current)
    }

    /// To read. Throws `.missing` where nothing was kept yet.
    static func store() throws(ArchiveError) -> TranscriptStore {
        try TranscriptStore(at: try path(), forWriting: false)
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path", abstract: "Print the path of the record's database.")

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in print(try Transcripts.path()) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List conversations, the newest last.")

        @Flag(help: "One JSON object a line.") var json = false
        @OptionGroup var period: Period

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                let bounds = try period.bounds()
                guard let sessions = try sessions(SessionSelection(since: bounds.since, until: bounds.until)) else {
                    return
                }
                print(json ? sessions.map(\.jsonLine).joined() : TranscriptText.table(sessions), terminator: "")
            }
        }

        /// nil where nothing was kept yet.
        private func sessions(_ selection: SessionSelection) throws(ArchiveError) -> [ArchivedSession]? {
            do throws(ArchiveError) {
                return try Transcripts.store().sessions(selection)
            } catch {
                guard error.code == .missing else { throw error }
                return nil
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a conversation.",
            discussion: "Of speech that was cut off, what was heard is shown, and […] for the rest.")

        @Argument(help: "last, a number, or the beginning of an id.") var session = "last"
        @Flag(help: "One JSON object a line: the session, then its lines.") var json = false

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                let store = try Transcripts.store()
                let session = try store.session(named: session)
                let lines = try store.lines(of: session.id)
                let text =
                    json
                    ? session.jsonLine + lines.map(\.jsonLine).joined()
                    : TranscriptText.heading(session) + lines.map { TranscriptText.line($0) }.joined()
                print(text, terminator: "")
            }
        }
    }
}

/// From when until when.
struct Period: ParsableArguments {
    @Option(help: "What began on that day or later, or at that time or later.") var since: String?
    @Option(help: "What began on that day or earlier, or before that time.") var until: String?

    /// Milliseconds since 1970.
    func bounds() throws(ArchiveError) -> (since: Int64?, until: Int64?) {
        (try Self.bound(since, isEnd: false), try Self.bound(until, isEnd: true))
    }

    private static func bound(_ text: String?, isEnd: Bool) throws(ArchiveError) -> Int64? {
        guard let text else { return nil }
        guard let time = ISOTime.bound(text, isEnd: isEnd, now: Environment.now) else {
            throw ArchiveError(
                .badInput, "“\(text)” is no date and no time.",
                remedy: "Such as 2026-11-23, 2026-11-23T12:00, today, yesterday or 7d.")
        }
        return time
    }
}
