import Assistant
import Events
import Glibc
import Logging
import Testing

/// Lines for the journal.
@Suite(.timeLimit(.minutes(5)))
struct JournalStreamTests {
    /// The name that a service manager would give the descriptor.
    private static func name(of descriptor: CInt) -> String {
        var status = stat()
        fstat(descriptor, &status)
        return "\(status.st_dev):\(status.st_ino)"
    }

    @Test("the journal is where JOURNAL_STREAM says, and nowhere else")
    func stream() {
        let output = CapturedOutput()
        let descriptor = output.writingEnd
        let name = Self.name(of: descriptor)
        func isBehind(_ environment: [String: String]) -> Bool {
            JournalStream.isBehind(descriptor, environment: environment)
        }
        #expect(isBehind(["JOURNAL_STREAM": name]))
        let wrong = [
            "", ":", "1", "\(name):1", name + "0", "x" + name, String(name.prefix { $0 != ":" }) + ":", "-1:-1",
        ]
        for text in wrong { #expect(!isBehind(["JOURNAL_STREAM": text]), "\(text)") }
        #expect(!isBehind([:]))
        #expect(!JournalStream.isBehind(-1, environment: ["JOURNAL_STREAM": name]))
        _ = output.text()
    }

    @Test("each line of a notice bears its priority there, and log lines theirs by level")
    func marked() async {
        let output = CapturedOutput()
        let console = Console(
            Console.Layout(transcript: output.writingEnd, notices: output.writingEnd, noticesAreJournal: true))
        console.print("what is said")
        console.notice("warning: odd\n  Do this.", .warning)
        console.notice("ended")
        let handler = ConsoleLogHandler(label: "l", threshold: LogThreshold(.trace), console: console) { 0 }
        let logger = Logger(label: "l") { _ in handler }
        for level in Logger.Level.allCases { logger.log(level: level, "m") }
        await console.drain()
        let lines = output.text().split(separator: "\n").map(String.init)
        #expect(lines.prefix(4) == ["what is said", "<4>warning: odd", "<4>  Do this.", "<5>ended"])
        #expect(lines.dropFirst(4).map { $0.prefix(3) } == ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"])
    }

    @Test("elsewhere a notice is as it is")
    func unmarked() async {
        let output = CapturedOutput()
        let console = Console(Console.Layout(transcript: output.writingEnd, notices: output.writingEnd))
        console.notice("a\nb", .error)
        await console.drain()
        let text = output.text()
        #expect(text == "a\nb\n")
    }

    @Test(
        "events are as grave as they matter",
        arguments: [
            (.sessionLive(model: "m", resumed: false), "<6>"), (.sessionStalled(stage: 1), "<5>"),
            (.warning(Problem(code: "c", message: "m")), "<4>"), (.error(Problem(code: "c", message: "m")), "<3>"),
            (.sessionEnded(reason: "r", code: nil, exit: 69), "<3>"), (.recordingStarted(path: "/r"), "<5>"),
        ] as [(Event.Body, String)])
    func events(body: Event.Body, mark: String) async {
        let output = CapturedOutput()
        let console = Console(
            Console.Layout(transcript: output.writingEnd, notices: output.writingEnd, noticesAreJournal: true))
        let bus = EventBus()
        let transcript = Transcript(console: console, style: Transcript.Style())
        let events = transcript.subscription(to: bus)
        bus.publish(Event(at: 0, session: nil, body))
        bus.finish()
        await transcript.run(events)
        let text = output.text()
        #expect(text.hasPrefix(mark), "\(text)")
    }
}
