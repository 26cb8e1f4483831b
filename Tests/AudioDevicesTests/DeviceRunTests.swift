import AudioCore
import Foundation
import Testing

@testable import AudioDevices

@Suite("Devices on their threads", .timeLimit(.minutes(5)))
struct DeviceRunTests {
    private func capture(_ ring: SampleRing, onPacket: @escaping @Sendable () -> Void = {}) throws -> Capture<
        PassThrough
    > {
        try Capture(into: ring.makeProducer(), onPacket: onPacket)
    }

    @Test("a tone is captured at its pitch and level, paced by a clock")
    func tone() async throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        let packets = Counter()
        let capture = try capture(ring, onPacket: { packets.increment() })
        let start = ContinuousClock.now
        async let end = capture.run(on: .tone(hertz: 500))
        while packets.value < 10 { await Task.yield() }
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        capture.stop()
        #expect(try await end == .stopped)
        var consumer = ring.makeConsumer()
        let samples = consumer.withSpans(3_200) { first, _ in first.indices.map { first[$0] } }
        #expect(toneToNoise(samples[...], hertz: 500, rate: 16_000) > 60)
        #expect(samples.max() == 8_231)
    }

    @Test("silence and null bring zeros, and are counted as such", arguments: [DeviceSpec.silence, .null])
    func silence(device: DeviceSpec) async throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        let capture = try capture(ring)
        async let end = capture.run(on: device)
        while capture.counters.counts.zeroSamples < 320 { await Task.yield() }
        capture.stop()
        _ = try await end
        var consumer = ring.makeConsumer()
        #expect(consumer.withSpans(320) { first, _ in first.indices.allSatisfy { first[$0] == 0 } })
    }

    @Test("a file waits for the session, is delivered whole, and its end is told")
    func file() async throws {
        let path = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString).wav"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let sound = (0..<1_000).map { Int16($0 + 1) }
        try Data(WAVBytes().file(WAVBytes.bytes(sound))).write(to: URL(fileURLWithPath: path))
        let ring = SampleRing(minimumCapacity: 4_096)
        let capture = try capture(ring)
        async let end = capture.run(on: .file(path))
        for _ in 0..<100 { await Task.yield() }
        #expect(capture.counters.counts.periods == 0)
        capture.open()
        #expect(try await end == .endOfInput)
        var consumer = ring.makeConsumer()
        #expect(consumer.available == 1_120)  // seven whole frames
        #expect(consumer.withSpans(1_000) { first, _ in first.indices.map { first[$0] } } == sound)
    }

    @Test(
        "what cannot be opened is told before anything else, by code",
        arguments: [
            (.file("/nowhere.wav"), .missingFile), (.file("/"), .badFormat), (.file("/etc/hostname"), .badFormat),
        ] as [(DeviceSpec, DeviceError.Code)])
    func refused(device: DeviceSpec, code: DeviceError.Code) async throws {
        let capture = try capture(SampleRing(minimumCapacity: 64))
        let error = await #expect(throws: DeviceError.self) { try await capture.run(on: device) }
        #expect(error?.code == code)
    }

    @Test("a stop that comes before the run ends it at once")
    func stoppedBefore() async throws {
        let capture = try capture(SampleRing(minimumCapacity: 64))
        capture.stop()
        #expect(try await capture.run(on: .silence) == .stopped)
        let playback = try Playback(of: SpeechBuffer().makeReader())
        playback.stop()
        try await playback.run(on: .null)
    }

    @Test("cancelling ends a run, and the next one goes on")
    func cancelled() async throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        let capture = try capture(ring)
        for turn in 1...2 {
            let task = Task { try await capture.run(on: .silence) }
            while capture.counters.counts.periods < turn * 2 { await Task.yield() }
            task.cancel()
            #expect(try await task.value == .stopped)
        }
    }

    @Test("speech on the null device is heard in its own time")
    func null() async throws {
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append([Int16](repeating: 3_000, count: 4_800))
        writer.endOfSpeech()
        let start = ContinuousClock.now
        async let run: Void = playback.run(on: .null)
        while playback.clock.heardPosition < 4_800 { await Task.yield() }
        #expect(ContinuousClock.now - start >= .milliseconds(190))
        #expect(playback.clock.heardPosition == 4_800)
        playback.stop()
        try await run
    }

    @Test("what a device held when it was left is played by the next one: no sample is lost, and none counts as heard")
    func changedInMidSpeech() async throws {
        let folder = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        // Longer than any pause of this machine, and so loud that the fade begins with a sound: a file has no silence first.
        let speech = (0..<480_000).map { Int16($0 % 20_000 + 10_001) }
        writer.append(speech)
        writer.endOfSpeech()
        async let first: Void = playback.run(on: .file(folder + "/1.wav"))
        while playback.clock.heardPosition < 2_400 { try await Task.sleep(for: .milliseconds(1)) }
        playback.leave()
        try await first
        let heard = playback.clock.heardPosition
        async let second: Void = playback.run(on: .file(folder + "/2.wav"))
        while playback.clock.heardPosition < heard + 2_400 { try await Task.sleep(for: .milliseconds(1)) }
        playback.stop()
        try await second
        let played = try (1...2).map { number in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/\(number).wav")).dropFirst(44)
            return bytes.withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
        }
        #expect(played[0].starts(with: speech[..<heard]))
        #expect(played[1].count >= 2_400)
        let fade = 120  // 5 ms in which it comes in softly
        #expect(speech[(heard + fade)...].starts(with: played[1][fade..<2_400]))
    }

    @Test("where the system has no thread left, that is an error that says so")
    func noThread() {
        let error = #expect(throws: DeviceError.self) {
            // No address space has room for such a stack.
            _ = try DeviceThread(name: "vv-test", stackSize: 1 << 50)
        }
        #expect(error?.errno == EAGAIN)
        #expect(error?.message.contains("no thread left") == true)
        #expect(error?.remedy != nil)
    }

    @Test("the threads bear their names")
    func names() async throws {
        let capture = try capture(SampleRing(minimumCapacity: 64))
        async let end = capture.run(on: .silence)
        while capture.counters.counts.periods == 0 { await Task.yield() }
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        let names = tasks.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
        #expect(names.contains("vv-capture\n"))
        capture.stop()
        _ = try await end
    }
}
