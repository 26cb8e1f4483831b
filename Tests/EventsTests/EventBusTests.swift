import Events
import Testing

private func partial(_ turn: Int) -> Event {
    Event(at: Int64(turn), session: "s", .transcriptPartial(TranscriptLine(turn: turn, speaker: .user, text: "…")))
}

private func final(_ turn: Int) -> Event {
    Event(at: Int64(turn), session: "s", .transcriptFinal(TranscriptLine(turn: turn, speaker: .user, text: ".")))
}

private func level(_ dBFS: Double) -> Event { Event(at: 0, session: "s", .audioLevel(input: dBFS, output: nil)) }

/// How many events a loss notice speaks of, or nil for another event.
private func missed(_ event: Event?) -> String? {
    guard case .warning(let problem) = event?.body, problem.code == "events.missed" else { return nil }
    return String(problem.message.prefix { $0.isNumber })
}

@Suite("What waits for a slow reader", .timeLimit(.minutes(5)))
struct EventQueueTests {
    private func drain(_ queue: inout EventQueue) -> [Event] {
        var events: [Event] = []
        while let event = queue.popFirst() { events.append(event) }
        return events
    }

    @Test("a queue within its bound loses nothing and keeps the order")
    func keepsOrder() {
        var queue = EventQueue(capacity: 4, overflow: .dropsOldest)
        for turn in 1...4 { queue.append(final(turn)) }
        #expect(drain(&queue) == (1...4).map(final))
        for turn in 5...8 { queue.append(final(turn)) }
        #expect(drain(&queue) == (5...8).map(final))
        #expect(queue.missed == 0)
    }

    @Test("a full queue loses its oldest events and says how many, once")
    func countsLoss() {
        var queue = EventQueue(capacity: 2, overflow: .dropsOldest)
        for turn in 1...5 { queue.append(final(turn)) }
        let events = drain(&queue)
        #expect(missed(events.first) == "3")
        #expect(events.first?.session == "s")
        #expect(Array(events.dropFirst()) == [final(4), final(5)])
        #expect(queue.missed == 3)
        queue.append(final(6))
        #expect(drain(&queue) == [final(6)])
    }

    @Test("partial lines go before final ones where the reader asked for that")
    func prefersFinals() {
        var queue = EventQueue(capacity: 3, overflow: .dropsPartialsFirst)
        for event in [final(1), partial(2), final(2), final(3)] { queue.append(event) }
        #expect(drain(&queue).dropFirst() == [final(1), final(2), final(3)])
        for turn in 1...4 { queue.append(final(turn)) }
        #expect(drain(&queue).dropFirst() == [final(2), final(3), final(4)])
    }

    @Test("a level that nobody has read yet is replaced, not queued")
    func coalescesLevels() {
        var queue = EventQueue(capacity: 2, overflow: .dropsOldest)
        queue.append(final(1))
        for dBFS in [-30.0, -20, -10] { queue.append(level(dBFS)) }
        #expect(drain(&queue) == [final(1), level(-10)])
        #expect(queue.missed == 0)
    }
}

@Suite("The event bus", .timeLimit(.minutes(5)))
struct EventBusTests {
    @Test("levels go past whoever stands between two buses, and are wanted where they go")
    func levelsGoPast() async {
        let outer = EventBus()
        let inner = EventBus(levelsTo: outer)
        let between = inner.subscribe(capacity: 8, overflow: .dropsOldest, includingLevels: true)
        #expect(!inner.wantsLevels)
        let shown = outer.subscribe(capacity: 8, overflow: .dropsOldest, includingLevels: true)
        #expect(inner.wantsLevels)
        inner.publish(level(-20))
        inner.publish(final(1))
        inner.finish()
        outer.finish()
        var (passed, seen): ([Event], [Event]) = ([], [])
        for await event in between { passed.append(event) }
        for await event in shown { seen.append(event) }
        #expect(passed == [final(1)])
        #expect(seen == [level(-20)])
    }

    @Test("every subscriber gets every event in the same order, from its subscription on")
    func broadcasts() async {
        let bus = EventBus()
        bus.publish(final(1))
        let first = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        bus.publish(final(2))
        let second = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        bus.publish(final(3))
        bus.finish()
        bus.publish(final(4))
        var seen: [[Event]] = [[], []]
        for await event in first { seen[0].append(event) }
        for await event in second { seen[1].append(event) }
        #expect(seen == [[final(2), final(3)], [final(3)]])
    }

    @Test("levels go only to who asks")
    func filtersLevels() async {
        let bus = EventBus()
        let without = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        let with = bus.subscribe(capacity: 8, overflow: .dropsOldest, includingLevels: true)
        bus.publish(level(-20))
        bus.publish(final(1))
        bus.finish()
        var counts = [0, 0]
        for await _ in without { counts[0] += 1 }
        for await _ in with { counts[1] += 1 }
        #expect(counts == [1, 2])
    }

    @Test("a reader that stopped costs the others nothing")
    func isolatesSlowReaders() async {
        let bus = EventBus()
        let slow = bus.subscribe(capacity: 1, overflow: .dropsOldest)
        let fast = bus.subscribe(capacity: 1, overflow: .dropsOldest)
        var iterator = fast.makeAsyncIterator()
        for turn in 1...100 {
            bus.publish(final(turn))
            #expect(await iterator.next() == final(turn))
        }
        #expect(fast.missed == 0)
        #expect(slow.missed == 99)
    }

    @Test("a waiting reader is woken by an event, by the end and by cancellation")
    func wakesReaders() async {
        let bus = EventBus()
        let events = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        async let count = events.reduce(0) { count, _ in count + 1 }
        for turn in 1...3 {
            bus.publish(final(turn))
            await Task.yield()
        }
        bus.finish()
        #expect(await count == 3)

        let other = EventBus()
        let reader = Task { [events = other.subscribe(capacity: 8, overflow: .dropsOldest)] in
            var iterator = events.makeAsyncIterator()
            return await iterator.next()
        }
        reader.cancel()
        #expect(await reader.value == nil)
    }

    @Test("a cancelled subscription ends at once, also with events waiting")
    func cancels() async {
        let bus = EventBus()
        let events = bus.subscribe(capacity: 8, overflow: .dropsOldest)
        bus.publish(final(1))
        events.cancel()
        bus.publish(final(2))
        for await event in events { Issue.record("got \(event) after the end") }
    }

    @Test("a finished subscription gives what waits and nothing that comes, while the others go on")
    func finishesOne() async {
        let bus = EventBus()
        let (one, other) = (
            bus.subscribe(capacity: 8, overflow: .dropsOldest), bus.subscribe(capacity: 8, overflow: .dropsOldest)
        )
        bus.publish(final(1))
        one.finish()
        bus.publish(final(2))
        bus.finish()
        #expect(await one.reduce(into: []) { $0.append($1) } == [final(1)])
        #expect(await other.reduce(into: []) { $0.append($1) } == [final(1), final(2)])
    }

    @Test("eight publishers at once: nothing is lost, and each one's order holds")
    func survivesConcurrency() async {
        let bus = EventBus()
        let events = bus.subscribe(capacity: 8 * 500, overflow: .dropsOldest)
        async let received = events.reduce(into: [Int: [Int64]]()) { seen, event in
            guard case .transcriptFinal(let line) = event.body else { return }
            seen[line.turn, default: []].append(event.at)
        }
        await withTaskGroup(of: Void.self) { group in
            for publisher in 0..<8 {
                group.addTask {
                    for step in 0..<500 {
                        let line = TranscriptLine(turn: publisher, speaker: .model, text: "")
                        bus.publish(Event(at: Int64(step), session: nil, .transcriptFinal(line)))
                    }
                }
            }
        }
        bus.finish()
        #expect(await received == Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, (0..<500).map(Int64.init)) }))
    }
}
