import CProcess
import Glibc

/// A program from its start to its end: a child of the calling thread, which ends when that does, in a process group of
/// its own, with pipes for its stdin, stdout and stderr.
///
/// Nothing here waits for the program but `wait`, `isOver(within:)` and `end`. Whoever made one calls `end`.
package struct ChildProcess: ~Copyable {
    /// What came back from a program that is no more.
    package enum Status: Equatable, Sendable, CustomStringConvertible {
        case exited(Int)
        case killed(signal: Int)

        package var description: String {
            switch self {
            case .exited(let code): "ended with status \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    package enum Writing: Equatable, Sendable {
        /// So many bytes.
        case taken(Int)
        /// Nothing for now.
        case full
        /// Nothing any more.
        case closed
    }

    /// The system's answer.
    package struct CannotStart: Error, Equatable {
        package var number: CInt

        package var reason: String { String(cString: strerror(number)) }
    }

    private let process: pid_t
    private var input: CInt
    private var output: CInt
    private var errors: CInt

    /// Starts a program. From here on, SIGPIPE is blocked on the calling thread: a program that closes its input fails a
    /// write, and nothing else.
    ///
    /// - Parameters:
    ///   - program: its path; it is not looked for.
    ///   - words: its name and its arguments, as it is told them.
    ///   - environment: all of its variables.
    ///   - inputSize: of what waits in its stdin, bytes, rounded up to pages: what is written and not read cannot be taken
    ///     back.
    package init(
        _ program: String, _ words: [String], environment: [String: String], inputSize: CInt
    ) throws(CannotStart) {
        Self.blockPipeSignal()
        var (ours, theirs): ([CInt], [CInt]) = ([-1, -1, -1], [-1, -1, -1])
        let error = vv_child_pipes(&ours, &theirs, inputSize)
        guard error == 0 else { throw CannotStart(number: -error) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let child = vv_spawn(program, &arguments, &variables, theirs[0], theirs[1], theirs[2])
        for end in theirs { close(end) }
        guard child > 0 else {
            for end in ours { close(end) }
            throw CannotStart(number: -child)
        }
        process = child
        (input, output, errors) = (ours[0], ours[1], ours[2])
    }

    private static func blockPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    // MARK: What goes in and what comes out

    package var hasInput: Bool { input >= 0 }
    package var hasOutput: Bool { output >= 0 }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) -> Writing {
        guard hasInput else { return .closed }
        let count = Glibc.write(input, bytes.baseAddress, bytes.count)
        if count >= 0 { return .taken(count) }
        if errno == EAGAIN || errno == EINTR { return .full }
        closeInput()
        return .closed
    }

    /// Writes as much of it as is taken, and closes behind the last byte.
    package mutating func give(_ rest: inout ArraySlice<UInt8>) {
        while hasInput, !rest.isEmpty {
            guard case .taken(let count) = rest.withUnsafeBytes({ write($0) }) else { break }
            rest = rest.dropFirst(count)
        }
        if rest.isEmpty { closeInput() }
    }

    /// No more comes.
    package mutating func closeInput() {
        if hasInput { close(input) }
        input = -1
    }

    /// What it printed since the last call, 4 KiB at most.
    package mutating func readOutput() -> [UInt8] { Self.read(&output) }
    package mutating func readErrors() -> [UInt8] { Self.read(&errors) }

    /// At its end, the descriptor is closed and forgotten.
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

    /// Waits until there is something to read, room to write if `wantsRoom`, something to read from `other`, or the time is
    /// over. It does not notice that the program ends: what that started may hold the pipes open.
    package func wait(wantsRoom: Bool, other: CInt = -1, milliseconds: CInt) {
        var waiting = [
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wantsRoom ? input : -1, events: Int16(POLLOUT), revents: 0),
        ]
        poll(&waiting, nfds_t(waiting.count), milliseconds)
    }

    // MARK: Its end

    /// Whether it is no more; `end` takes its status.
    package var isOver: Bool {
        var info = siginfo_t()
        // Not waited for yet: until then its number, and its group's, cannot be anybody else's.
        return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
    }

    /// Waits for its end for so long. - Returns: whether it is over.
    package func isOver(within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        while !isOver, ContinuousClock.now < deadline { usleep(5000) }
        return isOver
    }

    /// Asks it, and what it started, to end.
    package func terminate() { kill(-process, SIGTERM) }

    /// Sees it end: what of it is left, and of what it started, is killed.
    ///
    /// - Returns: how it ended, and the rest of what it printed to stderr.
    package consuming func end() -> (status: Status, errors: [UInt8]) {
        kill(-process, SIGKILL)
        var info = siginfo_t()
        // Killed, so it is a matter of moments.
        while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        kill(-process, SIGKILL)  // what it started while it was being killed
        let rest = Self.read(&errors)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        for end in [input, output, errors] where end >= 0 { close(end) }
        let signal = Int(status & 0x7F)
        return (signal == 0 ? .exited(Int(status >> 8) & 0xFF) : .killed(signal: signal), rest)
    }
}
