import AudioCore
import AudioFrontEnd
import Glibc

@testable import AudioDevices

/// A PCM device made of answers: what each call returns is taken from a script, then from its ordinary behaviour.
final class FakeHardware {
    var configuration = PCMConfiguration(
        rate: SampleRate(hertz: 48_000), format: .signed16, channels: 2, period: 480, buffer: 2_880)
    var state = PCMState.prepared
    /// What the next reads, writes or questions return instead of the truth; negative values are errors.
    var answers: [Int] = []
    var calls: [String] = []
    var onRead: () -> Void = {}
    /// Frames written and not played; or captured and not read.
    var queue = 0
    var written: [Int16] = []
    var canRewind = false
    /// As a sound server's, which holds nothing before it plays.
    var hasDelayOnlyWhenRunning = false
    /// What `prepare` returns.
    var prepared = 0
    /// What `wait` does: passes a period, or says that nothing came.
    var isDead = false
    /// By this a loudspeaker plays; nil plays nothing but what `wait` lets pass.
    var clock: SteppedClock?
    private var playedUntil: Duration?

    /// Plays what the clock says, once it has begun.
    func play() {
        guard let clock, !isDead else { return }
        state = .running
        let frames = configuration.rate.frames(in: clock.now - (playedUntil ?? clock.now))
        playedUntil = (playedUntil ?? clock.now) + configuration.rate.duration(of: frames)
        if frames > queue, !written.isEmpty {
            answers.append(-Int(EPIPE))
            queue = 0
        } else {
            queue -= min(queue, frames)
        }
    }

    func answer(_ ordinary: Int) -> Int { answers.isEmpty ? ordinary : answers.removeFirst() }
}

struct FakePCM: PCM, ~Copyable {
    let hardware: FakeHardware

    var configuration: PCMConfiguration { hardware.configuration }
    var state: PCMState { hardware.state }

    func wait(_ wake: Wake, until deadline: Duration) -> Wake.Outcome {
        if wake.drain() { return .woken }
        if hardware.isDead { return .late }
        hardware.queue = max(0, hardware.queue - hardware.configuration.period)
        return .ready
    }

    func available() -> Int {
        hardware.play()
        return hardware.answer(hardware.configuration.buffer - hardware.queue)
    }
    func delay() -> Int { hardware.hasDelayOnlyWhenRunning && state != .running ? 0 : hardware.queue }

    mutating func read(into bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let frames = hardware.answer(hardware.configuration.period)
        hardware.onRead()
        for index in 0..<max(0, frames) * 4 { bytes[index] = index % 2 == 0 ? 0 : 0x10 }
        return frames
    }

    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let frames = hardware.answer(bytes.count / 4)
        guard frames > 0 else { return frames }
        for frame in 0..<frames {
            hardware.written.append(Int16(bitPattern: UInt16(bytes[frame * 4]) | UInt16(bytes[frame * 4 + 1]) << 8))
        }
        hardware.queue += frames
        return frames
    }

    mutating func rewind(margin: Int) -> Int {
        guard hardware.canRewind else { return 0 }
        let frames = max(0, hardware.queue - margin)
        hardware.queue -= frames
        hardware.written.removeLast(frames)
        return frames
    }

    mutating func prepare() -> Int {
        _ = call("prepare")
        return hardware.prepared
    }
    mutating func start() -> Int { call("start") }
    mutating func drop() -> Int {
        hardware.queue = 0
        return call("drop")
    }
    mutating func resume() -> Int { call("resume") }

    private func call(_ name: String) -> Int {
        hardware.calls.append(name)
        return 0
    }
}
