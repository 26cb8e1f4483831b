import Synchronization

@testable import AudioDevices

/// Time that stands still until somebody waits for it, and then is there at once.
final class SteppedClock: DeviceClock {
    private let time = Mutex(Duration.seconds(1_000))

    var now: Duration { time.withLock { $0 } }

    func wait(until deadline: Duration, _ wake: Wake) -> Bool {
        if wake.drain() { return true }
        time.withLock { $0 = max($0, deadline) }
        return false
    }

    func advance(by step: Duration) { time.withLock { $0 += step } }
}
