import Foundation
import Testing

/// The built executable, run as a person would run it, with a home of its own.
final class CommandLineUser {
    struct Result {
        let status: Int32
        let output: String
        let errors: String
        var all: String { output + errors }
    }

    let home = FileManager.default.temporaryDirectory.appending(path: "vivavoce-\(UUID().uuidString)").path
    var environment: [String: String]

    init() throws {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        environment = ["HOME": home, "PATH": "/usr/bin:/bin"]
    }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    /// The executable beside these tests.
    static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "vivavoce")

    /// Writes a file through a shell of its own: were it open here, a process that another test starts at that moment
    /// would keep it open too, and the file could not be executed ("Text file busy").
    func write(_ text: String, to name: String, permissions: Int = 0o644) throws -> String {
        let path = home + "/" + name
        let mode = String(permissions, radix: 8)
        let shell = process(
            ["-c", #"printf %s "$1" > "$0" && chmod "$2" "$0""#, path, text, mode], executable: URL(filePath: "/bin/sh")
        )
        try shell.run()
        shell.waitUntilExit()
        guard shell.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
        return path
    }

    func process(_ arguments: [String], executable: URL = CommandLineUser.executable) -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs to the end. - Parameter input: what comes on stdin.
    func run(_ arguments: String..., input: String = "") throws -> Result {
        let process = process(arguments)
        let output = Pipe()
        let errors = Pipe()
        let stdin = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, output, errors)
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }
}
