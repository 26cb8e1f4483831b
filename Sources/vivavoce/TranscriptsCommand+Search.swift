import Archive
import ArgumentParser
import Events
import Glibc

extension Transcripts {
    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "search",
            abstract: "Search what was heard, the newest first.",
            discussion: """
                Words must all occur; "words in this order", beginning*, one OR other, -without. Case and accents do not \
                count. Prints session, time, speaker and line.
                """)

        @Argument(parsing: .allUnrecognized, help: "What to look for.") var query: [String] = []
        @Option(help: "Only in this conversation: last, a number, or the beginning of an id.") var session: String?
        @Option(help: "Only what this one said: user or model.") var speaker: Party?
        @OptionGroup var period: Period
        @Option(help: "The newest so many.") var limit = 50
        @Flag(help: "One JSON object a line.") var json = false

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit is a number of lines, at least 1.") }
            if let unknown = query.first(where: { $0.hasPrefix("--") && $0 != "--" }) {
                throw ValidationError("Unknown option '\(unknown)'")
            }
        }

        func run() async throws {
            try await Transcripts.reporting { () throws(ArchiveError) in
                let bounds = try period.bounds()
                let store = try Transcripts.store()
                var search = LineSearch(
                    query.filter { $0 != "--" }.joined(separator: " "), speaker: speaker, limit: limit)
                (search.since, search.until) = (bounds.since, bounds.until)
                if let session { search.session = try store.session(named: session).id }
                let found = try store.search(search)
                let style = isatty(STDOUT_FILENO) == 1 && Environment.current["NO_COLOR"]?.isEmpty ?? true
                print(
                    found.map { json ? $0.jsonLine : TranscriptText.found($0, isStyled: style) }.joined(),
                    terminator: "")
            }
        }
    }
}

extension Party: ExpressibleByArgument {}
