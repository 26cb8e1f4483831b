import AudioCore
import Synchronization
import Testing

@Suite("Speech buffer", .timeLimit(.minutes(5)))
struct SpeechBufferTests {
    @Test(
        "a minute of speech in one burst plays to its last sample, in order (pitfalls 43, 44)",
        arguments: [1, 960, 24_000, 1_440_007])
    func burst(chunk: Int) {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader()
        let total = chunk == 1 ? 40_000 : 1_440_007  // no multiple of a period
        var written = 0
        while written < total {
            let size = min(chunk, total - written)
            let taken = writer.append(stamped(written..<written + size).span)
            #expect(taken == size)
            written += size
        }
        writer.endOfSpeech()
        var read = 0
        while read < total {
            let (samples, reading) = reader.period(240)
            #expect(misplaced(samples.span, from: read) == nil)
            #expect(reading.positions == read..<read + samples.count)
            #expect(reading.endsSpeech == (read + samples.count == total))
            if samples.isEmpty { break }
            read += samples.count
        }
        #expect(read == total)
        #expect(buffer.waiting == 0)
    }

    @Test("speech past the limit is refused and counted, and what was taken stays whole")
    func limit() {
        let buffer = SpeechBuffer(limit: .seconds(2))
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        let taken = writer.append(stamped(0..<50_000).span)
        #expect(taken == 48_000)
        #expect(buffer.refused == 2_000)
        _ = reader.period(480)
        let more = writer.append(stamped(48_000..<50_000).span)
        #expect(more == 480)
        #expect(buffer.refused == 2_000 + 1_520)
        var read = 480
        while case let (samples, _) = reader.period(1_000), !samples.isEmpty {
            #expect(misplaced(samples.span, from: read) == nil)
            read += samples.count
        }
        #expect(read == 48_480)
    }

    @Test("an interruption drops what waits, and not a sample of what is appended after it (pitfalls 38, 39)")
    func interruption() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.append(stamped(0..<240_000).span)
        let before = reader.period(240)
        #expect(before.reading == SpeechReading(positions: 0..<240))
        writer.interrupt()
        writer.append(stamped(240_000..<240_100).span)
        let cut = reader.period(240)
        #expect(cut.reading == SpeechReading(positions: 240_000..<240_000, cut: 240_000))
        let after = reader.period(240)
        #expect(after.reading == SpeechReading(positions: 240_000..<240_100, isTorn: true))
        #expect(misplaced(after.samples.span, from: 240_000) == nil)
    }

    @Test("an interruption while nothing waits is reported once, for the device still holds what was read")
    func emptyInterruption() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .zero)
        writer.interrupt()  // before any speech: nothing to drop (pitfall 40)
        let nothing = reader.period(240)
        #expect(nothing.reading.cut == nil)
        writer.append(stamped(0..<100).span)
        _ = reader.period(240)
        writer.interrupt()
        writer.interrupt()
        let first = reader.period(240)
        #expect(first.reading.cut == 100)
        let second = reader.period(240)
        #expect(second.reading.cut == nil)
    }

    @Test("a running answer and its interruption leave nothing behind in the next one's cushion")
    func cushionAfterCut() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .milliseconds(100))
        writer.append(stamped(0..<24_000).span)
        let playing = reader.period(240)
        #expect(playing.samples.count == 240)
        writer.interrupt()
        writer.append(stamped(24_000..<25_000).span)
        let cut = reader.period(240)
        #expect(cut.reading.cut == 24_000)
        let held = reader.period(240)
        #expect(held.samples.isEmpty)
        writer.endOfSpeech()
        let played = reader.period(240)
        #expect(played.reading.positions == 24_000..<24_240)
    }

    @Test("a reader that went over from a pipe to a device with a clock holds a cushion there (pitfall 42)")
    func cushionAfterPipe() {
        let buffer = SpeechBuffer()
        var writer = buffer.makeWriter()
        var reader = buffer.makeReader(cushion: .milliseconds(100))
        writer.append(stamped(0..<240).span)
        var samples = [Int16](repeating: 0, count: 240)
        var span = samples.mutableSpan
        #expect(reader.read(240, into: &span, isCushioned: false).positions == 0..<240)
        writer.append(stamped(240..<2_000).span)
        #expect(reader.period(240).samples.isEmpty)
        writer.append(stamped(2_000..<2_640).span)
        #expect(reader.period(240).reading.positions == 240..<480)
    }

    @Test("the writer's bell rings for speech, interruption and end, and not for what was refused")
    func bell() {
        let rung = Mutex<[SpeechChange]>([])
        let buffer = SpeechBuffer(limit: .milliseconds(100))
        var writer = buffer.makeWriter { change in rung.withLock { $0.append(change) } }
        writer.append(stamped(0..<2_400).span)
        writer.append(stamped(0..<1).span)
        writer.interrupt()
        writer.endOfSpeech()
        #expect(rung.withLock { $0 } == [.speech, .interruption, .end])
    }

    @Test("two threads, with interruptions: every sample is where it belongs, and none of a cut answer follows its cut")
    func stress() async {
        let buffer = SpeechBuffer(limit: .seconds(4))
        let answers = 300
        let writing = Task.detached { [buffer] () -> Int in
            var writer = buffer.makeWriter()
            var generator = SeededGenerator(seed: 7)
            for _ in 0..<answers {
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let start = writer.position
                    let size = Int.random(in: 1...3_000, using: &generator)
                    while writer.position == start {  // full: the reader will make room
                        writer.append(stamped(start..<start + size).span)
                        if writer.position == start { await Task.yield() }
                    }
                }
                if Bool.random(using: &generator) { writer.interrupt() } else { writer.endOfSpeech() }
                if Int.random(in: 0..<8, using: &generator) == 0 { await Task.yield() }
            }
            writer.endOfSpeech()
            return writer.position
        }
        let reading = Task.detached { [buffer] () -> [String] in
            var reader = buffer.makeReader(cushion: .milliseconds(20))
            var complaints: [String] = []
            var next = 0
            var idle = 0
            while idle < 20_000 {
                let (samples, reading) = reader.period(240)
                if let cut = reading.cut {
                    if cut < next { complaints.append("cut at \(cut) after \(next) was played") }
                    next = cut
                }
                if reading.positions.lowerBound != next { complaints.append("\(next) expected, \(reading.positions)") }
                if let wrong = misplaced(samples.span, from: next) { complaints.append("wrong sample at \(wrong)") }
                next = reading.positions.upperBound
                idle = samples.isEmpty && reading.cut == nil ? idle + 1 : 0
                if samples.isEmpty { await Task.yield() }
                if !complaints.isEmpty { break }
            }
            return complaints
        }
        let written = await writing.value
        #expect(await reading.value == [])
        #expect(buffer.waiting == 0, "\(written) samples were written")
    }
}
