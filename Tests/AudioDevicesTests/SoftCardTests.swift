import AudioCore
import AudioFrontEnd
import Foundation
import Testing

@testable import AudioDevices

@Suite("File as loudspeaker", .timeLimit(.minutes(5)))
struct SoftCardTests {
    private let buffer = SpeechBuffer()
    private let clock = PlaybackClock()
    private let state = PlaybackState()
    private let time = SteppedClock()
    private let path = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString).wav"

    private func loop() throws -> PlaybackLoop<SoftCard<FileSink, SteppedClock>, NoTap> {
        let sink = try FileSink(creating: path)
        let card = SoftCard(sink, clock: time, counters: state.counters)
        let resampler = try Resampler(from: .speech, to: .speech)
        let wake = try Wake()
        let reader = buffer.makeReader(cushion: .milliseconds(50))
        return PlaybackLoop(
            card, speech: reader, through: resampler, clock: clock, tap: NoTap(), state: state, wake: wake)
    }

    private func play(_ loop: inout PlaybackLoop<SoftCard<FileSink, SteppedClock>, NoTap>, periods: Int) throws {
        for _ in 0..<periods { try loop.step() }
    }

    private func file() throws -> [Int16]? {
        WAVBytes.samples(ofFile: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    @Test("the file holds the speech from its first sound to its last, and pauses as silence of their length")
    func pauses() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = buffer.makeWriter()
        var loop = try loop()
        try play(&loop, periods: 30)  // nothing is said yet
        writer.append([Int16](repeating: 1_000, count: 1_000))
        writer.endOfSpeech()
        let start = time.now
        try play(&loop, periods: 50)
        writer.append([Int16](repeating: 2_000, count: 1_000))
        writer.endOfSpeech()
        try play(&loop, periods: 50)
        try loop.close()
        #expect(time.now - start == .seconds(1))
        let samples = try #require(try file())
        #expect(samples.count { $0 == 1_000 } == 1_000)
        #expect(samples.count { $0 == 2_000 } == 1_000)
        #expect(samples.first == 1_000)
        #expect(samples.last == 2_000)
        #expect(samples.count == 12_000 + 1_000)  // the second answer began half a second after the first
        #expect(clock.heardPosition == 2_000)
    }

    @Test("the file can be played at any moment, as after kill -9, and lacks a tenth of a second at most")
    func killed() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = buffer.makeWriter()
        writer.append([Int16](repeating: 1_000, count: 240_000))
        var loop = try loop()
        for _ in 0..<100 {
            try play(&loop, periods: 1)
            let samples = try file()?.count ?? -100_000
            #expect(clock.heardPosition - samples <= 2_400 + 240)
        }
    }

    @Test("interrupted, the file ends with a fade, within two periods")
    func interruption() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = buffer.makeWriter()
        writer.append([Int16](repeating: 1_000, count: 240_000))
        var loop = try loop()
        try play(&loop, periods: 30)
        let heard = clock.heardPosition
        writer.interrupt()
        try play(&loop, periods: 30)
        try loop.close()
        let samples = try #require(try file())
        #expect(samples.count { $0 == 1_000 } <= heard + 240)
        #expect(clock.heardSamples(in: 0..<240_000) == samples.count { $0 == 1_000 })
        #expect(samples.count - samples.count { $0 == 1_000 } <= 120)
    }

    @Test("served too late, it waits and counts an xrun; nothing of the speech is lost")
    func late() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = buffer.makeWriter()
        let speech = (0..<24_000).map { Int16($0 % 1_000 + 1) }
        writer.append(speech)
        writer.endOfSpeech()
        var loop = try loop()
        for turn in 0..<150 {
            try play(&loop, periods: 1)
            time.advance(by: .milliseconds(turn % 10 == 5 ? 200 : 0))
        }
        try loop.close()
        #expect(try file() == speech)
        #expect(state.counters.counts.xruns > 0)
    }

    @Test("a file that cannot be made is said so", arguments: ["/nowhere/at/all.wav", "/"])
    func refused(path: String) {
        #expect(throws: DeviceError.self) { _ = try FileSink(creating: path) }
    }
}
