import CProcess
import Dispatch
import Glibc
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

    /// Runs it on a thread of its own, with which it would end, and tells there what became of it. What it leaves
    /// running behind it is ended as well.
    ///
    /// - Parameters:
    ///   - words: the program's path and its arguments.
    ///   - environment: of which it gets everything but keys.
    ///   - given: for its stdin; a program that does not read it is none the worse.
    static func start(
        _ words: [String], environment: [String: String], given: [UInt8] = [], limit: Duration,
        tell: @escaping @Sendable (Outcome) -> Void
    ) {
        NativeThread.start {
            tell(attend(words, ChildEnvironment.cleaned(environment), given, limit))
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
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)  // a program that reads nothing fails a write, and nothing else
        var (ours, theirs): ([CInt], [CInt]) = ([-1, -1, -1], [-1, -1, -1])
        let error = vv_child_pipes(&ours, &theirs, 65_536)
        guard error == 0 else { return .failure(CannotStart(reason: String(cString: strerror(-error)))) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let child = vv_spawn(words[0], &arguments, &variables, theirs[0], theirs[1], theirs[2])
        for end in theirs { close(end) }
        guard child > 0 else {
            for end in ours { close(end) }
            return .failure(CannotStart(reason: String(cString: strerror(-child))))
        }
        return .success(Child(process: child, ends: ours).attend(given, limit))
    }

    /// From its start to its end.
    private struct Child {
        let process: pid_t
        var input: Pipe
        var output: Pipe
        var errors: Pipe

        init(process: pid_t, ends: [CInt]) {
            self.process = process
            (input, output, errors) = (Pipe(ends[0]), Pipe(ends[1]), Pipe(ends[2]))
        }

        consuming func attend(_ given: [UInt8], _ limit: Duration) -> ProgramRun {
            let deadline = ContinuousClock.now + limit
            var rest = given[...]
            while !isOver, ContinuousClock.now < deadline {
                input.give(&rest)
                // Not only for its pipes: what it started may hold them open when it has ended.
                var waiting = [
                    pollfd(fd: input.descriptor, events: Int16(POLLOUT), revents: 0),
                    pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: errors.descriptor, events: Int16(POLLIN), revents: 0),
                ]
                poll(&waiting, nfds_t(waiting.count), 20)
                output.read()
                errors.read()
            }
            let isLate = !isOver
            kill(-process, SIGKILL)  // and what it left behind
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            output.drain()
            errors.drain()
            for pipe in [input, output, errors] { pipe.close() }
            let signal = Int(status & 0x7F)
            let end: End = signal == 0 ? .exited(Int(status >> 8) & 0xFF) : .killed(signal: signal)
            return ProgramRun(
                end: isLate ? .late(limit) : end, output: Array(output.said.prefix(longest)),
                complaint: lastWords(errors.said))
        }

        /// Not waited for yet: until then its number, and its group's, cannot be anybody else's.
        private var isOver: Bool {
            var info = siginfo_t()
            return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
        }

        private func lastWords(_ said: [UInt8]) -> String {
            let line = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).last
            return line.map { Redaction.clip(String($0), longest: longestComplaint) } ?? ""
        }
    }

    /// Our end of one of its pipes; it does not block.
    private struct Pipe {
        private(set) var descriptor: CInt
        private(set) var said: [UInt8] = []

        init(_ descriptor: CInt) { self.descriptor = descriptor }

        /// Gives what it takes, and closes behind the last byte.
        mutating func give(_ rest: inout ArraySlice<UInt8>) {
            while descriptor >= 0 {
                let count = rest.withUnsafeBytes { rest.isEmpty ? 0 : write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                rest = rest.dropFirst(max(0, count))
                if count < 0 || rest.isEmpty { shut() }
            }
        }

        /// - Returns: whether there was something that is kept, and may be more.
        @discardableResult
        mutating func read() -> Bool {
            guard descriptor >= 0 else { return false }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { shut() }
            guard count > 0, said.count < 16 * longest else { return false }
            said += bytes.prefix(count)
            return true
        }

        /// Reads what the pipe still holds.
        mutating func drain() { while read() {} }

        func close() { if descriptor >= 0 { Glibc.close(descriptor) } }

        private mutating func shut() {
            close()
            descriptor = -1
        }
    }
}
