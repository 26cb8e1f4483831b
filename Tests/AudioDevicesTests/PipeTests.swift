import AudioCore
import Foundation
import Testing

@testable import AudioDevices

/// A named pipe that goes with its owner.
final class NamedPipe: Sendable {
    let path = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString)"
    init() { mkfifo(path, 0o600) }
    deinit { unlink(path) }
}

@Suite("Pipes", .timeLimit(.minutes(5)))
struct PipeTests {
    private let pipe = NamedPipe()

    @Test(
        "voice comes through a pipe bit for bit, however it is cut, and its end is told", arguments: [1, 3, 640, 5_001])
    func input(piece: Int) async throws {
        let voice = (0..<20_000).map { Int16(truncatingIfNeeded: $0 &* 31_337) }
        let ring = SampleRing(minimumCapacity: 4_096)  // smaller than the voice: the pipe has to wait for it
        let capture = try Capture(into: ring.makeProducer())
        capture.open()
        async let end = capture.run(on: .pipe(pipe.path))
        Thread.detachNewThread { [pipe] in
            let file = open(pipe.path, O_WRONLY)
            let bytes = WAVBytes.bytes(voice) + [0x55]  // half a sample at the end is none
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let part = Array(bytes[start..<min(start + piece, bytes.count)])
                _ = part.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            }
            close(file)
        }
        var consumer = ring.makeConsumer()
        var got: [Int16] = []
        var room = [Int16](repeating: 0, count: 1_000)
        while got.count < voice.count {
            var span = room.mutableSpan
            got += room[..<consumer.read(into: &span)]
            await Task.yield()
        }
        #expect(got == voice)
        #expect(try await end == .endOfInput)
        #expect(capture.counters.counts.droppedSamples == 0)
    }

    @Test("a pipe without a writer waits, and stopping ends the wait")
    func noWriter() async throws {
        let capture = try Capture(into: SampleRing(minimumCapacity: 64).makeProducer())
        capture.open()
        async let end = capture.run(on: .pipe(pipe.path))
        capture.stop()
        #expect(try await end == .stopped)
    }

    @Test("nothing is taken from a pipe before the session is live")
    func gate() async throws {
        let file = open(pipe.path, O_RDWR)
        defer { close(file) }
        _ = [UInt8](repeating: 1, count: 2_000).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        let ring = SampleRing(minimumCapacity: 4_096)
        let arrived = Counter()
        let capture = try Capture(into: ring.makeProducer(), onPacket: { arrived.increment() })
        async let end = capture.run(on: .pipe(pipe.path))
        var waiting: CInt = 0
        for _ in 0..<1_000 {
            await Task.yield()
            _ = ioctl(file, UInt(FIONREAD), &waiting)
            #expect(waiting == 2_000)
        }
        capture.open()
        while arrived.value < 3 { await Task.yield() }
        capture.stop()
        _ = try await end
    }

    @Test("speech goes into a pipe bit for bit, as it arrives, without cushion or padding")
    func output() async throws {
        let speech = (0..<50_001).map { Int16(truncatingIfNeeded: $0 &* 31_337) }
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        async let run: Void = playback.run(on: .pipe(pipe.path))
        let reading = Task.detached { [pipe] in
            let file = open(pipe.path, O_RDONLY)
            defer { close(file) }
            var all: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = part.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
                guard count > 0 else { return all }
                all += part[..<count]
            }
        }
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append(speech.span.extracting(..<7))
        while playback.clock.heardPosition < 7 { await Task.yield() }  // nothing holds it back
        writer.append(speech.span.extracting(7...))
        while playback.clock.heardPosition < speech.count { await Task.yield() }
        playback.stop()
        try await run
        #expect(await reading.value == WAVBytes.bytes(speech))
    }

    @Test("an interruption drops what has not been written, at a sample's edge")
    func interruption() async throws {
        let file = open(pipe.path, O_RDWR)  // nobody reads until later: the pipe fills up
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        async let run: Void = playback.run(on: .pipe(pipe.path))
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append([Int16](repeating: 1, count: 240_000))
        var last = -1
        while playback.clock.heardPosition != last || last <= 0 {  // until it stands still
            last = playback.clock.heardPosition
            try await Task.sleep(for: .milliseconds(20))
        }
        writer.interrupt()
        writer.append([Int16](repeating: 2, count: 100))
        var got: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while !got.hasSuffix(of: 200, byte: 2) {
            let count = part.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            got += part[..<max(0, count)]
        }
        playback.stop()
        try await run
        close(file)
        let ones = got.count { $0 == 1 }
        #expect(ones < 240_000)
        #expect(got.count == 2 * ones + 200)
        #expect(playback.clock.heardSamples(in: 0..<240_000) == ones)
    }

    @Test("a reader that goes away is an error that says so, and no signal")
    func readerGone() async throws {
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        let reader = open(pipe.path, O_RDONLY | O_NONBLOCK)
        writer.append([Int16](repeating: 1, count: 240))
        let run = Task { [pipe] in try await playback.run(on: .pipe(pipe.path)) }
        while playback.clock.heardPosition < 240 { await Task.yield() }
        close(reader)
        // More than a pipe holds: a child that another test is just starting may have the reader's end for a moment.
        writer.append([Int16](repeating: 1, count: 240_000))
        let error = await #expect(throws: DeviceError.self) { try await run.value }
        #expect(error?.code == .readerGone)
    }

    @Test("a pipe that is not there is said so, with how to make it")
    func missing() async throws {
        let playback = try Playback(of: SpeechBuffer().makeReader())
        let error = await #expect(throws: DeviceError.self) { try await playback.run(on: .pipe("/nowhere/pipe")) }
        #expect(error?.remedy?.contains("mkfifo") == true)
        let capture = try Capture(into: SampleRing(minimumCapacity: 1).makeProducer())
        let other = await #expect(throws: DeviceError.self) { try await capture.run(on: .pipe("/nowhere/pipe")) }
        #expect(other?.code == .missingFile)
    }

    @Test("a file or a socket that is given for a pipe is refused, and a file keeps what is in it")
    func noPipe() async throws {
        let folder = NSTemporaryDirectory() + "vivavoce-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/kept"))
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: (folder + "/socket").utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafeBytes(of: &address) {
            bind(listener, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
        }
        #expect(isBound == 0)
        let playback = try Playback(of: SpeechBuffer().makeReader())
        for name in ["kept", "socket"] {
            let error = await #expect(throws: DeviceError.self) {
                try await playback.run(on: .pipe(folder + "/" + name))
            }
            #expect(error?.code == .usage)
            #expect(error?.remedy?.contains("mkfifo") == true)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/kept")) == Data([1, 2, 3]))
    }

    @Test("what keeps nothing is written to like a pipe")
    func characterDevice() async throws {
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader())
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append([Int16](repeating: 1, count: 240))
        async let run: Void = playback.run(on: .pipe("/dev/null"))
        while playback.clock.heardPosition < 240 { await Task.yield() }
        playback.stop()
        try await run
    }

    @Test("cancelling ends the wait for a reader, and the same playback can play elsewhere")
    func cancelled() async throws {
        let buffer = SpeechBuffer()
        let playback = try Playback(of: buffer.makeReader(cushion: .zero))
        let task = Task { [pipe] in try await playback.run(on: .pipe(pipe.path)) }
        task.cancel()
        try await task.value
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append([Int16](repeating: 1, count: 240))
        let second = Task { try await playback.run(on: .null) }
        while playback.clock.heardPosition < 240 { await Task.yield() }
        second.cancel()
        try await second.value
    }
}

extension [UInt8] {
    func hasSuffix(of count: Int, byte: UInt8) -> Bool {
        guard self.count >= count else { return false }
        return stride(from: self.count - count, to: self.count, by: 2).allSatisfy {
            self[$0] == byte && self[$0 + 1] == 0
        }
    }
}
