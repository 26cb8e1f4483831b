import Testing

@testable import LiveTransport

/// `#expect` cannot call what changes a value.
private func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == expected, sourceLocation: sourceLocation)
}

@Suite("The send queue", .timeLimit(.minutes(5)))
struct SendQueueTests {
    @Test("gives messages back in order, and counts their bytes")
    func order() {
        var queue = SendQueue(limit: 10)
        expect(queue.append([1, 2]), true)
        expect(queue.append([]), true)
        expect(queue.append([3]), true)
        #expect(queue.bytes == 3)
        expect(queue.nextMessage(), [1, 2])
        #expect(queue.bytes == 1)
        expect(queue.nextMessage(), [])
        expect(queue.nextMessage(), [3])
        expect(queue.nextMessage(), nil)
        #expect(queue.bytes == 0)
    }

    @Test("refuses what would pass the bound, and is as it was")
    func bound() {
        var queue = SendQueue(limit: 4)
        expect(queue.append([1, 2, 3]), true)
        let before = queue
        expect(!queue.append([4, 5]), true)
        #expect(queue == before)
        expect(queue.append([4]), true)
        expect(!queue.append([5]), true)
        expect(queue.nextMessage(), [1, 2, 3])
        expect(queue.append([5, 6, 7]), true)
    }

    @Test("keeps the newest frame only, counts the others, and never lets a frame take a message's room (pitfall 53)")
    func frames() {
        var queue = SendQueue(limit: 4)
        queue.offerFrame([UInt8](repeating: 1, count: 100))
        queue.offerFrame([2, 2])
        queue.offerFrame([3, 3, 3])
        #expect(queue.framesReplaced == 2)
        #expect(queue.bytes == 3)
        expect(queue.append([4, 4, 4, 4]), true)
        expect(queue.nextFrame(), [3, 3, 3])
        expect(queue.nextFrame(), nil)
        queue.offerFrame([5])
        #expect(queue.framesReplaced == 2)
    }

    @Test("that never runs dry keeps its order and forgets what was taken")
    func longRun() {
        var queue = SendQueue(limit: 1 << 20)
        for i in 0..<10_000 {
            expect(queue.append([UInt8(i & 255), UInt8(i >> 8)]), true)
            if i >= 3 { expect(queue.nextMessage(), [UInt8((i - 3) & 255), UInt8((i - 3) >> 8)]) }
        }
        #expect(queue.bytes == 6)
        queue.removeAll()
        #expect(queue.bytes == 0)
        expect(queue.nextMessage(), nil)
        expect(queue.nextFrame(), nil)
    }
}

@Suite("The message joiner", .timeLimit(.minutes(5)))
struct MessageJoinerTests {
    @Test("gives a message back whole, however it was cut", arguments: [1, 2, 7, 64, 1000])
    func joins(size: Int) throws {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var joiner = MessageJoiner(limit: 1000)
        for _ in 0..<3 {
            for start in stride(from: 0, to: message.count, by: size) {
                let end = min(start + size, message.count)
                try joiner.add(message[start..<end].span, announced: message.count - end)
            }
            #expect(joiner.held == message)
            joiner.clear()
            #expect(joiner.isEmpty)
        }
    }

    @Test("refuses what is over the limit, or announced to be", arguments: [(5, 0), (4, 1), (0, 5), (1, Int.max)])
    func limit(count: Int, announced: Int) throws {
        var joiner = MessageJoiner(limit: 10)
        try joiner.add([UInt8](repeating: 1, count: 6).span, announced: 4)
        #expect(throws: MessageJoiner.TooLong()) {
            try joiner.add([UInt8](repeating: 1, count: count).span, announced: announced)
        }
        #expect(joiner.held.count == 6)
    }
}
