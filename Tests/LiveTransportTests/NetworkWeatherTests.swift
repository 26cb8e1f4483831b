import TestKit
import Testing

@Suite("A bad network's weather", .timeLimit(.minutes(5)))
struct NetworkWeatherTests {
    let stalls = NetworkWeather.Stalls(length: .milliseconds(200), every: .seconds(3))

    /// Arrivals of pieces read every millisecond for so many seconds.
    func arrivals(_ seconds: Int, seed: UInt64, stalls: NetworkWeather.Stalls?) -> [(read: Duration, out: Duration)] {
        var weather = NetworkWeather(seed: seed)
        return (0..<seconds * 1000).map { number in
            let now = Duration.milliseconds(number)
            let out = weather.arrival(of: now, delay: .milliseconds(40), jitter: .milliseconds(10), stalls: stalls)
            return (now, out)
        }
    }

    @Test("is the same for the same seed, and another for another")
    func seeded() {
        let one = arrivals(20, seed: 1, stalls: stalls).map(\.out)
        #expect(one == arrivals(20, seed: 1, stalls: stalls).map(\.out))
        #expect(one != arrivals(20, seed: 2, stalls: stalls).map(\.out))
    }

    @Test("delays each piece by its delay, give or take the jitter, all of which is used")
    func jitter() {
        let delays = arrivals(10, seed: 3, stalls: nil).map { $0.out - $0.read }
        #expect(delays.allSatisfy { (.milliseconds(30) ... .milliseconds(50)).contains($0) })
        #expect(delays.min()! < .milliseconds(31))
        #expect(delays.max()! > .milliseconds(49))
    }

    @Test("never lets a piece out before it came in")
    func causal() {
        var weather = NetworkWeather(seed: 4)
        for number in 0..<1000 {
            let now = Duration.milliseconds(number)
            #expect(weather.arrival(of: now, delay: .milliseconds(1), jitter: .milliseconds(10)) >= now)
        }
    }

    @Test("stands still for as long and about as often as it was told", arguments: [5, 6, 7] as [UInt64])
    func stalling(seed: UInt64) {
        let pieces = arrivals(120, seed: seed, stalls: stalls)
        let longest = pieces.map { $0.out - $0.read }.max()!
        #expect(longest > .milliseconds(230) && longest <= .milliseconds(250), "seed \(seed)")
        // Whatever falls into a stall comes out at its end, so many at one moment mark one.
        var atOnce: [Duration: Int] = [:]
        for piece in pieces { atOnce[piece.out, default: 0] += 1 }
        let count = atOnce.values.count { $0 > 100 }
        #expect((20...56).contains(count), "seed \(seed)")  // 120 s / 3.2 s = 37.5, ± 6
        let ends = atOnce.filter { $0.value > 100 }.keys
        for end in ends.prefix(5) {
            let inside = pieces.filter { $0.out > end - .milliseconds(199) && $0.out < end }
            #expect(inside.isEmpty, "seed \(seed)")
        }
    }
}
