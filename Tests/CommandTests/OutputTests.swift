import Foundation
import Testing

@Suite("What is printed arrives, or it is said", .timeLimit(.minutes(5)))
struct OutputTests {
    @Test(
        "a full disk behind stdout ends every reading command with 74",
        arguments: [
            ["config", "show"], ["config", "path"], ["config", "check"], ["models"], ["keys", "list"],
            ["keys", "path"],
            ["transcripts", "path"], ["devices"],
        ])
    func full(arguments: [String]) throws {
        let user = try CommandLineUser()
        let process = user.process(arguments)
        let errors = Pipe()
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        process.standardError = errors
        try process.run()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 74)
        #expect(String(decoding: complained, as: UTF8.self).contains("cannot write to stdout: No space left on device"))
    }

    @Test("an empty VIVAVOCE_SOCKET counts as unset")
    func emptySocket() throws {
        let user = try CommandLineUser()
        (user.environment["XDG_RUNTIME_DIR"], user.environment["VIVAVOCE_SOCKET"]) = (user.home, "")
        let result = try user.run("status")
        #expect(result.status == 69)
        #expect(result.errors.contains("nobody listens at \(user.home)/vivavoce/control.sock"))
    }
}
