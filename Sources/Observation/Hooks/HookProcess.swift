import Glibc
import Processes

/// One program of a hook, from its start to its end: a child of the calling thread, which waits for it.
enum HookProcess {
    /// What became of it where it did not end well; nil where it did.
    typealias Failure = String

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
        var failure = "there is no such program"
        for place in line.places(path: environment["PATH"]) {
            do throws(ChildProcess.CannotStart) {
                let process = try ChildProcess(place, line.words, environment: environment, inputSize: 65_536)
                return attend(process, given, limit, isWanted)
            } catch {
                if error.number != ENOENT { failure = error.reason }
            }
        }
        return failure
    }

    private static func attend(
        _ process: consuming ChildProcess, _ given: [UInt8], _ limit: Duration, _ isWanted: () -> Bool
    ) -> Failure? {
        let deadline = ContinuousClock.now + limit
        var rest = given[...]
        var lastWords: [UInt8] = []
        func note(_ bytes: [UInt8]) { lastWords = (lastWords + bytes).suffix(longestWords) }
        while !process.isOver, ContinuousClock.now < deadline, isWanted() {
            process.give(&rest)
            // Not only for its pipes: what it started may hold them open when it has ended.
            process.wait(wantsRoom: true, milliseconds: 20)
            _ = process.readOutput()
            note(process.readErrors())
        }
        let isLate = !process.isOver
        let (status, errors) = process.end()
        note(errors)
        if isLate { return "was ended, because it had not within \(limit)" }
        guard status != .exited(0) else { return nil }
        let said = String(decoding: lastWords, as: UTF8.self).split(whereSeparator: \.isNewline).last
        return status.description + (said.map { ": \($0)" } ?? "")
    }
}
