import Synchronization

/// What went wrong on a device's thread, which may count but not log; a slow task reads it and reports.
package final class DeviceCounters: Sendable {
    /// A moment's numbers, all since the device was opened first; except the last they grow only.
    package struct Counts: Equatable, Sendable {
        /// Times that the device ran dry or over, and was started again.
        package var xruns = 0
        /// Those of them that are of our making: we came too late. The others are a sound server's.
        package var lateXruns = 0
        /// By how much we came too late for those, all in all, in milliseconds.
        package var lateMilliseconds = 0
        /// Captured samples, at 16 kHz, that nobody took in time.
        package var droppedSamples = 0
        /// Gaps in mid-speech because speech did not arrive in time.
        package var underruns = 0
        /// Interruptions that dropped what the device still held.
        package var flushes = 0
        /// Periods captured or played.
        package var periods = 0
        /// Captured samples, at 16 kHz, that were exactly zero without a break up to now: a microphone that is muted
        /// in hardware, or not permitted, delivers nothing else.
        package var zeroSamples = 0

        package init() {}
    }

    private let xruns = Atomic<Int>(0)
    private let lateXruns = Atomic<Int>(0)
    private let lateMilliseconds = Atomic<Int>(0)
    private let droppedSamples = Atomic<Int>(0)
    private let underruns = Atomic<Int>(0)
    private let flushes = Atomic<Int>(0)
    private let periods = Atomic<Int>(0)
    private let zeroSamples = Atomic<Int>(0)

    package init() {}

    /// Any thread. The numbers are each exact, and a moment apart.
    package var counts: Counts {
        var counts = Counts()
        counts.lateXruns = lateXruns.load(ordering: .relaxed)
        counts.lateMilliseconds = lateMilliseconds.load(ordering: .relaxed)
        counts.xruns = xruns.load(ordering: .relaxed)  // last: never fewer than those of our making
        counts.droppedSamples = droppedSamples.load(ordering: .relaxed)
        counts.underruns = underruns.load(ordering: .relaxed)
        counts.flushes = flushes.load(ordering: .relaxed)
        counts.periods = periods.load(ordering: .relaxed)
        counts.zeroSamples = zeroSamples.load(ordering: .relaxed)
        return counts
    }

    // The device's thread only; RT safe, each of them.
    /// - Parameters:
    ///   - late: by how much we came too late.
    ///   - isOurs: that explains it.
    package func countXrun(late: Duration, isOurs: Bool) {
        xruns.add(1, ordering: .relaxed)
        guard isOurs else { return }
        lateXruns.add(1, ordering: .relaxed)
        lateMilliseconds.add(Int(late / .milliseconds(1)), ordering: .relaxed)
    }
    package func countDropped(_ samples: Int) { droppedSamples.add(samples, ordering: .relaxed) }
    package func setUnderruns(_ total: Int) { underruns.store(total, ordering: .relaxed) }
    package func countFlush() { flushes.add(1, ordering: .relaxed) }
    package func countPeriod() { periods.add(1, ordering: .relaxed) }
    package func countZeros(in frame: Span<Int16>) {
        var all: Int16 = 0
        for index in frame.indices { all |= frame[index] }
        let run = all == 0 ? zeroSamples.load(ordering: .relaxed) + frame.count : 0
        zeroSamples.store(run, ordering: .relaxed)
    }
}
