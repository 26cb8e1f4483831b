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

    @Test(
        "an entry in the journal's own protocol",
        arguments: [
            (JournalEntry("m", .notice), "MESSAGE=m\nPRIORITY=5\nSYSLOG_IDENTIFIER=me\n"),
            (JournalEntry("", .critical), "MESSAGE=\nPRIORITY=2\nSYSLOG_IDENTIFIER=me\n"),
            (
                JournalEntry("a=b", .debug, fields: [JournalField("device", "d=\u{1B}[2J\nPRIORITY=0")]),
                "MESSAGE=a=b\nPRIORITY=7\nSYSLOG_IDENTIFIER=me\nVIVAVOCE_DEVICE=d=\u{FFFD}[2J PRIORITY=0\n"
            ),
            (
                JournalEntry("odd\n  ä", .warning),
                "MESSAGE\n\u{08}\0\0\0\0\0\0\0odd\n  ä\nPRIORITY=4\nSYSLOG_IDENTIFIER=me\n"
            ),
        ])
    func encoded(entry: JournalEntry, text: String) {
        #expect(String(decoding: entry.bytes(from: "me"), as: UTF8.self) == text)
    }

    @Test("a value is cut at 32 KiB, between two characters")
    func cut() {
        let whole = String(repeating: "ä", count: 16_384)
        let start = "MESSAGE=".utf8.count
        for (text, kept) in [(whole, whole), (whole + "x", whole), ("x" + whole, "x" + whole.dropLast())] {
            let bytes = JournalEntry(text, .info).bytes(from: "")
            #expect(String(validating: bytes.dropFirst(start).prefix { $0 != 10 }, as: UTF8.self) == kept)
        }
    }

    @Test(
        "a field's name is one that the journal takes",
        arguments: [
            ("heardMilliseconds", "VIVAVOCE_HEARD_MILLISECONDS"), ("audio-input 2", "VIVAVOCE_AUDIO_INPUT_2"),
            ("é=\n", "VIVAVOCE____"), ("", "VIVAVOCE_"),
            (String(repeating: "x", count: 99), "VIVAVOCE_" + String(repeating: "X", count: 55)),
        ])
    func names(member: String, name: String) {
        #expect(JournalField(member, "").name == name)
    }

    @Test("each notice and log line is an entry, with its priority and its fields, and no time of ours")
    func entries() async {
        let output = CapturedOutput()
        let socket = JournalSocket()
        socket.listen()
        let console = Console(
            Console.Layout(
                transcript: output.writingEnd, notices: -1, journal: Journal(identifier: "me", path: socket.path)))
        console.print("what is said")
        console.notice("warning: odd\n  Do this.", .warning, fields: [JournalField("code", "c")])
        let handler = ConsoleLogHandler(label: "l", threshold: LogThreshold(.trace), console: console) { 0 }
        let logger = Logger(label: "l") { _ in handler }
        for level in Logger.Level.allCases { logger.log(level: level, "m", metadata: ["tookSeconds": "3"]) }
        await console.drain()
        let entries = socket.entries()
        #expect(
            entries.first == [
                "MESSAGE": "warning: odd\n  Do this.", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "me", "VIVAVOCE_CODE": "c",
            ])
        let logged = entries.dropFirst()
        #expect(logged.map { $0["PRIORITY"] } == ["7", "7", "6", "5", "4", "3", "2"])
        #expect(logged.first?["MESSAGE"] == "trace l: m tookSeconds=3")
        #expect(logged.allSatisfy { $0["VIVAVOCE_LOGGER"] == "l" && $0["VIVAVOCE_TOOK_SECONDS"] == "3" })
        #expect(output.text() == "what is said\n")
    }

    @Test("what the journal's socket does not take goes to stderr, a priority before each line, and is no failure")
    func unreachable() async {
        let stream = CapturedOutput()
        let socket = JournalSocket()
        let journal = Journal(identifier: "me", path: socket.path, stream: stream.writingEnd)
        let console = Console(Console.Layout(transcript: -1, notices: -1, journal: journal))
        func tell(_ text: String) async -> [String?] {
            console.notice(text, .error)
            await console.drain()
            return socket.entries().map { $0["MESSAGE"] }
        }
        #expect(await tell("before it\n  listens") == [])
        socket.listen()
        #expect(await tell("while it listens") == ["while it listens"])
        socket.close()
        #expect(await tell("when it is gone") == [])
        socket.listen()
        #expect(await tell("when it is back") == ["when it is back"])
        #expect(console.failure == nil)
        let text = stream.text()
        #expect(text == "<3>before it\n<3>  listens\n<3>when it is gone\n")
    }

    @Test("a path that no socket can have is as one where nobody listens")
    func badPath() async {
        let stream = CapturedOutput()
        let path = "/" + String(repeating: "x", count: 200)
        let journal = Journal(identifier: "me", path: path, stream: stream.writingEnd)
        let console = Console(Console.Layout(transcript: -1, notices: -1, journal: journal))
        console.notice("m")
        await console.drain()
        #expect(stream.text() == "<5>m\n")
    }

    @Test("elsewhere a notice is as it is, behind the time of a log line")
    func elsewhere() async {
        let output = CapturedOutput()
        let console = Console(Console.Layout(transcript: output.writingEnd, notices: output.writingEnd))
        console.notice("a\nb", .error, fields: [JournalField("code", "c")])
        console.notice("c", stamp: "now")
        await console.drain()
        let text = output.text()
        #expect(text == "a\nb\nnow c\n")
    }

    /// What the journal gets of events.
    private static func entries(of bodies: [Event.Body], session: String?) async -> [[String: String]] {
        let output = CapturedOutput()
        let socket = JournalSocket()
        socket.listen()
        let console = Console(
            Console.Layout(
                transcript: output.writingEnd, notices: -1, journal: Journal(identifier: "me", path: socket.path)))
        let bus = EventBus()
        let transcript = Transcript(console: console, style: Transcript.Style())
        let events = transcript.subscription(to: bus)
        for body in bodies { bus.publish(Event(at: 0, session: session, body)) }
        bus.finish()
        await transcript.run(events)
        _ = output.text()
        return socket.entries()
    }

    @Test(
        "events are as grave as they matter, and can be searched for",
        arguments: [
            (.sessionLive(model: "m", resumed: false), "6", ["EVENT": "session.live"]),
            (.sessionStalled(stage: 1), "5", ["EVENT": "session.stalled"]),
            (.warning(Problem(code: "c", message: "m", remedy: "r")), "4", ["EVENT": "warning", "CODE": "c"]),
            (.error(Problem(code: "c", message: "m")), "3", ["EVENT": "error", "CODE": "c"]),
            (
                .audioDevice(direction: .input, device: "d", state: .lost, reason: "r"), "4",
                ["EVENT": "audio.device", "DIRECTION": "input", "DEVICE": "d", "STATE": "lost"]
            ),
            (.sessionEnded(reason: "r", code: nil, exit: 69), "3", ["EVENT": "session.ended"]),
            (.recordingStarted(path: "/r"), "5", ["EVENT": "recording.started"]),
        ] as [(Event.Body, String, [String: String])])
    func events(body: Event.Body, priority: String, fields: [String: String]) async throws {
        for session in [nil, "s"] {
            let entry = try #require(await Self.entries(of: [body], session: session).first)
            let ours = entry.filter { $0.key.hasPrefix("VIVAVOCE_") }
            let expected = fields.merging(session.map { ["SESSION": $0] } ?? [:]) { $1 }
            #expect(ours == Dictionary(uniqueKeysWithValues: expected.map { ("VIVAVOCE_\($0)", $1) }))
            #expect(entry["PRIORITY"] == priority)
        }
    }

    @Test("what is said stays out of the journal")
    func unsaid() async {
        let entries = await Self.entries(of: TranscriptTests.conversation, session: "s")
        #expect(entries.count == 4)
        let values = entries.flatMap(\.values)
        for said in ["What time", "half past"] { #expect(!values.contains { $0.contains(said) }) }
    }
}
