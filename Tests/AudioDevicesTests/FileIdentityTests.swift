import Foundation
import Testing

@testable import AudioDevices

@Suite("Files that are read and written at once", .timeLimit(.minutes(5)))
struct FileIdentityTests {
    /// A folder with a recording and two other names for it; it goes with its owner.
    private final class Folder {
        let path = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString)"
        let recording = Data(WAVBytes().file(WAVBytes.bytes((0..<3_200).map { Int16($0) })))

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try recording.write(to: URL(fileURLWithPath: self["mic.wav"]))
            try recording.write(to: URL(fileURLWithPath: self["far.wav"]))
            try FileManager.default.linkItem(atPath: self["mic.wav"], toPath: self["hard.wav"])
            try FileManager.default.createSymbolicLink(atPath: self["soft.wav"], withDestinationPath: "far.wav")
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        subscript(name: String) -> String { path + "/" + name }

        func holds(_ name: String) throws -> Bool {
            try Data(contentsOf: URL(fileURLWithPath: self[name])) == recording
        }
    }

    @Test(
        "a test of the canceller on files does not write over what it reads, by whatever name",
        arguments: ["mic.wav", "far.wav", "hard.wav", "soft.wav", "./mic.wav"])
    func echoTest(output: String) throws {
        let folder = try Folder()
        let test = EchoFileTest(far: folder["far.wav"], microphone: folder["mic.wav"], output: folder[output])
        let error = #expect(throws: DeviceError.self) { try test.run() }
        #expect(error?.code == .usage)
        #expect(error?.message.contains("cannot be written") == true)
        #expect(try folder.holds("mic.wav") && folder.holds("far.wav"))
    }

    @Test("another file is written, and what is in one that is there already is replaced")
    func otherFile() throws {
        let folder = try Folder()
        for _ in 0..<2 {
            let test = EchoFileTest(
                far: folder["far.wav"], microphone: folder["mic.wav"], output: folder["out.wav"])
            #expect(try test.run().length == .milliseconds(200))
        }
        #expect(try folder.holds("mic.wav") && folder.holds("far.wav"))
    }

    @Test("a conversation does not go out to the file that it listens to; to any other device it does")
    func conversation() throws {
        let folder = try Folder()
        let input = DeviceSpec.file(folder["mic.wav"])
        let error = #expect(throws: DeviceError.self) {
            try DeviceSpec.check(input: input, output: .file(folder["hard.wav"]))
        }
        #expect(error?.code == .usage)
        for output in [DeviceSpec.file(folder["new.wav"]), .file(folder["far.wav"]), .file("/dev/null"), .null] {
            try DeviceSpec.check(input: input, output: output)
        }
        try DeviceSpec.check(input: .file("/dev/null"), output: .file("/dev/null"))
    }
}
