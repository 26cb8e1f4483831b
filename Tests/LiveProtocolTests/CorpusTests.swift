import Foundation
import LiveProtocolFuzzing
import Testing

/// The messages that `scripts/fuzz` kept: between them they reach all the code that fuzzing has found a way to.
@Suite("The fuzzer's corpus", .timeLimit(.minutes(5)))
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../LiveProtocolFuzzing/Corpus")

    @Test("every message that fuzzing kept is decoded without a trap, and the sink is used right")
    func replay() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        #expect(files.count > 100)
        for file in files {
            let message = [UInt8](try Data(contentsOf: file))
            #expect(throws: Never.self, "\(file.lastPathComponent)") { try Fuzzer.check(message) }
        }
    }
}
