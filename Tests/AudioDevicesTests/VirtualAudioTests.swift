import AudioCore
import AudioFrontEnd
import Foundation
import Synchronization
import Testing

@testable import AudioDevices

/// What `scripts/virtual-audio start` exports.
private let virtualAudio = ProcessInfo.processInfo.environment["VIRTUAL_AUDIO_DIR"]

/// The virtual loudspeaker or room as another program hears it: mono, 48 kHz, with the time at which each block came.
private final class Recording: Sendable {
    struct Block {
        var arrived: ContinuousClock.Instant
        var samples: [Int16]
    }

    private let blocks = Mutex<[Block]>([])
    private let process = Mutex(Process())

    init(of source: String) throws {
        let pipe = Pipe()
        try process.withLock {
            $0.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            $0.arguments = [
                "parec", "--device=\(source)", "--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=5",
            ]
            $0.standardOutput = pipe
            try $0.run()
        }
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        Thread.detachNewThread { [self, pipe] in
            var bytes = [UInt8](repeating: 0, count: 960)
            while true {
                let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                let samples = stride(from: 0, to: count - 1, by: 2).map {
                    Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
                }
                blocks.withLock { $0.append(Block(arrived: .now, samples: samples)) }
            }
            _ = pipe  // closes the descriptor when it goes
        }
        while all.isEmpty { usleep(1_000) }  // what is played before it listens would be missed
    }

    deinit { process.withLock { $0.terminate() } }

    var all: [Block] { blocks.withLock { $0 } }

    /// When the newest sample above `level` was certainly there; nil when there was none.
    ///
    /// A sound server hands blocks to a recorder before their time and in bursts, so the time of arrival says little.
    /// What counts is a sample's place in the recording, on the clock by which all but the latest twentieth of the
    /// blocks had arrived.
    func lastLoud(above level: Int16 = 300) -> ContinuousClock.Instant? {
        var offsets: [ContinuousClock.Instant] = []
        var end = 0
        var last: Int?
        for block in all {
            if let index = block.samples.lastIndex(where: { abs(Int($0)) > level }) { last = end + index }
            end += block.samples.count
            offsets.append(block.arrived - SampleRate(hertz: 48_000).duration(of: end))
        }
        guard let last else { return nil }
        return offsets.sorted()[offsets.count * 19 / 20] + SampleRate(hertz: 48_000).duration(of: last)
    }
}

@Suite(
    "Through the virtual sound card", .timeLimit(.minutes(5)), .serialized,
    .enabled(if: virtualAudio != nil, "needs eval \"$(scripts/virtual-audio start)\""))
struct VirtualAudioTests {
    private func sine(_ hertz: Double, seconds: Double) -> [Int16] {
        (0..<Int(seconds * 24_000)).map { Int16((10_000 * sin(2 * .pi * hertz * Double($0) / 24_000)).rounded()) }
    }

    @Test("an answer leaves the loudspeaker at its pitch and in full length, and is known to have been heard")
    func playback() async throws {
        // Other tests may starve the sound server, which has no real-time priority here: three attempts.
        for attempt in 1...3 {
            let samples = try await record(sine(1_000, seconds: 1))
            let loud = samples.indices.filter { abs(Int(samples[$0])) > 3_000 }
            let first = try #require(loud.first)
            let last = try #require(loud.last)
            let isWhole = abs(last - first - 48_000) < 50
            let middle = samples[(first + 4_800)..<(first + 43_200)]
            let ratio = toneToNoise(middle, hertz: 1_000, rate: 48_000)
            if isWhole, ratio > 60 { return }
            if attempt == 3 { Issue.record("\(last - first) frames of 48,000, \(ratio) dB") }
        }
    }

    /// Plays one answer on the default device. - Returns: what the loudspeaker's monitor recorded.
    private func record(_ speech: [Int16]) async throws -> [Int16] {
        let recording = try Recording(of: "vv_speaker.monitor")
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        let run = Task { try await playback.run(on: .alsa("default")) }
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        while playback.clock.framesPlayed < 4_800 { try await Task.sleep(for: .milliseconds(5)) }
        writer.append(speech)
        writer.endOfSpeech()
        while playback.clock.heardPosition < speech.count { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!playback.clock.isSpeaking)
        try await Task.sleep(for: .milliseconds(200))
        playback.stop()
        try await run.value
        #expect(playback.counters.counts.underruns == 0)
        return recording.all.flatMap(\.samples)
    }

    @Test("an interruption reaches silence at the loudspeaker, and the next answer is heard whole")
    func bargeIn() async throws {
        let recording = try Recording(of: "vv_speaker.monitor")
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        let run = Task { try await playback.run(on: .alsa("default")) }
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        let speech = sine(440, seconds: 3)
        var times: [Duration] = []
        for turn in 0..<12 {
            let start = writer.position
            writer.append(speech)
            while playback.clock.heardPosition < start + 12_000 + turn * 53 {
                try await Task.sleep(for: .milliseconds(1))
            }
            let cut = ContinuousClock.now
            writer.interrupt()
            try await Task.sleep(for: .milliseconds(500))
            let silent = try #require(recording.lastLoud())
            times.append(silent - cut)
            #expect(silent - cut < .milliseconds(400))
            let heard = playback.clock.heardSamples(in: start..<writer.position)
            #expect(heard >= 12_000 && heard < 24_000)
        }
        playback.stop()
        try await run.value
        let sorted = times.map { Int(($0 / .milliseconds(1)).rounded()) }.sorted()
        print("interrupted → silence at the monitor, ms: median \(sorted[6]), all \(sorted)")
        print("xruns \(playback.counters.counts.xruns), flushes \(playback.counters.counts.flushes)")
    }

    @Test("the threads that carry sound to the server have the priority of the device's thread, where it is permitted")
    func priority() async throws {
        let isRefused = Mutex(false)
        let playback = try Playback(of: SpeechBuffer().makeReader())
        let run = Task {
            try await playback.run(on: .alsa("default")) { notice in
                if case .notRealTime = notice { isRefused.withLock { $0 = true } }
            }
        }
        while playback.clock.framesPlayed == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let policies = ServerThreads.all.map { sched_getscheduler($0) & 0xff }  // above lies SCHED_RESET_ON_FORK
        #expect(!policies.isEmpty)
        #expect(policies.contains(SCHED_FIFO) != isRefused.withLock { $0 })
        playback.stop()
        try await run.value
    }

    @Test("the microphone brings what is said in the room, at its pitch, without a gap")
    func capture() async throws {
        for attempt in 1...3 {  // as above
            let samples = try await hear(seconds: 2)
            let loud = samples.indices.filter { abs(Int(samples[$0])) > 1_000 }
            let first = try #require(loud.first)
            let last = try #require(loud.last)
            let isWhole = abs(last - first - 32_000) < 400
            let ratio = toneToNoise(samples[(first + 1_600)..<(first + 28_800)], hertz: 1_000, rate: 16_000)
            if isWhole, ratio > 60 { return }
            if attempt == 3 { Issue.record("\(last - first) samples of 32,000, \(ratio) dB") }
        }
    }

    /// Plays a tone of 1 kHz in the virtual room. - Returns: what the microphone brought.
    private func hear(seconds: Int) async throws -> [Int16] {
        let ring = SampleRing(minimumCapacity: 64_000 * seconds)
        let capture = try Capture(into: ring.makeProducer())
        let run = Task { try await capture.run(on: .alsa("default")) }
        let file = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString).wav"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let tone = (0..<48_000 * seconds).map { Int16((10_000 * sin(2 * .pi * Double($0) / 48)).rounded()) }
        try Data(WAVBytes(rate: 48_000).file(WAVBytes.bytes(tone))).write(to: URL(fileURLWithPath: file))
        while capture.counters.counts.periods < 10 { try await Task.sleep(for: .milliseconds(5)) }
        let player = Process()
        player.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        player.arguments = ["paplay", "--device=vv_room", "--latency-msec=60", file]
        try player.run()
        player.waitUntilExit()
        try await Task.sleep(for: .milliseconds(300))
        capture.stop()
        #expect(try await run.value == .stopped)
        #expect(capture.counters.counts.droppedSamples == 0)
        var consumer = ring.makeConsumer()
        let count = consumer.available
        return consumer.withSpans(count) { first, second in
            first.indices.map { first[$0] } + second.indices.map { second[$0] }
        }
    }

    @Test("muted, the device is really stopped, and goes on afterwards")
    func mute() async throws {
        let ring = SampleRing(minimumCapacity: 64_000)
        let capture = try Capture(into: ring.makeProducer())
        let run = Task { try await capture.run(on: .alsa("default")) }
        while capture.counters.counts.periods < 10 { try await Task.sleep(for: .milliseconds(5)) }
        capture.setMuted(true)
        try await Task.sleep(for: .milliseconds(50))
        let periods = capture.counters.counts.periods
        try await Task.sleep(for: .milliseconds(100))
        #expect(capture.counters.counts.periods == periods)
        capture.setMuted(false)
        while capture.counters.counts.periods < periods + 10 { try await Task.sleep(for: .milliseconds(5)) }
        capture.stop()
        _ = try await run.value
    }

    @Test("the sound server says where our microphone is, and whether an echo canceller stands there")
    func places() async throws {
        let capture = try Capture(into: SampleRing(minimumCapacity: 64_000).makeProducer())
        let run = Task { try await capture.run(on: .alsa("default")) }
        while capture.counters.counts.periods < 10 { try await Task.sleep(for: .milliseconds(5)) }
        var seen: [ServedPlace] = []
        var module = ""
        // Of its own: the server's echo canceller hangs where both of its devices run in one thread.
        let other = try pactl("load-module", "module-null-sink", "sink_name=vv_other")
        for await change in SoundServer.changes() {
            guard case .place(.input, let place) = change else { continue }
            seen.append(place)
            if seen.count == 1 {
                module = try pactl(
                    "load-module", "module-echo-cancel", "source_name=vv_cancelled", "source_master=vv_microphone",
                    "sink_master=vv_other", "aec_method=null")
                _ = try pactl("set-default-source", "vv_cancelled")
            } else {
                _ = try pactl("set-default-source", "vv_microphone")
                _ = try pactl("unload-module", module)
                _ = try pactl("unload-module", other)
                break
            }
        }
        capture.stop()
        _ = try await run.value
        #expect(seen.map(\.name) == ["vv_microphone", "vv_cancelled"])
        #expect(seen.map(\.cancelsEcho) == [false, true])
        #expect(seen.map(\.isMonitor) == [false, false])
    }

    private func pactl(_ words: String...) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["pactl"] + words
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a device that does not exist is said so, with those that do")
    func unknown() async throws {
        let playback = try Playback(of: SpeechBuffer().makeReader())
        let error = await #expect(throws: DeviceError.self) { try await playback.run(on: .alsa("nonesuch")) }
        guard case .unknown(let available) = error?.code else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(available.contains("default"))
        #expect(available.contains("null"))
        #expect(DeviceListing.all(for: .output).first?.abilities?.channels.contains(2) == true)
    }
}
