import AudioCore
import Synchronization
import Testing

/// A device that plays what was read `depth` samples later, and forgets it when it is silenced.
private struct Listener: ~Copyable {
    var reader: SpeechReader
    let depth: Int
    /// Positions heard so far, in order; wrong ones are told in `complaints`.
    private(set) var heard = 0
    private(set) var complaints: [String] = []

    init(_ reader: consuming SpeechReader, depth: Int) {
        self.reader = reader
        self.depth = depth
    }

    /// - Returns: whether speech came.
    mutating func step(_ wanted: Int) -> Bool {
        var samples = [Int16](repeating: 0, count: wanted)
        var span = samples.mutableSpan
        let reading = reader.read(wanted, into: &span)
        if let cut = reading.cut {
            if cut < heard { complaints.append("a cut at \(cut) behind \(heard), which was heard") }
            heard = cut
            return true
        }
        if reading.isHeld {
            reader.goBack(to: heard)
            return false
        }
        let start = reading.positions.lowerBound
        if let wrong = misplaced(samples.span.extracting(0..<reading.positions.count), from: start) {
            complaints.append("a wrong sample at \(wrong)")
        }
        if start < heard || start > heard + depth { complaints.append("\(reading.positions) after \(heard) was heard") }
        heard = max(heard, min(reader.position, reading.positions.isEmpty ? heard + depth : reader.position - depth))
        reader.giveBack(before: heard)
        return !reading.positions.isEmpty
    }
}

@Suite("Holding speech", .timeLimit(.minutes(5)))
struct HoldTests {
    @Test("held speech is not read, and goes on with the first sample that was not heard (pitfall 41)")
    func holdAndLetGo() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.append(stamped(0..<50_000).span)
        _ = reader.period(40_000, keeping: true)
        reader.giveBack(before: 17_001)
        buffer.hold()
        #expect(buffer.isHeld)
        let held = reader.period(240, keeping: true)
        #expect(held.reading == SpeechReading(positions: 40_000..<40_000, isHeld: true))
        reader.goBack(to: 17_001)
        writer.append(stamped(50_000..<60_000).span)
        let stillHeld = reader.period(240, keeping: true)
        #expect(stillHeld.reading.isHeld)
        buffer.letGoOn()
        let resumed = reader.period(40_000, keeping: true)
        #expect(resumed.reading == SpeechReading(positions: 17_001..<57_001, resumes: true))
        #expect(misplaced(resumed.samples.span, from: 17_001) == nil)
        writer.endOfSpeech()
        let next = reader.period(240, keeping: true)
        #expect(next.reading.resumes == false)
        #expect(buffer.waiting == 60_000 - 17_001)
    }

    @Test("an interruption while speech is held drops it for good and ends the hold", arguments: [true, false])
    func cutWhileHeld(isWriters: Bool) {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.append(stamped(0..<30_000).span)
        _ = reader.period(240)
        buffer.hold()
        let held = reader.period(240)
        #expect(held.reading.isHeld)
        if isWriters { writer.interrupt() } else { buffer.dropWaiting() }
        #expect(!buffer.isHeld)
        writer.append(stamped(30_000..<30_100).span)
        let cut = reader.period(240)
        #expect(cut.reading == SpeechReading(positions: 30_000..<30_000, cut: 30_000))
        let next = reader.period(240)
        #expect(next.reading == SpeechReading(positions: 30_000..<30_100, isTorn: true))
    }

    @Test("letting go of nothing changes nothing, and what was held and let go between two periods was never held")
    func unnoticed() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        buffer.letGoOn()
        writer.append(stamped(0..<1_000).span)
        buffer.hold()
        buffer.letGoOn()
        let reading = reader.period(240).reading
        #expect(reading == SpeechReading(positions: 0..<240))
    }

    @Test("a reader that takes speech as it comes is not held: a pipe's")
    func pipe() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.append(stamped(0..<1_000).span)
        buffer.hold()
        var samples = [Int16](repeating: 0, count: 240)
        var span = samples.mutableSpan
        let reading = reader.read(240, into: &span, isCushioned: false)
        #expect(reading.positions == 0..<240)
    }

    @Test("what is held counts against the bound, so a minute's hold cannot grow the buffer")
    func bound() {
        let buffer = SpeechBuffer(limit: .seconds(2))
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.append(stamped(0..<48_000).span)
        _ = reader.period(24_000, keeping: true)
        let refused = writer.append(stamped(48_000..<48_240).span)
        #expect(refused == 0)
        reader.giveBack(before: 100)
        let taken = writer.append(stamped(48_000..<48_240).span)
        #expect(taken == 100)
        #expect(buffer.refused == 240 + 140)
    }

    @Test("three threads, with holds and interruptions: nothing is heard twice, skipped or out of place")
    func stress() async {
        let buffer = SpeechBuffer(limit: .seconds(4))
        let isOver = Atomic<Bool>(false)
        let total = 1_500_000
        async let writing: Void = {
            var writer = buffer.makeWriter()
            var generator = SeededGenerator(seed: 11)
            while writer.position < total {
                let start = writer.position
                writer.append(stamped(start..<start + Int.random(in: 1...3_000, using: &generator)).span)
                if writer.position == start { await Task.yield() }
                if Int.random(in: 0..<150, using: &generator) == 0 { writer.interrupt() }
                if Int.random(in: 0..<20, using: &generator) == 0 { writer.endOfSpeech() }
            }
            writer.endOfSpeech()
        }()
        async let holding: Int = {
            var holds = 0
            while !isOver.load(ordering: .relaxed) {
                buffer.hold()
                holds += 1
                await Task.yield()
                if holds % 64 == 0 { buffer.dropWaiting() }
                buffer.letGoOn()
                await Task.yield()
            }
            return holds
        }()
        var listener = Listener(buffer.makeReader(cushion: .milliseconds(20)), depth: 1_440)
        var steps = 0
        while listener.heard < total, listener.complaints.isEmpty {
            steps += 1
            if !listener.step(240) { await Task.yield() }
        }
        isOver.store(true, ordering: .relaxed)
        await writing
        let holds = await holding
        #expect(listener.complaints == [])
        #expect(listener.heard >= total)
        #expect(holds > 0 && steps > 0)
    }
}
