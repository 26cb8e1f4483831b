import CALSA
import Glibc

/// The writing end of a named pipe, or stdout, with one owner.
struct PipeSink: ~Copyable {
    /// How often a pipe without a reader is tried again; opening it blocking would wait where no wake-up reaches.
    private static var retry: Duration { .milliseconds(20) }

    let descriptor: CInt
    private let name: String
    private let isOurs: Bool

    /// Writes to stdout, which stays open.
    static func standardOutput() -> PipeSink { PipeSink(descriptor: STDOUT_FILENO, name: "stdout", isOurs: false) }

    /// Opens a named pipe, and waits until somebody reads it.
    ///
    /// - Parameter isOver: asked whenever `wake` rings; true gives up.
    /// - Returns: nil when it gave up.
    /// - Throws: `.inputOutput` when there is no such pipe, `.usage` for a file that keeps what is in it, or `.permission`.
    static func open(
        path: String, wake: Wake, unless isOver: () -> Bool
    ) throws(DeviceError) -> PipeSink? {
        while !isOver() {
            // Not emptied: it may be a file, given by mistake.
            let descriptor = Glibc.open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 {
                let sink = PipeSink(descriptor: descriptor, name: path, isOurs: true)
                guard isStream({ fstat(descriptor, &$0) }) else { throw noPipe(path) }
                return sink
            }
            switch errno {
            case EINTR: break
            case ENXIO where !isStream({ stat(path, &$0) }): throw noPipe(path)  // a socket
            case ENXIO:  // a pipe that nobody reads yet
                wake.wait(until: MonotonicClock().now + retry)
            case ENOENT:
                let message = "cannot write \(path): there is no such pipe"
                throw DeviceError(.inputOutput, message, remedy: "Make it with mkfifo \(path)", errno: ENOENT)
            default:
                throw .system("cannot write \(path)", errno: errno)
            }
        }
        return nil
    }

    /// It passes on what is written, and keeps none of it. - Parameter look: asks the system what it is; 0 when it could.
    private static func isStream(_ look: (inout stat) -> CInt) -> Bool {
        var found = stat()
        return look(&found) == 0 && vv_is_stream(&found) != 0
    }

    private static func noPipe(_ path: String) -> DeviceError {
        DeviceError(
            .usage, "\(path) is no pipe, so raw sound is not written over it",
            remedy: "Make a pipe with mkfifo, or give file:\(path) for a WAV file")
    }

    private init(descriptor: CInt, name: String, isOurs: Bool) {
        self.descriptor = descriptor
        self.name = name
        self.isOurs = isOurs
    }

    deinit { if isOurs { close(descriptor) } }

    /// Writes all of `samples`, at the reader's pace.
    ///
    /// - Parameter isOver: asked whenever `wake` rings; true gives up, in the middle of the samples if need be.
    /// - Returns: samples written whole.
    /// - Throws: `.readerGone` when nobody reads any more.
    func write(_ samples: Span<Int16>, wake: Wake, unless isOver: () -> Bool) throws(DeviceError) -> Int {
        let size = samples.count * 2
        var done = 0
        while done < size {
            // Half a sample would make noise of everything behind it, so only whole ones are a place to stop.
            if done % 2 == 0, isOver() { break }
            guard wake.wait(for: (descriptor, POLLOUT)) == .ready else { continue }
            let count = samples.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, size - done) }
            if count < 0 {
                guard errno == EAGAIN || errno == EINTR else { throw failure(errno) }
                continue
            }
            done += count
        }
        return done / 2
    }

    private func failure(_ number: CInt) -> DeviceError {
        guard number == EPIPE else { return .system("cannot write \(name)", errno: number) }
        return DeviceError(.readerGone, "nobody reads \(name) any more", errno: number)
    }
}
