import AudioCore
import AudioDevices
import CAllocationCount
import Synchronization
import Testing

/// Reads the calling thread's heap counters at its `first` and its `last` call; for one device thread.
private final class HeapWatch: Sendable {
    private let first: Int
    private let last: Int
    private let calls = Atomic<Int>(0)
    private let atFirst = Atomic<UInt64>(0)
    private let used = Atomic<UInt64>(.max)

    init(first: Int, last: Int) {
        self.first = first
        self.last = last
    }

    func call() {
        let count = calls.add(1, ordering: .relaxed).newValue
        let uses = vv_thread_allocations() + vv_thread_frees()
        if count == first { atFirst.store(uses, ordering: .relaxed) }
        if count == last { used.store(uses - atFirst.load(ordering: .relaxed), ordering: .releasing) }
    }

    /// Blocks allocated or freed between the two calls; nil before the last of them.
    var blocks: UInt64? {
        let blocks = used.load(ordering: .acquiring)
        return blocks == .max ? nil : blocks
    }
}

private struct HeapTap: ReferenceTap {
    let watch: HeapWatch
    mutating func willLeave(_ frames: Span<Int16>, rate: SampleRate, at time: Duration) { watch.call() }
    mutating func dropped(from time: Duration) {}
}

/// "RT safe." kept as a promise: what a device thread does per period, actor and all, touches no heap.
@Suite("The heap", .timeLimit(.minutes(5)), .enabled(if: vv_counts_allocations(), "a sanitizer has its own allocator"))
struct AllocationTests {
    @Test("capture neither allocates nor frees, period after period", arguments: ["tone:440", "silence"])
    func capture(device: String) async throws {
        let ring = SampleRing(minimumCapacity: 1 << 16)
        let watch = HeapWatch(first: 5, last: 35)
        let tap = VoiceTap(into: SampleRing(minimumCapacity: 1 << 16).makeProducer())
        tap.setOpen(true)
        let tape = SoundTape(minimumCapacity: 1 << 16)
        let capture = try Capture(into: ring.makeProducer(), tap: tap, tape: tape, onPacket: { watch.call() })
        async let end = capture.run(on: DeviceSpec(parsing: device, for: .input))
        while watch.blocks == nil { await Task.yield() }
        capture.stop()
        _ = try await end
        #expect(watch.blocks == 0)
    }

    @Test("playback neither allocates nor frees, while it speaks, chimes, is interrupted, held and torn")
    func playback() async throws {
        // Unoptimised code makes the metadata of a generic type when it first meets it, so the first time does not count.
        _ = try await blocksOfPlayback()
        #expect(try await blocksOfPlayback() == 0)
    }

    private func blocksOfPlayback() async throws -> UInt64? {
        let buffer = SpeechBuffer()
        let watch = HeapWatch(first: 10, last: 180)
        let playback = try Playback(
            of: buffer.makeReader(), tap: HeapTap(watch: watch),
            tape: SoundTape(minimumCapacity: 1 << 20))
        var writer = buffer.makeWriter(onChange: playback.speechChanged)
        writer.append([Int16](repeating: 3_000, count: 12_000))
        async let run: Void = playback.run(on: .null)
        while playback.clock.heardPosition < 6_000 { await Task.yield() }
        writer.interrupt()
        writer.append([Int16](repeating: 3_000, count: 24_000))
        playback.play(.wake)
        while playback.clock.heardPosition < 14_000 { await Task.yield() }
        buffer.hold()
        playback.speechChanged(.hold)
        while playback.clock.isSpeaking { await Task.yield() }
        buffer.letGoOn()
        while watch.blocks == nil { await Task.yield() }
        playback.stop()
        try await run
        return watch.blocks
    }
}
