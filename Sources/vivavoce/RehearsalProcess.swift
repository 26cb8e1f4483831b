import Assistant
import CProcess
import Dispatch
import Events
import Glibc
import Synchronization

/// The stand-in service, as a child process that ends when we do, however we do.
final class RehearsalProcess: Sendable {
    private enum State {
        case running(pid_t)
        case over
    }

    /// Where it listens.
    let address: ServiceAddress
    private let state: Mutex<State>
    private let reaped = DispatchSemaphore(value: 0)

    /// It loads a voice and an acoustic model first.
    private static let readyLimit = Duration.seconds(30)
    /// How long it may take to end before it is killed.
    private static let patience = 2

    private init(address: ServiceAddress, process: pid_t) {
        self.address = address
        state = Mutex(.running(process))
    }

    /// Starts the stand-in and waits until it listens.
    ///
    /// - Parameters:
    ///   - program: nil for the one beside our own executable, else on PATH.
    ///   - showsLog: whether its stderr is ours; otherwise its last words appear only when it fails.
    /// - Throws: `.unavailable` when it is not there or does not start, with what it said.
    static func start(program: String? = nil, showsLog: Bool) async throws(AssistantError) -> RehearsalProcess {
        guard let path = program ?? find() else {
            throw AssistantError(
                .unavailable, "The stand-in service vivavoce-rehearsal is neither beside this program nor on PATH.",
                remedy: "Build it: swift build --product vivavoce-rehearsal")
        }
        let result: Result<RehearsalProcess, AssistantError> = await withCheckedContinuation { continuation in
            // The child dies with the thread that started it, so this one lives as long as the child.
            do throws(NativeThread.Unavailable) {
                try NativeThread.start {
                    attend(path: path, showsLog: showsLog) { continuation.resume(returning: $0) }
                }
            } catch {
                continuation.resume(returning: .failure(failure(path, "cannot be started: \(error.reason)")))
            }
        }
        return try result.get()
    }

    /// Asks it to end, kills it if it does not, and waits until it is gone.
    func stop() async {
        kill(SIGTERM)
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.patience)) { self.kill(SIGKILL) }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.reaped.wait()
                self.reaped.signal()
                continuation.resume()
            }
        }
    }

    private func kill(_ signal: CInt) {
        state.withLock { state in  // under the lock, so that the number is still this child's
            if case .running(let process) = state { Glibc.kill(process, signal) }
        }
    }

    // MARK: The child's thread

    /// Starts the child, tells once how that went, and stays until the child is gone.
    private static func attend(
        path: String, showsLog: Bool, tell: (Result<RehearsalProcess, AssistantError>) -> Void
    ) {
        var output = ChildPipe()
        var errors = ChildPipe()
        let process = spawn(path, output: output.writingEnd, errors: showsLog ? STDERR_FILENO : errors.writingEnd)
        output.closeWritingEnd()
        errors.closeWritingEnd()
        guard process > 0 else {
            tell(.failure(failure(path, "cannot be started: \(String(cString: strerror(-process)))")))
            return
        }
        let deadline = ContinuousClock.now + readyLimit
        var service: RehearsalProcess?
        var line = [UInt8]()
        var lastWords = [UInt8]()
        while output.isOpen || errors.isOpen {
            let isLate = service == nil && ContinuousClock.now > deadline
            if isLate { Glibc.kill(process, SIGKILL) }
            ChildPipe.wait(output, errors, milliseconds: 1000)
            lastWords = Array((lastWords + errors.read()).suffix(1000))
            let said = output.read()
            guard service == nil else { continue }
            line = Array((line + said).prefix(10_000))
            guard line.contains(UInt8(ascii: "\n")) else { continue }
            if let address = ReadyLine.address(in: line) {
                service = RehearsalProcess(address: address, process: process)
                tell(.success(service!))
            } else {
                Glibc.kill(process, SIGKILL)
            }
        }
        var status: CInt = 0
        service?.state.withLock { $0 = .over }
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        service?.reaped.signal()
        guard service == nil else { return }
        let words = TerminalText.sanitized(String(decoding: lastWords, as: UTF8.self))
        tell(.failure(failure(path, "ended before it was ready\(words.isEmpty ? "" : ": \(words)")")))
    }

    private static func failure(_ path: String, _ what: String) -> AssistantError {
        AssistantError(
            .unavailable, "The stand-in service \(path) \(what).",
            remedy: "Run it by itself to see what it lacks.")
    }

    private static func spawn(_ path: String, output: CInt, errors: CInt) -> pid_t {
        let variables = ChildEnvironment.cleaned(Environment.current).map { "\($0.key)=\($0.value)" }
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        return vv_spawn(path, &arguments, &environment, -1, output, errors)
    }

    /// Beside our own executable, else on PATH.
    private static func find() -> String? {
        let name = "vivavoce-rehearsal"
        var places: [String] = []
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        if count > 0 {
            let own = String(decoding: buffer[..<count], as: UTF8.self)
            places.append(String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]))
        }
        places += (Environment.current["PATH"] ?? "").split(separator: ":").map(String.init)
        return places.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
