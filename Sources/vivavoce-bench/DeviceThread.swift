import Glibc

/// Plays the device threads of all sessions: a period every 20 ms, the same moment for all, as one sound card would.
final class DeviceThread: Sendable {
    private let sessions: [BenchSession]

    init(_ sessions: [BenchSession]) { self.sessions = sessions }

    /// Returns once every session is live.
    func waitUntilLive() async throws {
        while !sessions.allSatisfy(\.isLive) { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// Works the devices for so long, on a thread of its own.
    func run(for length: Duration) async {
        await withCheckedContinuation { continuation in
            let thread = Unmanaged.passRetained(
                Run(sessions, periods: Int(length / .milliseconds(20))) {
                    continuation.resume()
                })
            var id = pthread_t()
            pthread_create(
                &id, nil,
                { box in
                    Unmanaged<Run>.fromOpaque(box!).takeRetainedValue().run()
                    return nil
                }, thread.toOpaque())
            pthread_detach(id)
        }
    }

    private final class Run {
        let sessions: [BenchSession]
        let periods: Int
        let done: () -> Void

        init(_ sessions: [BenchSession], periods: Int, done: @escaping () -> Void) {
            (self.sessions, self.periods, self.done) = (sessions, periods, done)
        }

        func run() {
            var next = monotonicNanoseconds()
            for _ in 0..<periods {
                next += 20_000_000
                var due = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nil)
                for session in sessions { session.capture() }
                for session in sessions { session.play() }
            }
            done()
        }
    }
}
