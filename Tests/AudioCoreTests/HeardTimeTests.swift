import AudioCore
import Testing

/// A card that holds `depth` frames and plays them at its own pace, in periods of 10 ms.
private struct Card: ~Copyable {
    var timeline: PlaybackTimeline
    let rate: SampleRate
    /// The card's second, in ours.
    let pace: Double
    /// How wrong its word on what it holds may be, in frames.
    let jitter: Int
    private var generator = SeededGenerator(seed: 5)
    private var time: Duration
    private var held = 0
    private(set) var next: Int
    /// When each fortieth position really left, in seconds.
    private(set) var truth: [Int: Double] = [:]
    private var leaving: [Int?] = []

    init(
        _ clock: PlaybackClock, hertz: Int = 24_000, pace: Double = 1, jitter: Int = 0, at time: Duration, from: Int = 0
    ) {
        rate = SampleRate(hertz: hertz)
        timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: rate)
        self.pace = pace
        self.jitter = jitter
        self.time = time
        next = from
    }

    var now: Duration { time }

    /// One period: `speech` samples of it are speech. The card holds four periods at most.
    mutating func play(_ speech: Int) {
        let period = rate.hertz / 100
        while held + period > 4 * period { pass() }
        timeline.read(240, speech: next..<next + speech)
        leaving += (next..<next + speech).map { $0 } + [Int?](repeating: nil, count: 240 - speech)
        next += speech
        timeline.wrote(period)
        held += period
        timeline.publish(delay: held + Int.random(in: -jitter...jitter, using: &generator), at: time)
    }

    /// A period passes. The truth is kept in samples of the stream, which are as long as the card's frames say.
    private mutating func pass() {
        for index in 0..<min(240, leaving.count) {
            if let position = leaving[index], position % 40 == 0 {
                truth[position] = time.seconds + Double(index) * pace / 24_000
            }
        }
        leaving.removeFirst(min(240, leaving.count))
        held -= rate.hertz / 100
        time += .nanoseconds(Int(pace * 10_000_000))
    }

    /// The card is silenced, and what it held is read again.
    mutating func hold(for pause: Duration) {
        next = timeline.takeBack(delay: held, at: time) ?? next
        held = 0
        leaving = []
        time += pause
    }

    mutating func cut(to position: Int) {
        timeline.drop(before: position, delay: held, at: time)
        held = 0
        leaving = []
        next = position
    }

    /// The largest error over all that was heard; infinite where a time is missing or given for what was not heard.
    func worst(_ clock: PlaybackClock, upTo end: Int) -> Double {
        stride(from: 0, to: end, by: 40).reduce(0) { worst, position in
            switch (clock.timeHeard(position)?.seconds, truth[position]) {
            case (nil, nil): worst
            case (let told?, let true_?): max(worst, abs(told - true_))
            case (_?, nil), (nil, _?): .infinity
            }
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}

@Suite("When speech was heard", .timeLimit(.minutes(5)))
struct HeardTimeTests {
    private let clock = PlaybackClock()
    private let start = Duration.seconds(100_000)

    @Test(
        "to the millisecond, at any device rate, over a pause in mid-answer (pitfall 47)",
        arguments: [24_000, 48_000, 44_100])
    func pause(hertz: Int) {
        var card = Card(clock, hertz: hertz, at: start)
        for _ in 0..<7 { card.play(0) }
        for _ in 0..<50 { card.play(240) }
        card.play(100)
        for _ in 0..<123 { card.play(0) }
        for _ in 0..<50 { card.play(240) }
        for _ in 0..<4 { card.play(0) }
        #expect(clock.timeHeard(card.next) == nil)
        #expect(card.worst(clock, upTo: card.next) < 0.001)
        let gap = clock.timeHeard(12_100)! - clock.timeHeard(12_099)!
        #expect(abs(gap.seconds - 1.236) < 0.002)
    }

    @Test("what is held in mid-answer is heard when it goes on, and that is its time (pitfall 41)")
    func held() {
        var card = Card(clock, at: start)
        for _ in 0..<30 { card.play(240) }
        #expect(clock.timeHeard(30 * 240 - 1) == nil, "the card still holds it")
        card.hold(for: .seconds(3))
        for _ in 0..<40 { card.play(240) }
        for _ in 0..<4 { card.play(0) }
        #expect(card.worst(clock, upTo: card.next) < 0.001)
    }

    @Test("what is cut has no time, and what comes after it has its own")
    func cut() {
        var card = Card(clock, at: start)
        for _ in 0..<30 { card.play(240) }
        card.cut(to: 24_000)
        for _ in 0..<10 { card.play(0) }
        for _ in 0..<30 { card.play(240) }
        for _ in 0..<4 { card.play(0) }
        #expect(clock.timeHeard(23_999) == nil)
        #expect(card.worst(clock, upTo: card.next) < 0.001)
    }

    @Test("a device opened again, at another rate, goes on with the same time")
    func reopened() {
        var first = Card(clock, hertz: 48_000, at: start)
        for _ in 0..<30 { first.play(240) }
        let position = first.timeline.takeBack(delay: nil, at: first.now + .seconds(2))!
        let before = clock.timeHeard(position - 1)
        var second = Card(clock, hertz: 44_100, at: first.now + .seconds(2), from: position)
        for _ in 0..<30 { second.play(240) }
        for _ in 0..<4 { second.play(0) }
        #expect(clock.timeHeard(position - 1) == before)
        #expect(first.truth.allSatisfy { abs(clock.timeHeard($0)!.seconds - $1) < 0.001 })
        #expect(second.truth.allSatisfy { abs(clock.timeHeard($0)!.seconds - $1) < 0.001 })
    }

    @Test("a card that runs 200 ppm fast, and is wrong by some ms about what it holds, stays within 20 ms all along")
    func drift() {
        var card = Card(clock, pace: 0.9998, jitter: 96, at: start)
        var worst = 0.0
        for period in 0..<60_000 {
            card.play(240)
            let position = max(0, card.next - 5 * 240)
            guard period % 1_000 == 999, let really = card.truth[position] else { continue }
            worst = max(worst, abs((clock.timeHeard(position)?.seconds ?? .infinity) - really))
        }
        #expect(worst < 0.02 && worst > 0)
        #expect(abs(clock.timeHeard(0)!.seconds - card.truth[0]!) < 0.02)
    }

    @Test("a pipe takes all at once: it is heard then, and not before")
    func pipe() {
        var timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: .speech)
        for chunk in 0..<100 {
            timeline.read(240, speech: chunk * 240..<(chunk + 1) * 240)
            timeline.wrote(240)
            timeline.publish(delay: 0, at: start + .microseconds(chunk))
        }
        #expect(clock.timeHeard(0)! >= start - .milliseconds(10))
        #expect(abs(clock.timeHeard(23_999)!.seconds - start.seconds) < 0.001)
    }

    @Test("the newest 63 stretches are remembered, and those before have no time")
    func forgotten() {
        var timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: .speech)
        for answer in 0..<100 {
            timeline.read(240, speech: answer * 240..<(answer + 1) * 240)
            timeline.wrote(240)
            timeline.publish(delay: 0, at: start + .seconds(answer))
        }
        #expect((0..<100).filter { clock.timeHeard($0 * 240) != nil } == Array(36..<100))
    }

    @Test("who asks from another thread gets the one true time or none, while stretches come and go")
    func stress() async {
        let clock = PlaybackClock()
        let stretches = 20_000
        let playing = Task.detached {
            var timeline = PlaybackTimeline(clock: clock, speechRate: .speech, deviceRate: .speech)
            for stretch in 0..<stretches {
                for half in 0..<2 {
                    let from = stretch * 480 + half * 240
                    timeline.read(240, speech: from..<from + 240)
                    timeline.wrote(240)
                    timeline.publish(delay: 0, at: .seconds(stretch) + .milliseconds(10 * (half + 1)))
                }
                if stretch % 64 == 0 { await Task.yield() }
            }
        }
        var (checks, wrong) = (0, 0)
        while clock.heardPosition < stretches * 480 {
            let newest = clock.heardPosition
            for back in [1, 200, 300, 481, 20 * 480, 62 * 480] {
                let position = newest - back
                guard position >= 0, let told = clock.timeHeard(position) else { continue }
                let really = Double(position / 480) + Double(position % 480) / 24_000
                checks += 1
                if abs(told.seconds - really) > 0.000_01 { wrong += 1 }
            }
            await Task.yield()
        }
        await playing.value
        #expect(wrong == 0 && checks > 0)
    }
}
