import AudioCore
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Assistant

/// A folder for `PATH` with an `espeak-ng` of the test's own.
private final class Speaker: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/vivavoce-farewell-\(UUID().uuidString)"
    var environment: [String: String] { ["PATH": path + ":/usr/bin:/bin", "GEMINI_API_KEY": "sesame"] }

    /// - Parameter script: of a shell; nil for no program.
    init(_ script: String?) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard let script else { return }
        // Through a shell: were it open here, a child that another test starts at that moment would keep it open, too.
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = [
            "-c", #"printf %s "$1" > "$0" && chmod 755 "$0""#, path + "/espeak-ng", "#!/bin/sh\n\(script)\n",
        ]
        try shell.run()
        shell.waitUntilExit()
        guard shell.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A WAV file as the program streams it: 22,050 Hz, mono, with sizes that say nothing.
    static func wav(_ samples: [Int16]) -> [UInt8] {
        func little(_ number: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> (8 * $0) & 255) } }
        return Array("RIFF".utf8) + little(0x7FFF_F024, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
            + little(1, 2) + little(22_050, 4) + little(44_100, 4) + little(2, 2) + little(16, 2)
            + Array("data".utf8) + little(0x7FFF_F000, 4) + samples.flatMap { little(Int(UInt16(bitPattern: $0)), 2) }
    }

    /// One that says this much, whatever it is told.
    static func saying(_ samples: [Int16]) throws -> Speaker {
        let speaker = try Speaker("cat \"${0%/*}/sound\"; echo \"$@\" > \"${0%/*}/asked\"; env > \"${0%/*}/env\"")
        try Data(wav(samples)).write(to: URL(filePath: speaker.path + "/sound"))
        return speaker
    }

    func file(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path + "/" + name)), as: UTF8.self)
    }
}

@Suite("A spoken notice", .timeLimit(.minutes(5)))
struct SpokenNoticeTests {
    @Test("the program gets the words, and no key; its sound comes back as it is")
    func spoken() async throws {
        let speaker = try Speaker.saying([1, -2, 32_767])
        let sound = await SpokenNotice.speak("Over and out.", environment: speaker.environment)
        #expect(sound == SpokenNotice.Sound(samples: [1, -2, 32_767], rate: 22_050))
        #expect(try speaker.file("asked") == "--stdout -v en Over and out.\n")
        #expect(try !speaker.file("env").contains("sesame"))
    }

    @Test(
        "without the program, or with one that says nothing sensible, nothing is spoken",
        arguments: ["", "exit 1", "echo hello"])
    func unspoken(script: String) async throws {
        let speaker = try Speaker(script.isEmpty ? nil : script)
        let environment = script.isEmpty ? ["PATH": speaker.path] : speaker.environment
        #expect(await SpokenNotice.speak("Over.", environment: environment) == nil)
    }

    @Test("what is cut short or another format is no sound", arguments: [0, 10, 43, 44])
    func damaged(length: Int) {
        #expect(SpokenNotice.sound(in: Array(Speaker.wav([1]).prefix(length))) == nil)
        var stereo = Speaker.wav([1, 2])
        stereo[22] = 2
        #expect(SpokenNotice.sound(in: stereo) == nil)
    }
}

@Suite("A farewell", .timeLimit(.minutes(5)))
struct FarewellTests {
    private let clock = ManualClock()
    private let buffer = SpeechBuffer()
    private let farewell = Farewell()

    /// What was chimed, and what was heard of the speech so far.
    private final class Ears: Sendable {
        let chimes = Mutex<[Chime]>([])
        let heard = Atomic<Int>(0)
    }

    private let ears = Ears()
    private let sink: SpeechSink

    init() { sink = SpeechSink(buffer) }

    private func say(by speaker: Speaker, isAudible: Bool = true) async {
        let outlet = Farewell.Outlet(
            speech: sink, chime: { [ears] chime in ears.chimes.withLock { $0.append(chime) } },
            heard: { [ears] in ears.heard.load(ordering: .relaxed) })
        await farewell.say(
            through: outlet, isAudible: isAudible, environment: speaker.environment,
            time: EngineTime(clock, asleep: { .zero }))
    }

    /// Lets time pass for as long as the farewell looks at it.
    private func passing(_ body: () async -> Void) async {
        let ticks = Task { [clock] in while await clock.nextNap() != nil { clock.advance(by: .milliseconds(50)) } }
        await body()
        ticks.cancel()
    }

    @Test("a chime, then the voice in place of what the model was saying, until it has been heard")
    func whole() async throws {
        let speaker = try Speaker.saying([Int16](repeating: 9, count: 22_050))
        sink.append([Int16](repeating: 1, count: 480).span, rate: 24_000)
        farewell.ask(for: "Goodbye.")
        #expect(farewell.isWanted)
        ears.heard.store(.max, ordering: .relaxed)
        await passing { await say(by: speaker) }
        #expect(ears.chimes.withLock { $0 } == [.trouble])
        #expect(sink.position == 480 + 24_000 && sink.cutPosition == 480)
        #expect(clock.elapsed >= Farewell.chimeLength && clock.elapsed < Farewell.longest)
    }

    @Test("a loudspeaker that does not play it is not waited for for ever")
    func unheard() async throws {
        let speaker = try Speaker.saying([1, 2, 3])
        farewell.ask(for: "Goodbye.")
        await passing { await say(by: speaker) }
        #expect(clock.elapsed >= Farewell.longest && clock.elapsed < Farewell.longest + .milliseconds(200))
    }

    @Test("without a voice it is a chime")
    func chimed() async throws {
        let speaker = try Speaker("exit 1")
        farewell.ask(for: "Goodbye.")
        await passing { await say(by: speaker) }
        #expect(ears.chimes.withLock { $0 } == [.trouble] && sink.position == 0)
        #expect(clock.elapsed < Farewell.longest)
    }

    @Test("a user who wants the end now gets it, and where cues are off nothing is played")
    func silent() async throws {
        let speaker = try Speaker.saying([1, 2, 3])
        await say(by: speaker)
        farewell.ask(for: "Goodbye.")
        await say(by: speaker, isAudible: false)
        #expect(ears.chimes.withLock { $0 } == [])
        farewell.cutShort()
        #expect(!farewell.isWanted)
        await say(by: speaker)
        #expect(sink.position == 0 && clock.elapsed == .zero)
    }
}
