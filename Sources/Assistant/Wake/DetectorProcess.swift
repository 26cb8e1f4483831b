import AudioDevices
import CProcess
import Glibc

/// A detector's program, from its start to its end: a child of the calling thread, which ends when that does.
///
/// Nothing here waits for the program but `end(within:)`, for that long.
struct DetectorProcess: ~Copyable {
    /// What came back from a program that is no more.
    enum Status: Equatable, CustomStringConvertible {
        case exited(Int)
        case killed(signal: Int)

        var description: String {
            switch self {
            case .exited(let code): "ended with status \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    enum Writing: Equatable { case taken, full, closed }

    struct CannotStart: Error {
        var reason: String
    }

    private let process: pid_t
    private var input: CInt
    private var output: CInt
    private var errors: CInt

    /// - Parameters:
    ///   - command: for `/bin/sh -c`.
    ///   - environment: all of the child's variables.
    init(command: String, environment: [String: String]) throws(CannotStart) {
        var (ours, theirs): ([CInt], [CInt]) = ([-1, -1, -1], [-1, -1, -1])
        // A quarter of a second: what is in the pipe cannot be dropped any more when it grows old.
        let error = vv_child_pipes(&ours, &theirs, 8192)
        guard error == 0 else { throw CannotStart(reason: String(cString: strerror(-error))) }
        let line = ["/bin/sh", "-c", command]
        var arguments: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let child = vv_spawn("/bin/sh", &arguments, &variables, theirs[0], theirs[1], theirs[2])
        for end in theirs { close(end) }
        guard child > 0 else {
            for end in ours { close(end) }
            throw CannotStart(reason: String(cString: strerror(-child)))
        }
        process = child
        (input, output, errors) = (ours[0], ours[1], ours[2])
    }

    /// No more samples come.
    private mutating func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    var hasOutput: Bool { output >= 0 }

    mutating func write(_ samples: ArraySlice<Int16>) -> Writing {
        guard input >= 0 else { return .closed }
        let count = samples.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
        if count > 0 { return .taken }
        if errno == EAGAIN || errno == EINTR { return .full }
        closeInput()
        return .closed
    }

    /// What it printed since the last call.
    mutating func readOutput() -> [UInt8] { Self.read(&output) }
    mutating func readErrors() -> [UInt8] { Self.read(&errors) }

    /// Waits until there is something to read, room to write if `wantsRoom`, a ring of `wake`, or the time is over.
    func wait(_ wake: Wake, wantsRoom: Bool, milliseconds: CInt) {
        var waiting = [
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wantsRoom ? input : -1, events: Int16(POLLOUT), revents: 0),
        ]
        poll(&waiting, nfds_t(waiting.count), milliseconds)
        wake.drain()
    }

    /// Whether the program, or the shell that runs it, is no more; `end` takes its status.
    var isOver: Bool {
        var info = siginfo_t()
        // Not waited for yet: until then its number, and its group's, cannot be anybody else's.
        return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
    }

    /// Sees it end: by itself within `patience`, else asked, a second later killed; and with it what it started.
    ///
    /// - Returns: how it ended, and the rest of what it printed to stderr.
    consuming func end(within patience: Duration) -> (status: Status, errors: [UInt8]) {
        closeInput()
        if !isOver(within: patience) { kill(-process, SIGTERM) }
        if !isOver(within: .seconds(1)) { kill(-process, SIGKILL) }
        var rest: [UInt8] = []
        while !isOver {
            // Killed, so it is a matter of moments.
            usleep(1000)
        }
        kill(-process, SIGKILL)
        rest += readErrors()
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        for end in [output, errors] where end >= 0 { close(end) }
        let signal = Int(status & 0x7F)
        return (signal == 0 ? .exited(Int(status >> 8) & 0xFF) : .killed(signal: signal), rest)
    }

    private func isOver(within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        while !isOver, ContinuousClock.now < deadline { usleep(5000) }
        return isOver
    }

    /// At its end, the descriptor is closed and forgotten.
    private static func read(_ descriptor: inout CInt) -> [UInt8] {
        guard descriptor >= 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) {
            close(descriptor)
            descriptor = -1
        }
        return Array(bytes.prefix(max(0, count)))
    }
}
