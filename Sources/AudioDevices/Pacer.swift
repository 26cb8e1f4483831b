import AudioCore

/// Deadlines at a sample rate on a clock: each is counted from the start, so being late once is made up for and
/// nothing drifts.
struct Pacer<Clock: DeviceClock>: Sendable {
    let clock: Clock
    let rate: SampleRate
    let start: Duration
    /// Frames that time has been counted for.
    private(set) var frames = 0

    /// Starts now.
    init(clock: Clock, rate: SampleRate) {
        self.clock = clock
        self.rate = rate
        start = clock.now
    }

    /// When the next frame begins.
    var nextStart: Duration { start + rate.duration(of: frames) }

    /// Waits until `count` more frames have passed, and counts them. - Returns: false when woken, nothing counted.
    mutating func wait(for count: Int, _ wake: Wake) -> Bool {
        if clock.wait(until: start + rate.duration(of: frames + count), wake) { return false }
        frames += count
        return true
    }
}
