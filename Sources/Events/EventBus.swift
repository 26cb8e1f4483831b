import Synchronization

/// Hands every event to everyone who asked, in one order, and waits for nobody.
///
/// Each subscription is a bounded queue of its own: a reader that is slow loses events and is told how many, and
/// neither the publisher nor another reader notices.
package final class EventBus: Sendable {
    package typealias Overflow = EventQueue.Overflow

    private struct Subscriber {
        var queue: EventQueue
        let wantsLevels: Bool
        var waiter: CheckedContinuation<Event?, Never>?
        /// It takes what waits, and nothing that comes.
        var isFinished = false

        func takes(isLevel: Bool) -> Bool { !isFinished && (wantsLevels || !isLevel) }
    }

    private struct State {
        var subscribers: [Int: Subscriber] = [:]
        var subscriptionsMade = 0
        var isFinished = false
    }

    private let state = Mutex(State())
    /// Where levels go instead.
    private let levels: EventBus?

    /// - Parameter levels: takes every `audio.level` straight from here, because whoever stands between the two has no
    ///   use for them.
    package init(levelsTo levels: EventBus? = nil) { self.levels = levels }

    /// Hands an event to every subscriber. Any thread but a real-time one; takes a short lock, never waits for a reader.
    ///
    /// After `finish()` it does nothing.
    package func publish(_ event: Event) {
        let isLevel = if case .audioLevel = event.body { true } else { false }
        if isLevel, let levels { return levels.publish(event) }
        let deliveries = state.withLock { state in
            guard !state.isFinished else { return [(CheckedContinuation<Event?, Never>, Event?)]() }
            var deliveries: [(CheckedContinuation<Event?, Never>, Event?)] = []
            for id in state.subscribers.keys where state.subscribers[id]!.takes(isLevel: isLevel) {
                state.subscribers[id]!.queue.append(event)
                guard let waiter = state.subscribers[id]!.waiter.take() else { continue }
                deliveries.append((waiter, state.subscribers[id]!.queue.popFirst()))
            }
            return deliveries
        }
        for (waiter, event) in deliveries { waiter.resume(returning: event) }
    }

    /// Whether anybody asked for `audio.level`; nobody measures for nobody.
    package var wantsLevels: Bool {
        levels?.wantsLevels ?? state.withLock { $0.subscribers.values.contains(where: \.wantsLevels) }
    }

    /// Ends every subscription, once its reader has taken what waits. No event is taken afterwards.
    package func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            return state.subscribers.keys.compactMap { state.subscribers[$0]!.waiter.take() }
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    /// Everything published from now on.
    ///
    /// - Parameters:
    ///   - capacity: events that may wait for this reader, at least 1.
    ///   - overflow: what it loses when more would wait.
    ///   - includingLevels: whether `audio.level` is wanted, which comes up to ten times a second.
    package func subscribe(
        capacity: Int, overflow: Overflow, includingLevels: Bool = false
    ) -> EventSubscription {
        let id = state.withLock { state in
            state.subscriptionsMade += 1
            state.subscribers[state.subscriptionsMade] = Subscriber(
                queue: EventQueue(capacity: capacity, overflow: overflow), wantsLevels: includingLevels)
            return state.subscriptionsMade
        }
        return EventSubscription(bus: self, id: id)
    }

    // MARK: What a subscription calls

    fileprivate func next(_ id: Int) async -> Event? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Event?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    if let event = state.subscribers[id]?.queue.popFirst() { return event }
                    if state.isFinished || state.subscribers[id]?.isFinished != false { return .some(nil) }
                    precondition(state.subscribers[id]!.waiter == nil, "a subscription has one reader at a time")
                    state.subscribers[id]!.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.subscribers[id]?.waiter.take() }?.resume(returning: nil)
        }
    }

    fileprivate func missed(_ id: Int) -> Int {
        state.withLock { $0.subscribers[id]?.queue.missed ?? 0 }
    }

    fileprivate func finish(_ id: Int) {
        state.withLock { state in
            state.subscribers[id]?.isFinished = true
            return state.subscribers[id]?.waiter.take()
        }?.resume(returning: nil)
    }

    fileprivate func end(_ id: Int) {
        state.withLock { $0.subscribers.removeValue(forKey: id)?.waiter }?.resume(returning: nil)
    }
}

/// One reader's view of an `EventBus`: what was published since it was made. Dropping it ends it.
///
/// For one reader at a time. The sequence ends after `EventBus.finish()`, or its own `finish()`, when what waits has been
/// taken, and at once after `cancel()` or when its task is cancelled; after a loss the next event is a `warning` with the
/// code `events.missed`.
package final class EventSubscription: AsyncSequence, Sendable {
    private let bus: EventBus
    private let id: Int

    fileprivate init(bus: EventBus, id: Int) {
        self.bus = bus
        self.id = id
    }

    deinit { bus.end(id) }

    /// Events lost so far because they were not read in time.
    package var missed: Int { bus.missed(id) }

    /// Ends the sequence now; what waits is dropped. Any thread.
    package func cancel() { bus.end(id) }

    /// Ends the sequence once what waits has been taken; nothing comes on top. Any thread.
    package func finish() { bus.finish(id) }

    package func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let subscription: EventSubscription

        package mutating func next() async -> Event? { await subscription.bus.next(subscription.id) }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> Event? {
            await subscription.bus.next(subscription.id)
        }
    }
}
