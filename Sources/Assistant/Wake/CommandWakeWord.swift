import AudioCore
import AudioDevices
package import Events
package import LiveSession
package import Logging
import Processes
import Synchronization

/// The wake word by a program of the user's choice: it reads samples, and prints a line when it hears the word.
///
/// The contract is docs/wake-word.md. The program runs as long as the assistant does; one that dies, or stops reading,
/// is started again, later each time.
package final class CommandWakeWord: WakeWord {
    package struct Limits: Sendable {
        /// How long a program may leave what it is given.
        package var reading: Duration = .seconds(10)
        /// A program that ran so long had started well.
        package var settled: Duration = .seconds(60)
        package var restart = Backoff(first: .milliseconds(500), cap: .seconds(30))
        /// Of the thread that attends to the program, bytes; nil leaves it to the system.
        package var stackSize: Int?

        package init() {}
    }

    private let command: String
    private let ear: WakeEar
    private let environment: [String: String]
    private let limits: Limits
    private let time: EngineTime
    private let log: Logger
    private let warn: @Sendable (Problem) -> Void
    private let isStopped = Atomic<Bool>(false)
    private let droppedSoFar = Atomic<Int>(0)

    /// - Parameters:
    ///   - command: for `/bin/sh -c`.
    ///   - environment: for the program, which gets all of it but the keys.
    ///   - log: its stderr goes there, line by line, at debug level.
    ///   - warn: told when it has to be started again. Any thread.
    package init(
        command: String, ear: WakeEar, environment: [String: String], limits: Limits = Limits(), time: EngineTime,
        log: Logger, warn: @escaping @Sendable (Problem) -> Void
    ) {
        self.command = command
        self.ear = ear
        self.environment = ChildEnvironment.cleaned(environment)
        self.limits = limits
        self.time = time
        self.log = log
        self.warn = warn
    }

    /// Samples that the program did not take in time, since the beginning.
    package var dropped: Int { droppedSoFar.load(ordering: .relaxed) }

    /// - Throws: `.configuration` when the shell finds no such program at the first start: no later one would either.
    ///   A detector is run once.
    package func run(onHeard: @escaping @Sendable (WakeHeard) -> Void) async throws(AssistantError) {
        var (attempt, isFirst) = (0, true)
        while !Task.isCancelled {
            let began = time.now()
            let end = await life(onHeard)
            guard !Task.isCancelled, let end else { return }
            if isFirst, end.isNotFound, time.now() - began < limits.settled {
                throw AssistantError(
                    .configuration, "The wake command \(Redaction.quote(command)) cannot be run: \(end.words)",
                    remedy: "Name a program that exists in wake.command; its path may be relative to the folder where "
                        + "the assistant is started.")
            }
            isFirst = false
            attempt = time.now() - began >= limits.settled ? 1 : attempt + 1
            let pause = limits.restart.delay(afterAttempt: attempt, fraction: 1)
            warn(
                Problem(
                    code: "wake.command",
                    message: "The wake command \(end.words). Starting it again in \(pause.milliseconds) ms.",
                    remedy: "Until then the wake word is not heard. Run the command by itself to see what it lacks."))
            await time.sleep(time.now() + pause)
        }
    }

    // MARK: One life of the program

    private struct End: Sendable {
        var status: ChildProcess.Status?
        /// What became of it, and what it said last.
        var words: String

        /// What a shell says of a command that is not there, or is no program.
        var isNotFound: Bool { status == .exited(127) || status == .exited(126) }
    }

    /// - Returns: how it ended; nil when the task was cancelled.
    private func life(_ onHeard: @escaping @Sendable (WakeHeard) -> Void) async -> End? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The child dies with the thread that started it, so this one lives as long as the child.
                do throws(NativeThread.Unavailable) {
                    try NativeThread.start(stackSize: limits.stackSize) {
                        continuation.resume(returning: self.attend(onHeard))
                    }
                } catch {
                    continuation.resume(returning: End(words: "cannot be started: \(error.reason)"))
                }
            }
        } onCancel: {
            isStopped.store(true, ordering: .relaxed)
            ear.wake.signal()
        }
    }

    private func attend(_ onHeard: (WakeHeard) -> Void) -> End? {
        var process: DetectorProcess
        do throws(ChildProcess.CannotStart) {
            process = try DetectorProcess(command: command, environment: environment)
        } catch {
            return End(words: "cannot be started: \(error.reason)")
        }
        var (input, output, errors) = (DetectorInput(), OutputLines(), OutputLines())
        var (lastWords, reproach) = ("", String?.none)
        /// Since when it has left what it was given.
        var stuckSince: ContinuousClock.Instant?
        while !isStopped.load(ordering: .relaxed), !process.isOver, process.hasOutput, reproach == nil {
            process.wait(ear.wake, wantsRoom: !input.isEmpty, milliseconds: ear.isOpen ? 100 : 1000)
            hear(output.add(process.readOutput()), ahead: input.count, onHeard)
            for line in errors.add(process.readErrors()) { lastWords = noted(line) }
            if feed(&process, &input) {
                stuckSince = nil
            } else {
                let since = stuckSince ?? .now
                stuckSince = since
                if since.duration(to: .now) >= limits.reading {
                    reproach = "has not read for \(limits.reading.milliseconds / 1000) s, and was ended"
                }
            }
        }
        hear(output.add(process.readOutput()), ahead: input.count, onHeard)
        let isWanted = isStopped.load(ordering: .relaxed) || reproach != nil
        let (status, rest) = process.end(within: isWanted ? .zero : .seconds(1))
        for line in errors.add(rest) { lastWords = noted(line) }
        if let line = errors.finish() { lastWords = noted(line) }
        guard !isStopped.load(ordering: .relaxed) else { return nil }
        let what = reproach ?? status.description
        return End(status: reproach == nil ? status : nil, words: lastWords.isEmpty ? what : "\(what): \(lastWords)")
    }

    /// Of several lines at once, one is a detection, and awake none is.
    ///
    /// - Parameter ahead: samples that have been captured and that the program has not been given.
    private func hear(_ lines: [String], ahead: Int, _ onHeard: (WakeHeard) -> Void) {
        guard let line = lines.first, ear.isOpen else { return }
        let said = DetectorLine(line)
        onHeard(
            WakeHeard(
                because: said.text.isEmpty ? "wake.command" : said.text,
                backBy: said.ago.map { $0 + SampleRate.voice.duration(of: ahead) }))
    }

    /// Gives the program what was captured. - Returns: whether it takes it, or there is nothing to take.
    private func feed(_ process: inout DetectorProcess, _ input: inout DetectorInput) -> Bool {
        guard let samples = ear.take() else {
            input.clear()
            return true
        }
        let before = input.dropped
        input.append(samples)
        droppedSoFar.add(input.dropped - before, ordering: .relaxed)
        return input.drain { process.write($0) } || input.isEmpty
    }

    private func noted(_ line: String) -> String {
        log.debug("wake command: \(line)")
        return line
    }
}
