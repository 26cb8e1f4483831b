internal import Foundation
import Synchronization

/// `stunnel` in front of a plain server on loopback. Ends with the test process, not with the last reference: that often
/// falls before the client has connected.
package final class TLSTerminator: Sendable {
    package let port: Int

    /// Returns once connections are accepted.
    ///
    /// - Parameters:
    ///   - port: where the plain server listens.
    ///   - certificate: which of the test certificates it shows.
    package init(to port: Int, certificate: TestCertificates.Kind = .good) throws {
        let certificates = try TestCertificates.shared.get()
        self.port = try Listener.closedPort()
        let settings = certificates.folder.appendingPathComponent("stunnel-\(self.port).conf")
        try """
        foreground = yes
        pid =
        debug = 5
        [vivavoce-test]
        accept = 127.0.0.1:\(self.port)
        connect = 127.0.0.1:\(port)
        cert = \(certificates.file(certificate))
        TIMEOUTclose = 0
        """.write(to: settings, atomically: true, encoding: .utf8)
        try Service.run("stunnel4", [settings.path], readyLine: "Configuration successful")
    }
}

/// A program that serves tests until the test process ends.
package enum Service {
    /// Starts it and waits until its output (stdout or stderr) holds `readyLine`, ten seconds at most.
    ///
    /// The thread that starts it stays until it ends: the kernel tells a child of its parent's death when the *thread*
    /// that made it dies (`setpriv`, PR_SET_PDEATHSIG).
    package static func run(_ program: String, _ arguments: [String], readyLine: String) throws {
        let start = Start()
        startTestThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["setpriv", "--pdeathsig", "KILL", program] + arguments
            process.standardInput = FileHandle.nullDevice
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            do { try process.run() } catch { return start.finish("\(program): \(error)") }
            var text = ""
            while true {  // on to the end: it must not block on its output
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { return start.finish("\(program) ended: \(text)") }
                text = String((text + String(decoding: more, as: UTF8.self)).suffix(4096))
                if text.contains(readyLine) { start.finish(nil) }
            }
        }
        try start.wait()
    }

    private final class Start: Sendable {
        private let problem = Mutex<String?>("it said nothing")
        private let isKnown = DispatchSemaphore(value: 0)

        func finish(_ problem: String?) {
            self.problem.withLock { $0 = problem }
            isKnown.signal()
        }

        func wait() throws {
            _ = isKnown.wait(timeout: .now() + 10)
            if let problem = problem.withLock({ $0 }) { throw Tool.Failure(description: problem) }
        }
    }
}
