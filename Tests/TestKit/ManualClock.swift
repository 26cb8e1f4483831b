import Synchronization

/// Time that moves only when a test moves it, and that says who has gone to sleep.
///
/// A test waits with `nextNap()` until the code under test sleeps, then moves time with `advance(by:)`: no yields,
/// no guessed delays. Safe on any thread; naps are reported to one waiting test at a time.
package final class ManualClock: Clock {
    package typealias Instant = ContinuousClock.Instant

    private struct Sleeper {
        let number: Int
        let due: Instant
        let alarm: AsyncStream<Never>.Continuation
    }

    private struct State {
        var now: Instant
        var sleepers: [Sleeper] = []
        var sleepersSoFar = 0
    }

    private let start: Instant
    private let state: Mutex<State>
    private let naps: AsyncStream<Duration>
    private let nap: AsyncStream<Duration>.Continuation

    package init() {
        start = ContinuousClock.now
        state = Mutex(State(now: start))
        (naps, nap) = AsyncStream.makeStream(of: Duration.self)
    }

    package var now: Instant { state.withLock { $0.now } }

    package var minimumResolution: Duration { .nanoseconds(1) }

    /// What the clock was moved by since it was made.
    package var elapsed: Duration { start.duration(to: now) }

    /// Sleeps that have neither come due nor been cancelled.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package func sleep(until due: Instant, tolerance: Duration?) async throws {
        let (bell, alarm) = AsyncStream.makeStream(of: Never.self)
        let (number, length) = state.withLock { state in
            state.sleepersSoFar += 1
            state.sleepers.append(Sleeper(number: state.sleepersSoFar, due: due, alarm: alarm))
            return (state.sleepersSoFar, state.now.duration(to: due))
        }
        nap.yield(length)
        advance(by: .zero)  // rings at once when `due` is not ahead
        for await _ in bell {}  // ends when time reaches `due`, and at once when the task is cancelled
        state.withLock { $0.sleepers.removeAll { $0.number == number } }
        try Task.checkCancellation()
    }

    /// Moves time on and wakes every sleep that has come due. Returns before they have run.
    package func advance(by step: Duration) {
        let due = state.withLock { state in
            state.now += step
            defer { state.sleepers.removeAll { $0.due <= state.now } }
            return state.sleepers.filter { $0.due <= state.now }.sorted { $0.due < $1.due }
        }
        for sleeper in due { sleeper.alarm.finish() }
    }

    /// Waits until the code under test sleeps, and says for how long it means to; nil when the test was cancelled.
    ///
    /// Every sleep is reported once, in order, also those that began before the call.
    package func nextNap() async -> Duration? {
        var iterator = naps.makeAsyncIterator()
        return await iterator.next()
    }
}
