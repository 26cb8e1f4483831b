import Foundation
import Testing

@testable import Assistant

/// The script that connects openWakeWord, with a stand-in for that: its models are downloaded, so no test has them.
@Suite(.timeLimit(.minutes(5)), .enabled(if: access("/usr/bin/python3", X_OK) == 0, "the script is Python"))
struct DetectorScriptTests {
    /// Believes in a word where a block's first sample says so, and remembers what it is for.
    private static let modules = [
        "numpy.py": """
        import array
        def frombuffer(block, dtype):
            assert dtype == "<i2"
            return array.array("h", block)
        """,
        "openwakeword/__init__.py": "",
        "openwakeword/utils.py": """
        import sys
        def download_models(names): print("downloading", *names, file=sys.stderr)
        """,
        "openwakeword/model.py": """
        class Model:
            def __init__(self, wakeword_models, inference_framework): self.name, self.steps = wakeword_models[0], 0
            def predict(self, samples):
                assert len(samples) == 1280
                self.steps += 1
                return {self.name: samples[0] / 100 + self.steps / 1000}
            def reset(self): self.steps = 0
        """,
    ]

    @Test("a block over the threshold is one line, with the model's name and score")
    func detects() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vivavoce-wake-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in Self.modules {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let root = URL(filePath: #filePath).pathComponents.dropLast(4).dropFirst().joined(separator: "/")
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        let word = stage.command(
            "exec python3 -B /\(root)/config/wake/openwakeword-detector.py hey_viva 0.6",
            environment: ["PYTHONPATH": folder.path(percentEncoded: false)])
        try await stage.running(word) { stage in
            let block = { (score: Int16) in [score] + [Int16](repeating: 0, count: 1279) }
            stage.capture(block(10) + block(59) + block(70) + block(90))
            // The second detection is the first block after a reset.
            #expect(await stage.nextHeard()?.because == "hey_viva 0.70")
        }
    }
}
