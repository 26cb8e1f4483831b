import Assistant
import Dispatch
import Events
import Glibc
import LiveSession
import Testing

/// A pipe, read as a whole once its writing end is closed.
struct CapturedOutput: ~Copyable {
    let writingEnd: CInt
    private let readingEnd: CInt

    init() {
        var ends: [CInt] = [0, 0]
        precondition(pipe(&ends) == 0)
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }

    consuming func text() -> String {
        close(writingEnd)
        defer { close(readingEnd) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(into: &buffer)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nobody will read.
    func closeReadingEnd() { close(readingEnd) }

    /// Blocks until something comes. - Returns: bytes read; 0 at the end.
    func read(into buffer: inout [UInt8]) -> Int { Glibc.read(readingEnd, &buffer, buffer.count) }
}

@Suite("The transcript", .timeLimit(.minutes(5)))
struct TranscriptTests {
    /// A turn of each side, the second cut off after three words.
    static let conversation: [Event.Body] = [
        .sessionConnecting(attempt: 1),
        .sessionLive(model: "models/m", resumed: false),
        .turnStarted(turn: 1, speaker: .user),
        .transcriptPartial(TranscriptLine(turn: 1, speaker: .user, text: "what time")),
        .transcriptPartial(TranscriptLine(turn: 1, speaker: .user, text: "what time is it")),
        .transcriptFinal(TranscriptLine(turn: 1, speaker: .user, text: " What time is it?")),
        .audioLevel(input: -30, output: -10),
        .turnStarted(turn: 2, speaker: .model),
        .transcriptPartial(TranscriptLine(turn: 2, speaker: .model, text: "It is half")),
        .turnInterrupted(turn: 2, heardMilliseconds: 700),
        .transcriptFinal(
            TranscriptLine(turn: 2, speaker: .model, text: "It is half past two.", heard: "It is half")),
        .warning(Problem(code: "w", message: "something odd", remedy: "Do this.")),
        .sessionEnded(reason: "asked", code: nil, exit: 0),
    ]

    /// What a conversation prints to stdout and stderr.
    private func output(
        of bodies: [Event.Body], style: Transcript.Style = .init(), screen: TerminalScreen? = nil
    ) async -> (stdout: String, stderr: String) {
        let output = CapturedOutput()
        let errors = CapturedOutput()
        let console = Console(
            Console.Layout(
                transcript: output.writingEnd, notices: errors.writingEnd, screen: screen,
                noticesShareScreen: screen != nil))
        let transcript = Transcript(console: console, style: style) { "00:00:\($0 < 10_000 ? "0" : "")\($0 / 1000)" }
        let bus = EventBus()
        let events = transcript.subscription(to: bus)
        for (second, body) in bodies.enumerated() {
            bus.publish(Event(at: Int64(second) * 1000, session: "s", body))
        }
        bus.finish()
        await transcript.run(events)
        return (output.text(), errors.text())
    }

    @Test("piped, final lines go to stdout with time and speaker, and everything else to stderr")
    func piped() async {
        let (stdout, stderr) = await output(of: Self.conversation)
        #expect(
            stdout == """
                00:00:02  you: What time is it?
                00:00:07  model: It is half— [not heard: past two.]

                """)
        #expect(
            stderr == """
                vivavoce: connecting
                vivavoce: live: models/m
                vivavoce: warning: something odd
                  Do this.
                vivavoce: ended: asked

                """)
    }

    @Test("quiet leaves the spoken lines and errors")
    func quiet() async {
        let failure = Event.Body.error(Problem(code: "e", message: "the microphone is gone"))
        let (stdout, stderr) = await output(of: Self.conversation + [failure], style: .init(isQuiet: true))
        #expect(stdout.split(separator: "\n").count == 2)
        #expect(stderr == "vivavoce: error: the microphone is gone\n")
    }

    @Test("why it ended is told once")
    func toldOnce() async {
        let (_, stderr) = await output(of: [
            .error(Problem(code: "e", message: "no network", remedy: "Check it.")),
            .sessionEnded(reason: "no network", code: nil, exit: 69),
        ])
        #expect(stderr == "vivavoce: error: no network\n  Check it.\n")
        let (_, other) = await output(of: [.sessionEnded(reason: "no network", code: 1007, exit: 69)])
        #expect(other == "vivavoce: ended: no network (code 1007)\n")
    }

    @Test("--json prints every event but the levels, one line each, and nothing else on stdout")
    func json() async {
        let (stdout, _) = await output(of: Self.conversation, style: .init(isJSON: true))
        let expected = Self.conversation.enumerated().filter { $0.element.name != "audio.level" }.map {
            Event(at: Int64($0.offset) * 1000, session: "s", $0.element).json + "\n"
        }
        #expect(stdout == expected.joined())
    }

    @Test("on a terminal the words are rewritten while spoken, and only final lines remain")
    func terminal() async {
        let screen = TerminalScreen(columns: 100, rows: 24)
        let (stdout, stderr) = await output(of: Self.conversation, screen: screen)
        var terminal = VirtualTerminal(columns: 100, rows: 24)
        terminal.write(stdout)
        #expect(
            terminal.picture == [
                "00:00:02  you: What time is it?",
                "00:00:07  model: It is half— [not heard: past two.]",
                "vivavoce: warning: something odd",
                "  Do this.",
            ])
        #expect(terminal.isCursorVisible)
        #expect(stderr.isEmpty)
        #expect(stdout.contains("what time is it"))
        #expect(stdout.contains("you [####    ] model [####### ]"))
    }

    @Test("the status line says state, time, levels, model, mute and keys")
    func status() {
        var status = StatusLine()
        #expect(status.text.hasPrefix("starting | you [        ] model [        ]"))
        status.state = .live
        status.model = "models/m"
        status.inputLevel = -30
        status.outputLevel = 0
        status.elapsed = .seconds(3725)
        #expect(
            status.text
                == "live | 1:02:05 | you [####    ] model [########] | open | models/m | m mute, i interrupt, o mode, "
                + "t type, q quit")
        status.isMuted = true
        #expect(status.text.hasPrefix("live (muted) | 1:02:05 | you [        ]"))
        #expect(status.text.contains("m unmute"))
        status.inputLevel = -.infinity
        status.outputLevel = .nan
        #expect(status.text.contains("you [        ] model [        ]"))
    }

    @Test("the status line says the mode, and what it takes to be heard")
    func modes() {
        var status = StatusLine()
        func shown() -> String { String(status.text.split(separator: "|")[2]).trimmingPrefix(" ").description }
        for (mode, text) in [
            (TurnMode.open, "open "), (.local, "local "), (.half, "half "), (.hold, "hold: press space "),
            (.toggle, "toggle: press space "), (.wake, "wake: heard "),
        ] {
            status.mode = mode
            #expect(shown() == text)
        }
        status.isAsleep = true
        #expect(shown() == "wake: asleep ")
        status.mode = .hold
        status.isTalking = true
        #expect(shown() == "hold: heard ")
    }

    @Test("a conversation after another begins with a clock of its own")
    func secondConversation() async {
        let second: [Event.Body] = [
            .sessionConnecting(attempt: 1), .sessionLive(model: "m", resumed: false), .sessionConnecting(attempt: 1),
        ]
        let drawn = await output(of: Self.conversation + second, screen: TerminalScreen(columns: 90, rows: 24)).stdout
        var states: [String] = []
        for match in drawn.matches(of: /(connecting|live|ended|reconnecting) \| (you|\d\d:\d\d)/) {
            if states.last != String(match.0) { states.append(String(match.0)) }
        }
        #expect(states.first == "connecting | you")
        #expect(states.suffix(4) == ["ended | 00:11", "connecting | you", "live | 00:00", "reconnecting | 00:01"])
    }

    @Test("mute, typing and the clock show at once")
    func interaction() async {
        let output = CapturedOutput()
        let console = Console(
            Console.Layout(transcript: output.writingEnd, screen: TerminalScreen(columns: 90, rows: 24)))
        let transcript = Transcript(console: console, style: .init()) { _ in "00:00:00" }
        await transcript.showMuted(true)
        await console.drain()
        await transcript.showDraft("hi \u{1B}[2J")
        await console.drain()
        var terminal = VirtualTerminal(columns: 90, rows: 24)
        terminal.write(output.text())
        #expect(terminal.picture.first?.hasPrefix("starting (muted)") == true)
        #expect(terminal.picture.last == "message: hi \u{FFFD}[2J")
        #expect(terminal.isCursorVisible)
    }

    @Test(
        "speech that was cut off says what was heard and what was not",
        arguments: [
            ("It is two.", nil, "It is two."), ("It is two.", "It is two.", "It is two."),
            ("It is two.", "It is", "It is— [not heard: two.]"), ("It is two.", "", "[not heard: It is two.]"),
            ("It is", "It was", "It was— [not heard: It is]"), ("", "It is", "It is—"),
        ] as [(String, String?, String)])
    func cutOff(text: String, heard: String?, shown: String) {
        let line = TranscriptLine(turn: 1, speaker: .model, text: text, heard: heard)
        #expect(TranscriptWords.line(line) == "model: \(shown)")
    }

    @Test("a turn without a word prints nothing")
    func wordless() async {
        let (stdout, _) = await output(of: [.transcriptFinal(TranscriptLine(turn: 1, speaker: .model, text: " \n"))])
        #expect(stdout.isEmpty)
    }

    @Test("speech that never became final is printed at the end, marked")
    func unfinished() async {
        let (stdout, _) = await output(of: Array(Self.conversation.prefix(4)))
        #expect(stdout == "00:00:02  you: what time …\n")
    }

    @Test("speech cannot command the terminal, piped or not")
    func hostile() async {
        let line = TranscriptLine(turn: 1, speaker: .model, text: "a\u{1B}[2J\nb", heard: "\u{9B}a")
        for screen in [nil, TerminalScreen(columns: 80, rows: 24)] {
            let (stdout, stderr) = await output(
                of: [
                    .transcriptPartial(line), .transcriptFinal(line),
                    .error(Problem(code: "e", message: "\u{1B}]0;x\u{7}", remedy: "\u{1B}c")),
                    .image(path: "/a\u{1B}[1m", mimeType: "image/png"),
                    .sessionLive(model: "m\u{1B}[5m", resumed: false),
                ], screen: screen)
            for hostile in ["\u{1B}[2J", "\u{9B}", "\u{1B}]", "\u{1B}c", "\u{1B}[1m", "\u{1B}[5m", "\u{7}"] {
                #expect(!(stdout + stderr).contains(hostile))
            }
        }
    }
}

@Suite("The console", .timeLimit(.minutes(5)))
struct ConsoleTests {
    @Test("log lines and notices go above the live rows of the terminal they share")
    func logs() async {
        let output = CapturedOutput()
        let console = Console(
            Console.Layout(
                transcript: output.writingEnd, notices: output.writingEnd,
                screen: TerminalScreen(columns: 60, rows: 9), noticesShareScreen: true))
        console.show(TerminalScreen.Frame(lines: [TerminalScreen.Line("status")]))
        await console.drain()
        console.notice("one\ntwo")
        console.print("said")
        await console.drain()
        var terminal = VirtualTerminal(columns: 60, rows: 9)
        terminal.write(output.text())
        #expect(terminal.picture == ["one", "two", "said", "status"])
    }

    @Test("a reader that has gone is noticed and stops nothing")
    func brokenPipe() async {
        signal(SIGPIPE, SIG_IGN)
        let output = CapturedOutput()
        output.closeReadingEnd()
        let console = Console(Console.Layout(transcript: output.writingEnd, notices: output.writingEnd))
        console.print("nobody reads this")
        await console.drain()
        #expect(console.failure == EPIPE)
        console.print("nor this")
        await console.drain()
        close(output.writingEnd)
    }

    @Test("a reader that stalls stalls nobody: what does not fit is dropped, and the number is told")
    func stalledReader() async {
        let output = CapturedOutput()
        let console = Console(Console.Layout(transcript: output.writingEnd, notices: output.writingEnd))
        let line = String(repeating: "x", count: 9_999)
        for _ in 0..<300 { console.print(line) }  // 3 MB into a pipe of 64 KiB: returns at once
        let writingEnd = output.writingEnd
        DispatchQueue.global().async {  // not a task: this test's own reading may hold the pool's only thread
            console.drain(within: .seconds(30))
            console.print("last")
            console.drain(within: .seconds(30))
            close(writingEnd)
        }
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = output.read(into: &buffer)
            guard count > 0 else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let kept = text.split(separator: "\n").filter { $0.first == "x" }.count
        #expect(kept >= 100 && kept < 200)
        let others = text.split(separator: "\n").filter { $0.first != "x" }
        #expect(
            others == [
                "vivavoce: \(300 - kept) pieces of output were dropped because nobody read them", "last",
            ])
    }
}
