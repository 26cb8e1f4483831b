import CALSA
import Glibc

/// Wakes a thread out of whatever it waits for, a device's above all, so that stopping is prompt and none is held for ever.
package final class Wake: Sendable {
    /// Readable while a wake-up is pending.
    package let descriptor: CInt

    /// - Throws: when the process has no descriptor left.
    package init() throws(DeviceError) {
        descriptor = vv_eventfd()
        if descriptor < 0 { throw .system("cannot make a descriptor to wake a device's thread by", errno: errno) }
    }

    deinit { close(descriptor) }

    /// Any thread, any number of times; never blocks.
    package func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)  // full means that a wake-up is pending already
    }

    /// Forgets the wake-ups so far. - Returns: whether there was one. RT safe.
    @discardableResult
    package func drain() -> Bool {
        var count: UInt64 = 0
        return read(descriptor, &count, MemoryLayout<UInt64>.size) > 0
    }

    /// Waits until woken, or until the monotonic clock stands at `deadline`; nil waits for the wake-up only.
    /// - Returns: whether it was woken. RT safe.
    @discardableResult
    func wait(until deadline: Duration? = nil) -> Bool {
        wait(for: nil, until: deadline) == .woken
    }

    /// Waits until woken, or for this long; nil waits for the wake-up only. - Returns: whether it was woken.
    @discardableResult
    package func wait(atMost time: Duration?) -> Bool { wait(until: time.map { MonotonicClock().now + $0 }) }

    enum Outcome: Equatable { case woken, ready, late }

    /// Waits for a descriptor beside the wake-up, which goes first.
    ///
    /// - Parameters:
    ///   - other: a descriptor, and what to wait for as poll(2) names it.
    ///   - deadline: on the monotonic clock; nil for none.
    func wait(for other: (descriptor: CInt, events: Int32)?, until deadline: Duration? = nil) -> Outcome {
        let own = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // A negative descriptor is one that poll leaves out.
        let second = pollfd(
            fd: other?.descriptor ?? -1, events: Int16(truncatingIfNeeded: other?.events ?? 0), revents: 0)
        var both = [2 of pollfd](repeating: own)
        both[1] = second
        var span = both.mutableSpan
        let until = deadline.map { $0.nanoseconds } ?? -1
        _ = span.withUnsafeMutableBufferPointer { vv_wait($0.baseAddress, CInt($0.count), until) }
        if both[0].revents != 0 {
            drain()
            return .woken
        }
        return both[1].revents != 0 ? .ready : .late
    }
}

extension Duration {
    /// As a whole number, for C; clamped to what 64 bits hold.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return whole.overflow ? (seconds < 0 ? .min : .max) : whole.partialValue + attoseconds / 1_000_000_000
    }
}
