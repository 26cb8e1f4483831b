import Glibc
import Processes

/// A sentence spoken by the program espeak-ng, where it is installed: what has to be said when no model says it.
package enum SpokenNotice {
    /// Mono.
    package struct Sound: Equatable, Sendable {
        package var samples: [Int16]
        /// In Hz.
        package var rate: Int
    }

    /// The Debian package of the same name has it.
    private static let program = "espeak-ng"
    private static let wanted: Set = ["PATH", "HOME", "ESPEAK_DATA_PATH"]
    /// It takes some 50 ms.
    private static let patience = Duration.seconds(1)
    /// Half a minute of speech.
    private static let longest = 1 << 21
    /// What stands before the samples of a WAV file with nothing in it but sound.
    private static let headerLength = 44

    /// - Parameters:
    ///   - words: English, beginning with a letter.
    ///   - environment: it is looked for on `PATH`, and gets what it needs of it, which no key is.
    /// - Returns: nil where there is no such program, or no thread to start it on, and where it has not spoken within
    ///   `patience`.
    package static func speak(_ words: String, environment: [String: String]) async -> Sound? {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let places: [String] = folders.map { "\($0)/\(program)" }
        guard let path = places.first(where: { access($0, X_OK) == 0 }) else { return nil }
        let variables = environment.filter { wanted.contains($0.key) }
        return await withCheckedContinuation { continuation in
            // The child ends with the thread that started it, and waiting for it is no task's business.
            do throws(NativeThread.Unavailable) {
                try NativeThread.start {
                    continuation.resume(returning: sound(in: output(of: path, saying: words, variables)))
                }
            } catch {
                continuation.resume(returning: nil)
            }
        }
    }

    /// - Parameter file: a WAV file of one chunk, whose sizes say nothing: it was written to a pipe.
    static func sound(in file: [UInt8]) -> Sound? {
        func number(at offset: Int, bytes: Int) -> Int {
            (0..<bytes).reversed().reduce(0) { $0 << 8 | Int(file[offset + $1]) }
        }
        guard file.count > headerLength, file.starts(with: "RIFF".utf8), file[36..<40].elementsEqual("data".utf8),
            number(at: 20, bytes: 2) == 1, number(at: 22, bytes: 2) == 1, number(at: 34, bytes: 2) == 16
        else { return nil }
        let samples = stride(from: headerLength, to: file.count - 1, by: 2).map { offset in
            Int16(truncatingIfNeeded: number(at: offset, bytes: 2))
        }
        return Sound(samples: samples, rate: number(at: 24, bytes: 4))
    }

    /// Blocks; everything that it has written, or nothing where it did not come to its end.
    private static func output(of path: String, saying words: String, _ variables: [String: String]) -> [UInt8] {
        let line: [String] = [program, "--stdout", "-v", "en", words]
        do throws(ChildProcess.CannotStart) {
            return readAll(of: try ChildProcess(path, line, environment: variables, inputSize: 4_096))
        } catch {
            return []
        }
    }

    private static func readAll(of process: consuming ChildProcess) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        process.closeInput()
        var bytes: [UInt8] = []
        while process.hasOutput, ContinuousClock.now < deadline, bytes.count < longest {
            process.wait(wantsRoom: false, milliseconds: 20)
            bytes += process.readOutput()
            _ = process.readErrors()
        }
        let isWhole = !process.hasOutput
        _ = process.end()
        return isWhole ? bytes : []
    }
}
