package import Events
import Foundation
import Synchronization

/// Runs the user's programs at events: a few at once, of each program one at a time, each for so long, and some waiting.
package final class HookRunner: Sendable {
    package struct Limits: Sendable {
        package var atOnce = 4
        package var waiting = 32
        /// For one program.
        package var time = Duration.seconds(10)
        /// For those under way when no more events come.
        package var ending = Duration.seconds(2)
        /// Between two warnings.
        package var quiet = Duration.seconds(60)

        package init() {}
    }

    private struct Job: Sendable {
        let line: CommandLine
        let event: Event

        /// Whose runs keep the order of the events: `playerctl pause` and `playerctl play` are one's.
        var program: String { line.lane }
    }

    private let lines: [EventName: CommandLine]
    private let environment: [String: String]
    private let limits: Limits
    private let warn: @Sendable (Problem) -> Void
    private let queue: Mutex<HookQueue<Job>>
    private let complaints = Mutex(Complaints())
    /// When what is under way has to end.
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - commands: by event; a program and its arguments.
    ///   - environment: for the programs, which get the event on top. There is no key in it.
    ///   - warn: told of programs that fail, and of events that none was run for. Any thread.
    /// - Throws: for a command that is none.
    package init(
        _ commands: [EventName: String], environment: [String: String], limits: Limits = Limits(),
        warn: @escaping @Sendable (Problem) -> Void
    ) throws(ObservationError) {
        var lines: [EventName: CommandLine] = [:]
        for (event, command) in commands {
            guard let line = CommandLine(command, home: environment["HOME"]) else {
                throw .noCommand("hooks.\(event.rawValue)", command)
            }
            lines[event] = line
        }
        self.lines = lines
        self.environment = environment
        self.limits = limits
        self.warn = warn
        queue = Mutex(HookQueue(lanes: limits.atOnce, places: limits.waiting))
    }

    /// Whether levels are wanted, which come often.
    package var wantsLevels: Bool { lines[.audioLevel] != nil }

    /// Runs programs until the events end, and those under way for a while longer.
    package func run(_ events: EventSubscription) async {
        await withDiscardingTaskGroup { group in
            for await event in events {
                guard let line = lines[event.body.kind], !event.isOwnWarning else { continue }
                let job = Job(line: line, event: event)
                switch queue.withLock({ $0.add(job, of: job.program) }) {
                case .run: group.addTask { await self.runLane(from: job) }
                case .waits: break
                case .isFull: complain("none was run at \(event.body.name): \(limits.waiting) wait already")
                }
            }
            end.withLock { $0 = .now + limits.ending }
        }
    }

    /// Runs a job, and then those that wait for its lane.
    private func runLane(from first: Job) async {
        var next: Job? = first
        while let job = next {
            await run(job)
            next = queue.withLock { $0.next(after: job.program) }
        }
    }

    private func run(_ job: Job) async {
        guard isWanted else { return complain("none was run at \(job.event.body.name): the end came first") }
        let variables = environment.merging(job.event.variables) { _, ours in ours }
        let given = job.event.jsonBytes + [UInt8(ascii: "\n")]
        let failure = await withCheckedContinuation { continuation in
            // The child dies with the thread that started it, and waiting for it is no task's business.
            Thread.detachNewThread {
                continuation.resume(
                    returning: HookProcess.run(
                        job.line, environment: variables, given: given, limit: self.limits.time,
                        isWanted: { self.isWanted }))
            }
        }
        if let failure { complain("\(job.line.words[0]) (hooks.\(job.event.body.name)) \(failure)") }
    }

    private var isWanted: Bool { end.withLock { $0.map { .now < $0 } ?? true } }

    // MARK: Warnings

    /// Lets one through at a time and counts the others.
    private struct Complaints {
        var next: ContinuousClock.Instant?
        var held = 0
    }

    private func complain(_ what: String) {
        let more: String? = complaints.withLock { complaints in
            guard complaints.next.map({ .now >= $0 }) ?? true else {
                complaints.held += 1
                return nil
            }
            defer { complaints = Complaints(next: .now + limits.quiet) }
            return complaints.held == 0 ? "" : " (and \(complaints.held) more before it)"
        }
        guard let more else { return }
        warn(
            Problem(
                code: "hooks.failed", message: "A hook's program: \(what)\(more).",
                remedy: "Run it by hand with an event's JSON on its stdin; it has \(limits.time.components.seconds) s.")
        )
    }
}

extension Event {
    /// A program that fails at warnings must not be run at the warning about that.
    fileprivate var isOwnWarning: Bool {
        if case .warning(let problem) = body { problem.code == "hooks.failed" } else { false }
    }
}
