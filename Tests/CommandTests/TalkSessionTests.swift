import Assistant
import Events
import Glibc
import LiveSession
import Synchronization
import Testing

@testable import vivavoce

/// A conversation that does what a test says, and remembers what it was asked.
final class ScriptedPartner: Sendable {
    let performed = Mutex<[ConversationCommand]>([])
    private let (ends, end) = AsyncStream.makeStream(of: Outcome.self)
    private let (commands, command) = AsyncStream.makeStream(of: ConversationCommand.self)
    private let (start, running) = AsyncStream.makeStream(of: Never.self)
    private let bus = Mutex<EventBus?>(nil)

    func partner(on bus: EventBus) -> Partner {
        self.bus.withLock { $0 = bus }
        return Partner(
            run: { [ends, running] in
                running.finish()
                for await outcome in ends { return outcome }
                return Outcome(exit: .unavailable, reason: "the test ended")
            },
            perform: { [self] asked in
                performed.withLock { $0.append(asked) }
                command.yield(asked)
            })
    }

    /// Waits until the conversation runs, so that what is published is heard.
    func started() async { for await _ in start {} }

    func publish(_ body: Event.Body) {
        bus.withLock { $0 }?.publish(Event(at: 0, session: "s", body))
    }

    func finish(_ exit: ExitCode, _ reason: String = "") { end.yield(Outcome(exit: exit, reason: reason)) }

    /// Waits until it is asked something.
    func nextCommand() async -> ConversationCommand? {
        var iterator = commands.makeAsyncIterator()
        return await iterator.next()
    }
}

@Suite("A conversation at the terminal", .serialized, .timeLimit(.minutes(5)))
struct TalkSessionTests {
    private let script = ScriptedPartner()
    private let output = open("/dev/null", O_WRONLY | O_CLOEXEC)

    private func session(
        _ mode: TurnMode = .open, earlyExit: ExitCode = .interrupted, script: ScriptedPartner? = nil
    ) -> TalkSession {
        let console = Console(Console.Layout(transcript: output, notices: output))
        return TalkSession(
            console: console, style: .init(), keyboard: nil, talking: Talking(mode: mode), patience: .seconds(600),
            earlyExit: earlyExit
        ) {
            (script ?? self.script).partner(on: $0)
        }
    }

    @Test(
        "SIGUSR1 presses the key to talk and SIGUSR2 lets it go; in toggle the first is all there is",
        arguments: [TurnMode.hold, .toggle, .wake])
    func talkSignals(mode: TurnMode) async {
        let session = session(mode)
        async let result = session.hold()
        await script.started()
        script.publish(.sessionLive(model: "m", resumed: false))
        while await !session.isReady(live: true) { await Task.yield() }
        kill(getpid(), SIGUSR1)
        #expect(await script.nextCommand() == .press)
        kill(getpid(), mode == .hold ? SIGUSR2 : SIGUSR1)
        #expect(await script.nextCommand() == (mode == .hold ? .release : .press))
        script.finish(.success)
        #expect(await result == .success)
    }

    @Test("it ends with the conversation's own exit code", arguments: [ExitCode.success, .unavailable, .refused])
    func ends(exit: ExitCode) async {
        let session = session()
        async let result = session.hold()
        await script.started()
        script.publish(.sessionLive(model: "m", resumed: false))
        script.publish(.sessionEnded(reason: "r", code: nil, exit: Int(exit.rawValue)))
        script.finish(exit)
        #expect(await result == exit)
        #expect(script.performed.withLock { $0 }.isEmpty)
    }

    @Test("Ctrl-C during setup hangs up and ends with 130, in a conversation with 0", arguments: [false, true])
    func interrupt(isLive: Bool) async throws {
        let session = session()
        async let result = session.hold()
        await script.started()
        if isLive { script.publish(.sessionLive(model: "m", resumed: false)) }
        while await !session.isReady(live: isLive) { await Task.yield() }
        kill(getpid(), SIGINT)
        #expect(await script.nextCommand() == .hangUp)
        script.finish(.success)
        #expect(await result == (isLive ? .success : .interrupted))
    }

    @Test("a goodbye that hangs before it was live ends as one that does not: TERM with 0, Ctrl-C with 130")
    func hangs() async throws {
        for (signal, exit) in [(SIGTERM, ExitCode.success), (SIGINT, .interrupted)] {
            let script = ScriptedPartner()
            let session = session(script: script)
            async let result = session.hold()
            await script.started()
            while await !session.isReady(live: false) { await Task.yield() }
            kill(getpid(), signal)
            #expect(await script.nextCommand() == .hangUp)
            #expect(await session.exitOfHanging == exit)
            script.finish(.success)
            #expect(await result == exit)
        }
    }

    @Test("where leaving is no failure, Ctrl-C ends with 0 before anything is live")
    func leave() async {
        let session = session(earlyExit: .success)
        async let result = session.hold()
        await script.started()
        while await !session.isReady(live: false) { await Task.yield() }
        kill(getpid(), SIGINT)
        #expect(await script.nextCommand() == .hangUp)
        script.finish(.success)
        #expect(await result == .success)
    }

    @Test("a transcript that nobody reads any more ends the conversation")
    func brokenPipe() async {
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        close(ends[0])
        let console = Console(Console.Layout(transcript: ends[1], notices: output))
        let session = TalkSession(console: console, style: .init(), keyboard: nil, patience: .seconds(600)) {
            script.partner(on: $0)
        }
        async let result = session.hold()
        await script.started()
        script.publish(.transcriptFinal(TranscriptLine(turn: 1, speaker: .user, text: "hello")))
        #expect(await script.nextCommand() == .hangUp)
        script.finish(.success)
        #expect(await result == .ioError)
        close(ends[1])
    }
}

@Suite("The key to talk")
struct TalkingTests {
    @Test("o goes through the modes; wake is among them when there is a detector to wake it")
    func cycle() {
        for (hasWakeWord, expected) in [
            (false, [TurnMode.local, .hold, .toggle, .half, .open]),
            (true, [.local, .hold, .toggle, .half, .wake, .open]),
        ] {
            var talking = Talking(hasWakeWord: hasWakeWord)
            var modes: [TurnMode] = []
            for _ in expected {
                talking.change(to: talking.nextMode)
                modes.append(talking.mode)
            }
            #expect(modes == expected)
        }
    }

    @Test("the key does nothing in modes that have none")
    func elsewhere() {
        for mode in [TurnMode.open, .local, .half] {
            var talking = Talking(mode: mode)
            #expect(talking.note(.down, now: .zero) == nil)
            #expect(talking.note(.up, now: .zero) == nil)
            #expect(!talking.isTalking)
        }
    }

    @Test("hold follows the key, toggle every other press, however long it is held")
    func talking() {
        var hold = Talking(mode: .hold)
        #expect(hold.note(.down, now: .zero) == .press)
        #expect(hold.isTalking)
        #expect(hold.timePassed(now: .seconds(1)) == .release)
        #expect(!hold.isTalking)
        var toggle = Talking(mode: .toggle)
        #expect(toggle.note(.down, now: .zero) == .press)
        #expect(toggle.note(.down, now: .milliseconds(500)) == nil)
        #expect(toggle.timePassed(now: .seconds(1)) == nil)
        #expect(toggle.isTalking)
        #expect(toggle.note(.down, now: .seconds(2)) == .press)
        #expect(!toggle.isTalking)
    }
}
