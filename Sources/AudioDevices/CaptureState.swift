import AudioCore
import Synchronization

/// What others may see and set of a capture while it runs: atomics, because its thread waits for nobody.
final class CaptureState: Sendable {
    let meter = LevelMeter()
    let counters = DeviceCounters()
    private let stopped = Atomic<Bool>(false)
    private let muted = Atomic<Bool>(false)
    private let opened = Atomic<Bool>(false)
    private let left = Atomic<Bool>(false)
    private let hurried = Atomic<Bool>(true)
    private let resting = Atomic<Bool>(false)
    private let steady = Atomic<Bool>(true)

    var isStopped: Bool { stopped.load(ordering: .acquiring) }
    var isMuted: Bool { muted.load(ordering: .acquiring) }
    /// Somebody waits for the sound.
    var isHurried: Bool { hurried.load(ordering: .acquiring) }
    var isResting: Bool { resting.load(ordering: .acquiring) }
    /// The device is not to be read: nobody wants to be heard, or nobody needs to be yet.
    var isAtRest: Bool { isMuted || isResting }
    /// The run under way is to end.
    var isLeft: Bool { left.load(ordering: .acquiring) }
    /// Periods are due at all times: the device of the run under way, or of the last one, has a clock and no end.
    var isSteady: Bool { steady.load(ordering: .relaxed) }
    /// Input with an end may begin.
    var isOpen: Bool { opened.load(ordering: .acquiring) }

    func stop() { stopped.store(true, ordering: .releasing) }
    func setMuted(_ isMuted: Bool) { muted.store(isMuted, ordering: .releasing) }
    func setHurried(_ isHurried: Bool) { hurried.store(isHurried, ordering: .releasing) }
    func setResting(_ isResting: Bool) { resting.store(isResting, ordering: .releasing) }
    func setLeft(_ isLeft: Bool) { left.store(isLeft, ordering: .releasing) }
    func setSteady(_ isSteady: Bool) { steady.store(isSteady, ordering: .relaxed) }
    func open() { opened.store(true, ordering: .releasing) }
}
