import AudioCore
import Synchronization

/// What others may see and set of a playback while it runs: atomics, because its thread waits for nobody.
final class PlaybackState: Sendable {
    let meter = LevelMeter()
    let counters = DeviceCounters()
    private let stopped = Atomic<Bool>(false)
    private let left = Atomic<Bool>(false)
    private let steady = Atomic<Bool>(true)
    private let gain = Atomic<UInt32>((1 as Float).bitPattern)
    /// The device has no periods: new speech must wake its thread.
    private let waitsForSpeech = Atomic<Bool>(false)

    private let mayRestNow = Atomic<Bool>(false)
    private let resting = Atomic<Bool>(false)

    /// Chimes that are asked for and have not begun: a bit each, by raw value. Any number of askers, one taker.
    private let cues = Atomic<UInt32>(0)

    var isStopped: Bool { stopped.load(ordering: .acquiring) }
    /// The run under way is to end.
    var isLeft: Bool { left.load(ordering: .acquiring) }
    /// Periods are due at all times: the device of the run under way, or of the last one, has a clock.
    var isSteady: Bool { steady.load(ordering: .relaxed) }
    /// Linear, 0…1.
    var volume: Float { Float(bitPattern: gain.load(ordering: .relaxed)) }
    var isWaitingForSpeech: Bool { waitsForSpeech.load(ordering: .acquiring) }
    /// Nobody expects anything of the device for now.
    var mayRest: Bool { mayRestNow.load(ordering: .acquiring) }
    /// The device stands still.
    var isAtRest: Bool { resting.load(ordering: .acquiring) }
    /// A chime is asked for.
    var hasCue: Bool { cues.load(ordering: .relaxed) != 0 }

    func stop() { stopped.store(true, ordering: .releasing) }
    func setLeft(_ isLeft: Bool) { left.store(isLeft, ordering: .releasing) }
    func setSteady(_ isSteady: Bool) { steady.store(isSteady, ordering: .relaxed) }
    func setVolume(_ volume: Float) { gain.store(volume.bitPattern, ordering: .relaxed) }
    func ask(for cue: Chime) { cues.bitwiseOr(1 << UInt32(cue.rawValue), ordering: .relaxed) }
    func setMayRest(_ mayRest: Bool) { mayRestNow.store(mayRest, ordering: .releasing) }
    func setAtRest(_ isAtRest: Bool) { resting.store(isAtRest, ordering: .releasing) }
    func forgetCues() { cues.store(0, ordering: .relaxed) }

    /// Playback thread only. RT safe. - Returns: the raw value of a chime that is asked for, which then no longer is.
    func takeCue() -> Int? {
        let asked = cues.load(ordering: .relaxed)
        guard asked != 0 else { return nil }
        cues.bitwiseAnd(~(1 << UInt32(asked.trailingZeroBitCount)), ordering: .relaxed)
        return asked.trailingZeroBitCount
    }

    func setWaitingForSpeech(_ isWaiting: Bool) { waitsForSpeech.store(isWaiting, ordering: .releasing) }
}
