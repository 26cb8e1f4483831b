import Glibc
import Synchronization

/// How long the speech of one session was on its way, from the peer's `write` to PCM in the speech buffer.
///
/// The peer puts the time of sending into the first four samples of each message; the socket thread notes when a message
/// lies in the buffer; the device thread brings the two together when it reads it.
final class LatencyLog: Sendable {
    /// 40 ms at 24 kHz.
    static let messageSamples = 960

    // SAFETY: an arrival is written before `arrivals` is released past it, and read after that has been acquired.
    private nonisolated(unsafe) let times: UnsafeMutableBufferPointer<Int64>
    private let arrivals = Atomic<Int>(0)
    // SAFETY: touched by the device thread alone.
    private nonisolated(unsafe) var stamp = [Int16](repeating: 0, count: 4)
    private nonisolated(unsafe) var found: [Int64] = []

    /// - Parameter room: messages that are kept; later ones are not measured.
    init(room: Int) {
        times = .allocate(capacity: room)
        times.initialize(repeating: 0)
        found.reserveCapacity(room)
    }

    deinit { times.deallocate() }

    /// A message's speech is in the buffer. Socket thread.
    func arrived() {
        let number = arrivals.load(ordering: .relaxed)
        guard number < times.count else { return }
        times[number] = monotonicNanoseconds()
        arrivals.store(number + 1, ordering: .releasing)
    }

    /// Takes what was read from the buffer. Device thread.
    func read(_ samples: Span<Int16>, at position: Int) {
        for i in samples.indices {
            let place = (position + i) % Self.messageSamples
            guard place < 4 else { continue }
            stamp[place] = samples[i]
            if place == 3 { match((position + i) / Self.messageSamples) }
        }
    }

    /// Latencies in nanoseconds, in order of arrival. Device thread.
    var latencies: [Int64] { found }

    private func match(_ number: Int) {
        guard number < arrivals.load(ordering: .acquiring) else { return }
        let sent = stamp.span.bytes.unsafeLoadUnaligned(as: Int64.self)
        found.append(times[number] - sent)
    }
}

func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
