package import Foundation

/// A certificate authority of our own and certificates of several virtues, made with `openssl` once a process.
package struct TestCertificates: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// For localhost, 127.0.0.1 and ::1.
        case good
        /// For elsewhere.example.
        case wrongHost = "wrong-host"
        /// For localhost, over since yesterday.
        case expired
        /// For localhost, signed by nobody but itself.
        case selfSigned = "self-signed"
    }

    /// Made when first asked for; the folder is left to the system's cleaning of temporary files.
    package static let shared = Result { try TestCertificates() }

    package let folder: URL

    /// The authority's own certificate, PEM.
    package var authority: String { folder.appendingPathComponent("ca.pem").path }

    /// Certificate and key in one PEM file.
    package func file(_ kind: Kind) -> String { folder.appendingPathComponent("\(kind.rawValue).pem").path }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("vivavoce-certificates-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        let local = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
        try Tool.run(
            """
            set -e
            openssl req -x509 \(key) -days 2 -subj '/CN=Vivavoce test authority' -keyout ca.key -out ca.pem
            openssl req -x509 \(key) -days 2 -subj /CN=localhost -addext \(local) -keyout self.key -out self-signed.pem
            cat self.key >> self-signed.pem
            leaf() { # name, days, names
                openssl req \(key) -subj /CN=leaf -keyout $1.key -out $1.csr
                echo "$3" > $1.ext
                openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -days $2 -extfile $1.ext -out $1.pem
                cat $1.key >> $1.pem
            }
            leaf good 2 \(local)
            leaf wrong-host 2 subjectAltName=DNS:elsewhere.example
            leaf expired -1 \(local)
            """, in: folder)
    }
}

/// A program that a test runs.
package enum Tool {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs a shell script to its end, at most a minute. - Throws: its output, when it fails.
    package static func run(_ script: String, in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["60", "/bin/sh", "-c", script]
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: text) }
    }
}
