import Dispatch
import Processes
import Synchronization

/// A program that is asked for something: run to its end, for so long at most; what it prints is the answer.
struct ProgramRun: Sendable, Equatable {
    enum End: Sendable, Equatable, CustomStringConvertible {
        case exited(Int)
        case killed(signal: Int)
        /// Ended by us, because its time was up.
        case late(Duration)

        var description: String {
            switch self {
            case .exited(let code): "ended with status \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            case .late(let limit): "was ended, because it had not within \(limit.components.seconds) s"
            }
        }
    }

    let end: End
    /// What it printed; of more than `longest` bytes the beginning.
    let output: [UInt8]
    /// What it said last on stderr, fit for a message; empty for nothing.
    let complaint: String

    /// What became of it, with what it said.
    var words: String { complaint.isEmpty ? "\(end)" : "\(end): \(complaint)" }

    /// A program that could not be started. - Parameter reason: the system's words.
    struct CannotStart: Error, Equatable {
        let reason: String
    }

    typealias Outcome = Result<ProgramRun, CannotStart>

    /// Kept of an answer, bytes: a key has some 40, a token some 200.
    static let longest = 4_096
    private static let longestComplaint = 300

    /// Runs it on a thread of its own, with which it would end, and tells there what became of it, or at once that there
    /// is no thread. What it leaves running behind it is ended as well.
    ///
    /// - Parameters:
    ///   - words: the program's path and its arguments.
    ///   - environment: of which it gets everything but keys.
    ///   - given: for its stdin; a program that does not read it is none the worse.
    static func start(
        _ words: [String], environment: [String: String], given: [UInt8] = [], limit: Duration,
        tell: @escaping @Sendable (Outcome) -> Void
    ) {
        do throws(NativeThread.Unavailable) {
            try NativeThread.start {
                tell(attend(words, ChildEnvironment.cleaned(environment), given, limit))
            }
        } catch {
            tell(.failure(CannotStart(reason: error.reason)))
        }
    }

    /// The same, and waits for it: for `limit` at most, so only for callers that may.
    static func finished(
        _ words: [String], environment: [String: String], given: [UInt8] = [], limit: Duration
    ) throws(CannotStart) -> ProgramRun {
        final class Told: Sendable {
            let outcome = Mutex<Outcome?>(nil)
            let isThere = DispatchSemaphore(value: 0)
        }
        let told = Told()
        start(words, environment: environment, given: given, limit: limit) { outcome in
            told.outcome.withLock { $0 = outcome }
            told.isThere.signal()
        }
        told.isThere.wait()
        guard let outcome = told.outcome.withLock({ $0 }) else { throw CannotStart(reason: "no answer") }
        return try outcome.get()
    }

    // MARK: The child's thread

    private static func attend(
        _ words: [String], _ environment: [String: String], _ given: [UInt8], _ limit: Duration
    ) -> Outcome {
        do throws(ChildProcess.CannotStart) {
            let process = try ChildProcess(words[0], words, environment: environment, inputSize: 65_536)
            return .success(attend(process, given, limit))
        } catch {
            return .failure(CannotStart(reason: error.reason))
        }
    }

    /// From its start to its end.
    private static func attend(
        _ process: consuming ChildProcess, _ given: [UInt8], _ limit: Duration
    ) -> ProgramRun {
        let deadline = ContinuousClock.now + limit
        var rest = given[...]
        var (output, errors): ([UInt8], [UInt8]) = ([], [])
        func keep(_ piece: [UInt8]) { output += piece.prefix(longest - output.count) }
        func note(_ piece: [UInt8]) { errors = (errors + piece).suffix(longest) }
        while !process.isOver, ContinuousClock.now < deadline {
            process.give(&rest)
            // Not only for its pipes: what it started may hold them open when it has ended.
            process.wait(wantsRoom: true, milliseconds: 20)
            keep(process.readOutput())
            note(process.readErrors())
        }
        let isLate = !process.isOver
        while output.count < longest {
            let piece = process.readOutput()
            guard !piece.isEmpty else { break }
            keep(piece)
        }
        let (status, lastErrors) = process.end()
        note(lastErrors)
        return ProgramRun(
            end: isLate ? .late(limit) : End(status), output: output, complaint: lastWords(errors))
    }

    private static func lastWords(_ said: [UInt8]) -> String {
        let line = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).last
        return line.map { Redaction.clip(String($0), longest: longestComplaint) } ?? ""
    }
}

extension ProgramRun.End {
    fileprivate init(_ status: ChildProcess.Status) {
        switch status {
        case .exited(let code): self = .exited(code)
        case .killed(let signal): self = .killed(signal: signal)
        }
    }
}
