import Events
import Glibc
import LiveSession
import TestKit
import Testing

@testable import Assistant

/// Detectors of the user's choice, as real child processes. Each ends by itself when its input does.
@Suite(.timeLimit(.minutes(5)))
struct CommandWakeWordTests {
    /// Prints what it got, once it has this many bytes, and stays until its input ends.
    private func echo(_ bytes: Int) -> String { "head -c \(bytes) | od -An -v -t d2 -w8; cat >/dev/null" }

    @Test("samples reach stdin in order, 16 bits each, and a line is a detection while asleep")
    func hears() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        try await stage.running(stage.command(echo(8))) { stage in
            stage.capture([1, -2, 300, -32_768])
            #expect(await stage.nextHeard() == WakeHeard(because: "1     -2    300 -32768"))
        }
    }

    @Test("what is said while awake is not given to it, and what it prints then wakes nobody")
    func awake() async throws {
        let stage = try WakeStage()
        // It says something as soon as it runs, and dies of the first sample; the second one hears what is said asleep.
        let ran = "if [ -e $FLAG ]; then \(echo(4)); else echo early; touch $FLAG; exit 1; fi"
        let flag = TemporaryName()
        try await stage.running(stage.command(ran, environment: ["FLAG": flag.path])) { stage in
            stage.capture([7, 7, 7, 7])
            #expect(await stage.nextWarning()?.message.contains("status 1") == true)
            stage.ear.setOpen(true)
            _ = await stage.clock.nextNap()
            stage.clock.advance(by: .milliseconds(500))
            stage.capture([5, 6])
            #expect(await stage.nextHeard()?.because == "5      6")
        }
    }

    @Test("an empty line is a detection, too")
    func emptyLine() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        try await stage.running(stage.command("head -c 2 >/dev/null; echo; cat >/dev/null")) { stage in
            stage.capture([1])
            #expect(await stage.nextHeard() == WakeHeard(because: "wake.command"))
        }
    }

    @Test("a line that says how long ago the word ended wakes as of then, and what it had not been given is added")
    func ago() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        let line = "head -c 2 >/dev/null; echo ago=2.25 hello; head -c 2 >/dev/null; echo ago=1; cat >/dev/null"
        try await stage.running(stage.command(line)) { stage in
            stage.capture([1])
            #expect(await stage.nextHeard() == WakeHeard(because: "hello", backBy: .milliseconds(2_250)))
            stage.capture([1])
            #expect(await stage.nextHeard() == WakeHeard(because: "wake.command", backBy: .seconds(1)))
        }
    }

    @Test("what waits to be given to a slow program is added to how long ago the word ended")
    func agoOfSlow() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        // It never reads again, so that two seconds wait, less a quarter that may have gone into the pipe.
        let flag = TemporaryName()
        let line = "head -c 2 >/dev/null; while ! rm $FLAG 2>/dev/null; do sleep 0.01; done; echo ago=1; sleep 60"
        let word = stage.command(line, environment: ["FLAG": flag.path])
        try await stage.running(word) { stage in
            for _ in 0..<3 { stage.capture([Int16](repeating: 1, count: 16_000)) }
            while word.dropped == 0 { try await Task.sleep(for: .milliseconds(5)) }
            close(creat(flag.path, 0o600))
            let backBy = try #require(await stage.nextHeard()?.backBy)
            #expect((.milliseconds(2_700)...(.seconds(3))).contains(backBy))
        }
    }

    @Test("one that cannot have a thread is tried again later, with a word about it, and nothing else ends")
    func noThread() async throws {
        let stage = try WakeStage()
        var limits = CommandWakeWord.Limits()
        limits.stackSize = 1 << 50  // no address space has room for it
        try await stage.running(stage.command("cat >/dev/null", limits: limits)) { stage in
            for pause in [500, 1000] {
                let warning = await stage.nextWarning()
                #expect(warning?.message.contains("cannot be started: the system has no thread left") == true)
                #expect(await stage.clock.nextNap() == .milliseconds(pause))
                stage.clock.advance(by: .milliseconds(pause))
            }
        }
    }

    @Test("keys are not in its environment, all else is")
    func environment() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        var environment = ["WAKE_MODEL": "viva.onnx"]
        for name in ChildEnvironment.withheld { environment[name] = "secret" }
        let line = "head -c 2 >/dev/null; echo $(env | grep -c secret) $WAKE_MODEL; cat >/dev/null"
        try await stage.running(stage.command(line, environment: environment)) { stage in
            stage.capture([1])
            #expect(await stage.nextHeard()?.because == "0 viva.onnx")
        }
    }

    @Test("one that dies is started again, later each time, with what it said last")
    func dies() async throws {
        let stage = try WakeStage()
        try await stage.running(stage.command("echo loading >&2; echo no model viva.onnx >&2; exit 3")) { stage in
            for pause in [500, 1000, 2000] {
                let warning = await stage.nextWarning()
                #expect(warning?.code == "wake.command")
                #expect(
                    warning?.message
                        == "The wake command ended with status 3: no model viva.onnx. Starting it again in \(pause) ms."
                )
                #expect(await stage.clock.nextNap() == .milliseconds(pause))
                stage.clock.advance(by: .milliseconds(pause))
            }
        }
    }

    @Test("one that ran for a minute is started again as soon as at first")
    func diesLate() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        try await stage.running(stage.command("head -c 2 >/dev/null; echo; head -c 2 >/dev/null; kill -9 $$")) {
            stage in
            for _ in 0..<2 {
                stage.capture([1])
                #expect(await stage.nextHeard() != nil)
                stage.clock.advance(by: .seconds(60))
                stage.capture([1])
                let warning = await stage.nextWarning()
                #expect(warning?.message == "The wake command was ended by signal 9. Starting it again in 500 ms.")
                #expect(await stage.clock.nextNap() == .milliseconds(500))
                stage.clock.advance(by: .milliseconds(500))
            }
        }
    }

    @Test(
        "a program that is not there ends the first start with a word about the setting",
        arguments: [
            "/nowhere/detector --model viva", "/etc/hostname",
        ])
    func notFound(command: String) async throws {
        let stage = try WakeStage()
        let error = await #expect(throws: AssistantError.self) {
            try await stage.command(command).run { _ in }
        }
        #expect(error?.exit == .configuration)
        #expect(error?.message.contains(command.prefix(12)) == true)
        #expect(error?.remedy?.contains("wake.command") == true)
    }

    @Test("one that does not read is ended and started again, and never holds anybody up")
    func stuck() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        var limits = CommandWakeWord.Limits()
        limits.reading = .milliseconds(300)
        let word = stage.command("trap '' TERM; sleep 60", limits: limits)
        try await stage.running(word) { stage in
            // More than the pipe and what waits beside it hold.
            for _ in 0..<4 { stage.capture([Int16](repeating: 1, count: 16_000)) }
            let warning = await stage.nextWarning()
            #expect(warning?.message.contains("has not read") == true)
            #expect(word.dropped > 0)
        }
    }

    @Test("one that closes its input is ended likewise; the assistant is not")
    func closesInput() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        var limits = CommandWakeWord.Limits()
        limits.reading = .milliseconds(300)
        try await stage.running(stage.command("exec <&-; sleep 60", limits: limits)) { stage in
            stage.capture([Int16](repeating: 1, count: 16_000))
            #expect(await stage.nextWarning()?.message.contains("has not read") == true)
        }
    }

    @Test("a flood of garbage wakes, and costs no more than that")
    func garbage() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        try await stage.running(stage.command("head -c 2 >/dev/null; head -c 1000000 /dev/urandom; cat >/dev/null")) {
            stage in
            stage.capture([1])
            #expect(await stage.nextHeard() != nil)
        }
    }

    @Test("cancelled, it takes everything with it that its command started")
    func ends() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        var started: pid_t = 0
        let command = "sleep 600 & head -c 2 >/dev/null; echo $!; wait"
        try await stage.running(stage.command(command)) { stage in
            stage.capture([1])
            let child = try #require(await stage.nextHeard().flatMap { Int32($0.because) })
            #expect(isRunning(child))
            started = child
        }
        // Killed, but nobody's child that could be waited for. If it is not, the suite's time is over before it is.
        while isRunning(started) { try await Task.sleep(for: .milliseconds(10)) }
    }
}

/// A name in the temporary folder that nothing has; removed in the end.
private struct TemporaryName: ~Copyable {
    let path = "/tmp/vivavoce-wake-\(getpid())-\(UInt64.random(in: 0...(.max)))"
    deinit { unlink(path) }
}

/// Whether a process is there and no zombie: one whose parent ended first is left to init, which may not reap.
private func isRunning(_ process: pid_t) -> Bool {
    guard let file = fopen("/proc/\(process)/stat", "r") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, CInt(line.count), file) != nil else { return false }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: ")").last?.first { $0 != " " } != "Z"
}
