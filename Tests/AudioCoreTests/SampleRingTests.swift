import AudioCore
import Testing

@Suite("Sample ring", .timeLimit(.minutes(5)))
struct SampleRingTests {
    @Test(
        "capacity is rounded up to a power of two",
        arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (1_000, 1_024), (1_024, 1_024)])
    func capacity(asked: Int, given: Int) {
        #expect(SampleRing(minimumCapacity: asked).capacity == given)
    }

    @Test("a full ring takes nothing, and one sample given back makes room for one")
    func full() {
        let ring = SampleRing(minimumCapacity: 8)
        var producer = ring.makeProducer()
        var consumer = ring.makeConsumer()
        let first = producer.write(stamped(0..<20).span)
        #expect(first == 8)
        let second = producer.write(stamped(8..<9).span)
        #expect(second == 0)
        consumer.consume(1)
        let third = producer.write(stamped(8..<20).span)
        #expect(third == 1)
        let waiting = consumer.available
        #expect(waiting == 8)
    }

    @Test("whatever the sizes, every sample comes out once, in order", arguments: [1, 2, 7, 64, 100])
    func order(capacity: Int) {
        let ring = SampleRing(minimumCapacity: capacity)
        var producer = ring.makeProducer()
        var consumer = ring.makeConsumer()
        var generator = SeededGenerator(seed: UInt64(capacity))
        var written = 0
        var read = 0
        while read < 5_000 {
            let source = stamped(written..<written + Int.random(in: 0...capacity + 3, using: &generator))
            written += producer.write(source.span)
            var target = [Int16](repeating: 0, count: Int.random(in: 0...capacity + 3, using: &generator))
            var span = target.mutableSpan
            let count = consumer.read(into: &span)
            #expect(misplaced(target.span.extracting(0..<count), from: read) == nil)
            read += count
            let ends = (producer.position, consumer.position)
            #expect(ends == (written, read))
        }
    }

    @Test("samples are lent in two spans across the end of the storage, and stay until consumed")
    func spans() {
        let ring = SampleRing(minimumCapacity: 8)
        var producer = ring.makeProducer()
        var consumer = ring.makeConsumer()
        _ = producer.write(stamped(0..<6).span)
        consumer.consume(5)
        _ = producer.write(stamped(6..<12).span)
        for _ in 1...2 {
            let sizes = consumer.withSpans(7) { first, second in
                #expect(misplaced(first, from: 5) == nil)
                #expect(misplaced(second, from: 5 + first.count) == nil)
                return [first.count, second.count]
            }
            #expect(sizes == [3, 4])
        }
        let dropped = consumer.skip(100)
        #expect(dropped == 7)
        let left = consumer.available
        #expect(left == 0)
    }

    @Test("two threads: nothing is lost, doubled or torn")
    func stress() async {
        let ring = SampleRing(minimumCapacity: 512)
        let total = 400_000
        let producer = Task.detached { [ring] in
            var producer = ring.makeProducer()
            var generator = SeededGenerator(seed: 1)
            var written = 0
            while written < total {
                let size = min(total - written, Int.random(in: 1...700, using: &generator))
                let taken = producer.write(stamped(written..<written + size).span)
                written += taken
                if taken == 0 { await Task.yield() }
            }
        }
        let consumer = Task.detached { [ring] () -> Int? in
            var consumer = ring.makeConsumer()
            var target = [Int16](repeating: 0, count: 600)
            var read = 0
            while read < total {
                var span = target.mutableSpan
                let count = consumer.read(into: &span)
                if let wrong = misplaced(target.span.extracting(0..<count), from: read) { return wrong }
                read += count
                if count == 0 { await Task.yield() }
            }
            return nil
        }
        await producer.value
        #expect(await consumer.value == nil)
    }
}
