internal import Foundation

/// `stunnel` in front of a plain server on loopback. Ends with the object, or with the test process.
package final class TLSTerminator: @unchecked Sendable {
    // Unchecked: everything is set in `init` and only read afterwards.
    package let port: Int
    private let process = Process()
    private let leash = Pipe()

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
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The shell lives as long as its input is open, which ends with this process at the latest.
        process.arguments = ["-c", "stunnel4 \"$0\" & tunnel=$!; cat > /dev/null; kill $tunnel", settings.path]
        process.standardInput = leash
        let log = Pipe()
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("Configuration successful") {
            let more = log.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Tool.Failure(description: "stunnel4 did not start: \(text)") }
            text += String(decoding: more, as: UTF8.self)
        }
        startTestThread { while !log.fileHandleForReading.availableData.isEmpty {} }  // it must not block on its log
    }

    deinit { try? leash.fileHandleForWriting.close() }
}
