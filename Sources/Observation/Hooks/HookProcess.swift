import CProcess
import Glibc

/// One program of a hook, from its start to its end: a child of the calling thread, which waits for it.
struct HookProcess {
    /// What became of it where it did not end well; nil where it did.
    typealias Failure = String

    private let process: pid_t
    private var input: CInt
    private var output: CInt
    private var errors: CInt
    private var lastWords: [UInt8] = []

    /// Kept of what it says, bytes.
    private static let longestWords = 1_024

    /// Runs it and waits until it has ended, or kills it, and what it started, when its time is up.
    ///
    /// - Parameters:
    ///   - line: the program is looked for as a shell would.
    ///   - environment: all of its variables.
    ///   - given: for its stdin; a program that does not read it is none the worse.
    ///   - isWanted: asked often; a program that is not wanted any more is killed before its time.
    static func run(
        _ line: CommandLine, environment: [String: String], given: [UInt8], limit: Duration,
        isWanted: () -> Bool = { true }
    ) -> Failure? {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)  // a program that reads nothing fails a write, and nothing else
        var started: HookProcess?
        var failure = "there is no such program"
        for place in line.places(path: environment["PATH"]) where started == nil {
            switch start(place, line.words, environment) {
            case .success(let process): started = HookProcess(process)
            case .failure(let error) where error.number != ENOENT: failure = String(cString: strerror(error.number))
            case .failure: break
            }
        }
        guard var process = started else { return failure }
        return process.attend(given, limit, isWanted)
    }

    private struct Child {
        let process: pid_t
        let ends: [CInt]
    }

    private struct StartError: Error {
        let number: CInt
    }

    private static func start(
        _ program: String, _ words: [String], _ environment: [String: String]
    ) -> Result<Child, StartError> {
        var (ours, theirs): ([CInt], [CInt]) = ([-1, -1, -1], [-1, -1, -1])
        let error = vv_child_pipes(&ours, &theirs, 65_536)
        guard error == 0 else { return .failure(StartError(number: -error)) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let child = vv_spawn(program, &arguments, &variables, theirs[0], theirs[1], theirs[2])
        for end in theirs { close(end) }
        guard child > 0 else {
            for end in ours { close(end) }
            return .failure(StartError(number: -child))
        }
        return .success(Child(process: child, ends: ours))
    }

    private init(_ child: Child) {
        process = child.process
        (input, output, errors) = (child.ends[0], child.ends[1], child.ends[2])
    }

    private mutating func attend(_ given: [UInt8], _ limit: Duration, _ isWanted: () -> Bool) -> Failure? {
        let deadline = ContinuousClock.now + limit
        var rest = given[...]
        while !isOver, ContinuousClock.now < deadline, isWanted() {
            give(&rest)
            // Not only for its pipes: what it started may hold them open when it has ended.
            var waiting = [
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            ]
            poll(&waiting, nfds_t(waiting.count), 20)
            _ = Self.read(&output)
            note(Self.read(&errors))
        }
        return end(isLate: !isOver, limit)
    }

    private mutating func give(_ rest: inout ArraySlice<UInt8>) {
        while input >= 0 {
            let count = rest.withUnsafeBytes { rest.isEmpty ? 0 : write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            rest = rest.dropFirst(max(0, count))
            if count < 0 || rest.isEmpty {
                close(input)
                input = -1
            }
        }
    }

    private mutating func end(isLate: Bool, _ limit: Duration) -> Failure? {
        kill(-process, SIGKILL)  // and what it left behind
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        note(Self.read(&errors))
        for end in [input, output, errors] where end >= 0 { close(end) }
        let signal = status & 0x7F
        let code = (status >> 8) & 0xFF
        if isLate { return "was ended, because it had not within \(limit)" }
        guard status != 0 else { return nil }
        return (signal == 0 ? "ended with status \(code)" : "was ended by signal \(signal)") + said
    }

    private var said: String {
        let line = String(decoding: lastWords, as: UTF8.self).split(whereSeparator: \.isNewline).last
        return line.map { ": \($0)" } ?? ""
    }

    private mutating func note(_ bytes: [UInt8]) { lastWords = (lastWords + bytes).suffix(Self.longestWords) }

    /// Not waited for yet: until then its number, and its group's, cannot be anybody else's.
    private var isOver: Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
    }

    /// What it printed since; at its end, the descriptor is closed and forgotten.
    private static func read(_ descriptor: inout CInt) -> [UInt8] {
        guard descriptor >= 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) {
            close(descriptor)
            descriptor = -1
        }
        return Array(bytes.prefix(max(0, count)))
    }
}
