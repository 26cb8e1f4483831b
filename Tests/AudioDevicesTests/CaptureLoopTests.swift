import AudioCore
import Synchronization
import Testing

@testable import AudioDevices

/// Counts calls from any thread.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
}

/// An input that brings what a test lays out: one entry per reading.
struct ScriptedInput: InputDevice {
    var script: [InputReading]
    var isExact = false
    let listening: Counter
    var next: Int16 = 1

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        guard !script.isEmpty else { throw DeviceError(.unplugged, "the script is over") }
        let reading = script.removeFirst()
        if case .samples(let count, _) = reading {
            for index in 0..<count {
                frame[index] = next
                next &+= 1
            }
        }
        return reading
    }

    mutating func setListening(_ isListening: Bool) { listening.increment() }
}

/// Hears a voice in frames that begin with a sample in a range.
private struct Threshold: CaptureStage {
    let voice: ClosedRange<Int16>
    var hearsVoice: Bool?

    init(voice: ClosedRange<Int16>) { self.voice = voice }

    mutating func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration) {
        hearsVoice = voice.contains(frame[0])
    }
    mutating func listen(to frame: Span<Int16>, capturedAt time: Duration) { hearsVoice = voice.contains(frame[0]) }
}

@Suite("Capture", .timeLimit(.minutes(5)))
struct CaptureLoopTests {
    private let state = CaptureState()
    private let activity = VoiceActivity()
    private let packets = Counter()
    private let toggles = Counter()

    private func loop(
        _ script: [InputReading], ring: SampleRing, tap: VoiceTap? = nil, isExact: Bool = false
    ) throws -> CaptureLoop<ScriptedInput, PassThrough> {
        try self.loop(script, ring: ring, tap: tap, isExact: isExact, stage: PassThrough())
    }

    private func loop<Stage: CaptureStage>(
        _ script: [InputReading], ring: SampleRing, tap: VoiceTap? = nil, isExact: Bool = false, stage: Stage
    ) throws -> CaptureLoop<ScriptedInput, Stage> {
        CaptureLoop(
            ScriptedInput(script: script, isExact: isExact, listening: toggles), stage: stage,
            voice: ring.makeProducer(), tap: tap, state: state, wake: try Wake(), activity: activity,
            onPacket: { [packets] in packets.increment() })
    }

    private func frames(_ count: Int) -> [InputReading] {
        (0..<count).map { .samples(160, capturedAt: .milliseconds(10 * $0)) }
    }

    /// With the time at which the sample at its position was captured, in these scripts.
    private func edge(isVoice: Bool, _ position: Int) -> VoiceActivity.Edge {
        VoiceActivity.Edge(isVoice: isVoice, position: position, time: SampleRate.voice.duration(of: position))
    }

    @Test("what the stage hears is told with the position and time of its frame, and a device that goes is silent")
    func voiceActivity() throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        var loop = try loop(frames(6), ring: ring, stage: Threshold(voice: 200...600))
        for _ in 1...6 { _ = try loop.step() }
        // Samples count up from 1, so that frame 1 begins with 161 and frame 2 with 321.
        #expect(activity.next() == edge(isVoice: true, 320))
        #expect(activity.next() == edge(isVoice: false, 640))
        #expect(activity.next() == nil)
        _ = loop.finish()
        #expect(activity.next() == nil)
    }

    @Test("a pipe's samples pass unchanged, and the stage listens to them in whole frames")
    func voiceActivityOfPipe() throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        let script = (0..<10).map { InputReading.samples(100, capturedAt: .microseconds(6_250 * $0)) }
        var loop = try loop(script, ring: ring, isExact: true, stage: Threshold(voice: 200...2_000))
        for _ in 1...10 { _ = try loop.step() }
        #expect(activity.next() == edge(isVoice: true, 320))
        #expect(activity.next() == nil)
        _ = loop.finish()
        #expect(activity.next()?.position == 1_000)
    }

    @Test("muting is silence")
    func voiceActivityWhileMuted() throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        var loop = try loop(frames(2) + [.woken], ring: ring, stage: Threshold(voice: 0...2_000))
        for _ in 1...2 { _ = try loop.step() }
        state.setMuted(true)
        _ = try loop.step()
        #expect(activity.next() == edge(isVoice: true, 0))
        #expect(activity.next()?.position == 320)
    }

    @Test("every 20 ms are announced once they are in the ring")
    func packets20() throws {
        let ring = SampleRing(minimumCapacity: 16_000)
        var loop = try loop(frames(5), ring: ring)
        let announced = try (0..<5).map { _ in
            _ = try loop.step()
            return packets.value
        }
        #expect(announced == [0, 1, 1, 2, 2])
        let consumer = ring.makeConsumer()
        #expect(consumer.available == 800)
    }

    @Test("a stage that makes silence of sound does not make a silent microphone")
    func zerosOfTheDevice() throws {
        struct Gate: CaptureStage {
            mutating func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration) {
                for index in frame.indices { frame[index] = 0 }
            }
            mutating func listen(to frame: Span<Int16>, capturedAt time: Duration) {}
            var hearsVoice: Bool? { false }
        }
        let ring = SampleRing(minimumCapacity: 1_024)
        var loop = CaptureLoop(
            ScriptedInput(script: frames(2), listening: toggles), stage: Gate(), voice: ring.makeProducer(),
            state: state, wake: try Wake(), activity: activity, onPacket: {})
        for _ in 0..<2 { _ = try loop.step() }
        #expect(state.counters.counts.zeroSamples == 0)
    }

    @Test("the end of a file is filled up to a whole frame and announced")
    func fileEnd() throws {
        let ring = SampleRing(minimumCapacity: 1_024)
        var loop = try loop(frames(2) + [.samples(7, capturedAt: .zero), .ended], ring: ring)
        for _ in 0..<3 { _ = try loop.step() }
        #expect(try loop.step() == .ended)
        #expect(packets.value == 2)
        var consumer = ring.makeConsumer()
        let tail = consumer.withSpans(480) { first, _ in [first[326], first[327], first[479]] }
        #expect(tail == [327, 0, 0])
    }

    @Test("the end of a pipe is announced as it is, without padding")
    func pipeEnd() throws {
        let ring = SampleRing(minimumCapacity: 1_024)
        var loop = try loop([.samples(7, capturedAt: .zero), .ended], ring: ring, isExact: true)
        _ = try loop.step()
        _ = try loop.step()
        #expect(packets.value == 1)
        #expect(ring.makeConsumer().available == 7)
    }

    @Test("what a full ring cannot take is counted, to the sample (invariant 4)")
    func full() throws {
        let ring = SampleRing(minimumCapacity: 512)
        var loop = try loop(frames(5), ring: ring)
        for _ in 0..<5 { _ = try loop.step() }
        #expect(state.counters.counts.droppedSamples == 800 - 512)
        #expect(packets.value == 1)
    }

    @Test("muted, the device is told once, and nothing reaches the ring")
    func mute() throws {
        let ring = SampleRing(minimumCapacity: 1_024)
        var loop = try loop(frames(4), ring: ring)
        _ = try loop.step()
        state.setMuted(true)
        _ = try loop.step()
        _ = try loop.step()
        #expect(toggles.value == 1)
        #expect(state.meter.level.rms == LevelMeter.silence)
        state.setMuted(false)
        _ = try loop.step()
        #expect(toggles.value == 2)
        #expect(ring.makeConsumer().available == 320)
    }

    @Test("a tap gets what the ring gets while it is open, and never holds the capture up", arguments: [false, true])
    func tap(isExact: Bool) throws {
        let (ring, other) = (SampleRing(minimumCapacity: 1_024), SampleRing(minimumCapacity: 256))
        let tap = VoiceTap(into: other.makeProducer())
        var loop = try loop(frames(4), ring: ring, tap: tap, isExact: isExact)
        _ = try loop.step()
        tap.setOpen(true)
        for _ in 0..<2 { _ = try loop.step() }
        tap.setOpen(false)
        _ = try loop.step()
        #expect(ring.makeConsumer().available == 640)
        #expect(tap.dropped == 320 - 256)
        var consumer = other.makeConsumer()
        #expect(consumer.available == 256)
        #expect(consumer.withSpans(256) { first, _ in [first[0], first[255]] } == [161, 416])
    }

    @Test("nothing but zeros is counted, and the first sound ends the count")
    func zeros() throws {
        let counters = DeviceCounters()
        counters.countZeros(in: [Int16](repeating: 0, count: 160).span)
        counters.countZeros(in: [Int16](repeating: 0, count: 160).span)
        #expect(counters.counts.zeroSamples == 320)
        counters.countZeros(in: [0, 0, 1].span)
        #expect(counters.counts.zeroSamples == 0)
    }
}
