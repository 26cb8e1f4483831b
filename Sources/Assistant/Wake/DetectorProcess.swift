import AudioDevices
import Processes

/// A detector's program, from its start to its end: a child of the calling thread, which ends when that does.
///
/// Nothing here waits for the program but `end(within:)`, for that long.
struct DetectorProcess: ~Copyable {
    private var child: ChildProcess

    /// - Parameters:
    ///   - command: for `/bin/sh -c`.
    ///   - environment: all of the child's variables.
    init(command: String, environment: [String: String]) throws(ChildProcess.CannotStart) {
        // A quarter of a second: what is in the pipe cannot be dropped any more when it grows old.
        child = try ChildProcess("/bin/sh", ["/bin/sh", "-c", command], environment: environment, inputSize: 8192)
    }

    var hasOutput: Bool { child.hasOutput }

    /// - Returns: whether it took them. A piece of `DetectorInput` is taken whole or not at all.
    mutating func write(_ samples: ArraySlice<Int16>) -> Bool {
        guard case .taken(let count) = samples.withUnsafeBytes({ child.write($0) }) else { return false }
        return count > 0
    }

    /// What it printed since the last call.
    mutating func readOutput() -> [UInt8] { child.readOutput() }
    mutating func readErrors() -> [UInt8] { child.readErrors() }

    /// Waits until there is something to read, room to write if `wantsRoom`, a ring of `wake`, or the time is over.
    func wait(_ wake: Wake, wantsRoom: Bool, milliseconds: CInt) {
        child.wait(wantsRoom: wantsRoom, other: wake.descriptor, milliseconds: milliseconds)
        wake.drain()
    }

    /// Whether the program, or the shell that runs it, is no more; `end` takes its status.
    var isOver: Bool { child.isOver }

    /// Sees it end: by itself within `patience`, else asked, a second later killed; and with it what it started.
    ///
    /// - Returns: how it ended, and the rest of what it printed to stderr.
    consuming func end(within patience: Duration) -> (status: ChildProcess.Status, errors: [UInt8]) {
        child.closeInput()
        if !child.isOver(within: patience) { child.terminate() }
        _ = child.isOver(within: .seconds(1))
        return child.end()
    }
}
