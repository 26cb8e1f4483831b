import AudioCore
import AudioDevices
import Events
import Glibc
import LiveSession
import Logging
import Synchronization
import TestKit
import Testing

@testable import Assistant

/// A detector's surroundings: a capture that brings what a test lays out, and a record of what it tells.
final class WakeStage: Sendable {
    let ear: WakeEar
    let clock = ManualClock()
    let (heard, hears) = AsyncStream.makeStream(of: WakeHeard.self)
    let (warnings, warns) = AsyncStream.makeStream(of: Problem.self)

    init() throws { ear = try WakeEar() }

    /// What a capture writes: 10 ms at a time, while the ear has room.
    func capture(_ samples: [Int16]) {
        for start in stride(from: 0, to: samples.count, by: 160) {
            ear.tap.write(samples.span.extracting(start..<min(start + 160, samples.count)))
        }
    }

    func command(
        _ command: String, limits: CommandWakeWord.Limits = .init(), environment: [String: String] = [:]
    ) -> CommandWakeWord {
        let path = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        return CommandWakeWord(
            command: command, ear: ear, environment: path, limits: limits, time: EngineTime(clock) { .zero },
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, warn: { [warns] in warns.yield($0) })
    }

    /// Runs the detector while `body` does something with it, then cancels it and waits for its end.
    func running(_ word: any WakeWord, _ body: (WakeStage) async throws -> Void) async throws {
        let task = Task { [hears] in try await word.run { hears.yield($0) } }
        defer { task.cancel() }
        try await body(self)
        task.cancel()
        try await task.value
    }

    func nextHeard() async -> WakeHeard? {
        var iterator = heard.makeAsyncIterator()
        return await iterator.next()
    }

    func nextWarning() async -> Problem? {
        var iterator = warnings.makeAsyncIterator()
        return await iterator.next()
    }
}

/// Speech by espeak-ng, as loud as somebody across a table: mono, 16,000 Hz, with a second of quiet before and after.
func spoken(_ text: String) throws -> [Int16] {
    let command =
        "espeak-ng -v en-us+f2 -s 150 --stdout '\(text)' | sox -R -t wav - -r 16000 -c 1 -b 16 -e signed -t raw - norm -15"
    let file = try #require(popen(command, "r"))
    defer { pclose(file) }
    var speech: [Int16] = []
    var piece = [Int16](repeating: 0, count: 4096)
    while true {
        let count = fread(&piece, 2, piece.count, file)
        guard count > 0 else { break }
        speech += piece.prefix(count)
    }
    let quiet = [Int16](repeating: 0, count: 16_000)
    return quiet + speech + quiet
}
