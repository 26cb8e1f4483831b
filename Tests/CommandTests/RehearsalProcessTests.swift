import Assistant
import Foundation
import Testing

@testable import vivavoce

@Suite("The stand-in's process", .timeLimit(.minutes(5)))
struct RehearsalProcessTests {
    private let user: CommandLineUser

    init() throws { user = try CommandLineUser() }

    private func script(_ body: String, name: String = "vivavoce-rehearsal") throws -> String {
        try user.write("#!/bin/sh\necho $$ > '\(user.home)/pid'\n\(body)\n", to: name, permissions: 0o755)
    }

    private static let ready = #"echo '{"ready":true,"url":"ws://127.0.0.1:4711"}'"#

    /// The child's process id, once it has written it.
    private func child() throws -> pid_t {
        for _ in 0..<2000 {
            let text = try? String(contentsOfFile: user.home + "/pid", encoding: .utf8)
            if let pid = text.flatMap({ pid_t($0.trimmingCharacters(in: .newlines)) }) { return pid }
            usleep(5000)
        }
        throw CocoaError(.fileReadNoSuchFile)
    }

    private func isGone(_ process: pid_t) -> Bool {
        for _ in 0..<1000 {
            // A child of a killed parent may wait as a zombie for its new parent.
            let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            if kill(process, 0) != 0 || status?.contains(") Z ") == true { return true }
            usleep(5000)
        }
        return false
    }

    @Test("it is started, tells where it listens, is ended and reaped")
    func startsAndStops() async throws {
        let rehearsal = try await RehearsalProcess.start(
            program: script("\(Self.ready)\necho more\nexec sleep 600"), showsLog: false)
        #expect(rehearsal.address.description == "ws://127.0.0.1:4711")
        let process = try child()
        #expect(kill(process, 0) == 0)
        await rehearsal.stop()
        #expect(kill(process, 0) == -1)
        await rehearsal.stop()  // a second time does nothing
    }

    @Test("one that ignores the request is killed")
    func kills() async throws {
        let rehearsal = try await RehearsalProcess.start(
            program: script("trap '' TERM\n\(Self.ready)\nwhile :; do sleep 1; done"), showsLog: false)
        let process = try child()
        await rehearsal.stop()
        #expect(kill(process, 0) == -1)
    }

    @Test("one that fails is unavailable, with its last words, made safe")
    func fails() async throws {
        let program = try script(#"printf 'no voice\033[2J\n' >&2; exit 3"#)
        let error = await #expect(throws: AssistantError.self) {
            try await RehearsalProcess.start(program: program, showsLog: false)
        }
        #expect(error?.exit == .unavailable)
        #expect(error?.message.contains("no voice") == true)
        #expect(error?.message.contains("\u{1B}") == false)
    }

    @Test("one that says something else first is ended")
    func babbles() async throws {
        let program = try script("echo hello\nexec sleep 600")
        await #expect(throws: AssistantError.self) {
            try await RehearsalProcess.start(program: program, showsLog: false)
        }
        #expect(try isGone(child()))
    }

    @Test("one that cannot be executed is named", arguments: ["/nowhere/vivavoce-rehearsal", "/etc/passwd"])
    func missing(path: String) async throws {
        let error = await #expect(throws: AssistantError.self) {
            try await RehearsalProcess.start(program: path, showsLog: false)
        }
        #expect(error?.exit == .unavailable)
        #expect(error?.message.contains(path) == true)
    }

    /// Our executable and a stand-in beside it, elsewhere.
    private func installation(_ body: String) throws -> URL {
        let copy = URL(filePath: user.home + "/vivavoce")
        let copying = user.process(
            [CommandLineUser.executable.path, copy.path], executable: URL(filePath: "/bin/cp"))
        try copying.run()
        copying.waitUntilExit()
        _ = try script(body)
        return copy
    }

    @Test("the stand-in beside the executable is taken, and gets no key")
    func beside() throws {
        let executable = try installation("env > '\(user.home)/environment'; exit 1")
        for name in ChildEnvironment.withheld { user.environment[name] = "sesame-open" }
        let process = user.process(["talk", "--rehearse"], executable: executable)
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 69)
        #expect(said.contains(user.home + "/vivavoce-rehearsal"))
        let environment = try String(contentsOfFile: user.home + "/environment", encoding: .utf8)
        #expect(environment.contains("HOME="))
        #expect(!environment.contains("sesame-open"))
    }

    @Test("it dies with us, even when we are killed")
    func diesWithParent() throws {
        let executable = try installation("exec sleep 600")
        let process = user.process(["talk", "--rehearse"], executable: executable)
        try process.run()
        let child = try child()
        #expect(kill(child, 0) == 0)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(isGone(child))
    }
}
