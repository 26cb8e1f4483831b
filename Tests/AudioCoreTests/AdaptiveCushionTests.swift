import AudioCore
import Glibc
import Testing

/// How speech arrives at the client: for each answer, when each piece came, and how long it is.
private struct Arrivals {
    var answers: [[(at: Int, samples: Int)]] = []

    /// Pieces of 40 ms, sent as a service does and delayed as a network does: in order, because the line is one TCP stream.
    ///
    /// - Parameters:
    ///   - answers: each of 8 s.
    ///   - pace: of sending; 1 is real time.
    ///   - jitter: mean of the delay of a piece, in ms, exponentially distributed.
    ///   - stalls: a piece in so many is lost and sent again, 150 to 350 ms late.
    init(answers count: Int, pace: Double, jitter: Double, stalls: Int?, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<count {
            var pieces: [(at: Int, samples: Int)] = []
            var latest = 0.0
            for piece in 0..<200 {
                let sent = Double(piece) * 40 / pace
                var delay = -jitter * log(Double.random(in: 0.001..<1, using: &generator))
                if let stalls, Int.random(in: 0..<stalls, using: &generator) == 0 {
                    delay += Double.random(in: 150...350, using: &generator)
                }
                latest = max(latest, sent + delay)
                pieces.append((at: Int(latest * 24), samples: 960))
            }
            answers.append(pieces)
        }
    }

    /// What a listener gets from them: gaps heard, and how long the first sample of an answer waits on average.
    func played(through cushion: Cushion) -> (gaps: Int, delay: Double, depth: Double) {
        var cushion = cushion
        var delays = 0
        for pieces in answers {
            let total = pieces.count * 960
            let first = pieces[0].at
            var (now, next, arrived, read) = (first / 240 * 240, 0, 0, 0)
            var began: Int?
            while read < total {
                now += 240
                while next < pieces.count, pieces[next].at <= now {
                    arrived += pieces[next].samples
                    next += 1
                }
                let count = cushion.admit(
                    wanted: 240, waiting: arrived - read, finished: arrived == total ? total - read : 0)
                if count > 0, began == nil { began = now }
                read += count
            }
            delays += began! - first
        }
        return (cushion.underruns, Double(delays) / Double(answers.count) / 24, Double(cushion.depth) / 24)
    }
}

private let network: [(name: String, pace: Double, jitter: Double, stalls: Int?)] = [
    ("in bursts, as services send", 3, 4, nil),
    ("in real time, over a cable", 1, 4, nil),
    ("in real time, over busy Wi-Fi", 1, 25, nil),
    ("in real time, 1 piece in 100 lost", 1, 10, 100),
    ("in bursts, 1 piece in 30 lost", 1.5, 10, 30),
]

@Suite("Adaptive cushion", .timeLimit(.minutes(5)))
struct AdaptiveCushionTests {
    private let fixed = Cushion(depth: 2_400)
    private let adaptive = Cushion(depth: 2_400, within: 960...9_600)

    private func compare(_ index: Int) -> (fixed: (gaps: Int, delay: Double), adaptive: (gaps: Int, delay: Double)) {
        let (name, pace, jitter, stalls) = network[index]
        var (gaps, delays) = ((0, 0), (0.0, 0.0))
        for seed in 1...5 as ClosedRange<UInt64> {
            let arrivals = Arrivals(answers: 40, pace: pace, jitter: jitter, stalls: stalls, seed: seed)
            let (one, other) = (arrivals.played(through: fixed), arrivals.played(through: adaptive))
            gaps = (gaps.0 + one.gaps, gaps.1 + other.gaps)
            delays = (delays.0 + one.delay / 5, delays.1 + other.delay / 5)
        }
        func rounded(_ value: Double) -> Int { Int(value.rounded()) }
        print(
            "cushion, 200 answers of 8 s, \(name): fixed \(gaps.0) gaps, \(rounded(delays.0)) ms; "
                + "adaptive \(gaps.1) gaps, \(rounded(delays.1)) ms")
        return ((gaps.0, delays.0), (gaps.1, delays.1))
    }

    @Test(
        "on a good network an answer begins sooner than with a fixed cushion, and no gap is the price",
        arguments: [0, 1])
    func good(index: Int) {
        let (fixed, adaptive) = compare(index)
        #expect(adaptive.delay < fixed.delay)
        #expect(adaptive.gaps <= fixed.gaps + 4)
    }

    @Test("on a bad network fewer gaps are heard than with a fixed cushion (pitfall 42)", arguments: [2, 3, 4])
    func bad(index: Int) {
        let (fixed, adaptive) = compare(index)
        #expect(fixed.gaps > 20)
        #expect(adaptive.gaps * 2 < fixed.gaps)
        #expect(adaptive.delay <= 400)
    }
}
