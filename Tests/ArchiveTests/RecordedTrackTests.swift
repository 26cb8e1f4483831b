import AudioCore
import TestKit
import Testing

@testable import Archive

@Suite("Sound on a track")
struct RecordedTrackTests {
    /// What a device brings: periods of silence with a burst now and then, stamped by a clock of its own.
    private struct Device {
        var rate = SampleRate(hertz: 16_000)
        var period = 160
        /// Its clock against the machine's: 1 runs with it.
        var pace = 1.0
        /// Reports are off by this much at most, in seconds.
        var jitter = 0.0
        var random = SeededGenerator(seed: 5)

        /// - Returns: where bursts were found, minus where they left the device, in milliseconds.
        mutating func errors(after seconds: Double, burstEvery: Double, noise: Int16 = 0) throws -> [Double] {
            var track = SoundTrack()
            let burst = Burst.samples(rate)
            var sent: [Double] = []
            var place = 0
            var stereo: [Int16] = []
            var pending = [Int16]()
            while Double(place) / Double(rate.hertz) < seconds {
                if Double(sent.count + 1) * burstEvery * Double(rate.hertz) <= Double(place) {
                    sent.append(Double(place) / Double(rate.hertz) / pace)
                    pending = burst
                }
                var samples = Array(pending.prefix(period))
                pending.removeFirst(samples.count)
                while samples.count < period { samples.append(Int16.random(in: -noise...noise, using: &random)) }
                let time = Double(place) / Double(rate.hertz) / pace
                let reported = time + Double.random(in: -jitter...jitter, using: &random)
                try track.put(samples, rate: rate, at: reported * 48_000, isTimed: true)
                place += period
            }
            let end = track.end
            stereo = [Int16](repeating: 0, count: 2 * end)
            track.take(until: end, into: &stereo, channel: 1)
            let found = Burst.places(in: stride(from: 1, to: stereo.count, by: 2).map { stereo[$0] })
            #expect(found.count == sent.count)
            return zip(found, sent).map { Double($0) / 48 - $1 * 1_000 }
        }
    }

    @Test(
        "is where its device says, at any rate, whatever the device's clock is worth and however its reports jitter",
        arguments: [(16_000, 160), (24_000, 240), (44_100, 441), (48_000, 1_024)], [0.999, 1.001])
    func drift(device: (hertz: Int, period: Int), pace: Double) throws {
        var device = Device(
            rate: SampleRate(hertz: device.hertz), period: device.period, pace: pace, jitter: 0.002)
        // Noise between: nothing that could be left out unnoticed. A clock like that would be 24 ms off by the end.
        let errors = try device.errors(after: 24, burstEvery: 2.3, noise: 200)
        #expect(errors.allSatisfy { abs($0) < 10 }, "\(errors)")
    }

    private func track(_ puts: [(samples: [Int16], milliseconds: Double)], isTimed: Bool = true) throws -> [Int] {
        var track = SoundTrack()
        for put in puts { try track.put(put.samples, rate: .voice, at: put.milliseconds * 48, isTimed: isTimed) }
        let end = track.end
        var stereo = [Int16](repeating: 0, count: 2 * (end + 48_000))
        track.take(until: end + 48_000, into: &stereo, channel: 0)
        return Burst.places(in: stride(from: 0, to: stereo.count, by: 2).map { stereo[$0] })
    }

    private var burst: [Int16] { Burst.samples(.voice) + [Int16](repeating: 0, count: 320) }  // 40 ms

    @Test("keeps its gaps: the device was muted, or gone")
    func gap() throws {
        let silence = [Int16](repeating: 0, count: 320)
        let places = try track([(burst, 0), (burst, 40), (silence, 700), (silence, 720), (burst, 740), (burst, 780)])
        #expect(places.count == 4)
        for (place, expected) in zip(places, [0, 40, 740, 780]) { #expect(abs(place - expected * 48) < 48) }
    }

    @Test("is not torn by a report that comes late: the device's thread was held up")
    func outlier() throws {
        let late = Set([3, 9, 10, 17])
        let puts = (0..<25).map { index in
            (samples: burst, milliseconds: Double(index * 40 + (late.contains(index) ? 150 : 0)))
        }
        let places = try track(puts)
        #expect(places.count == 25)
        for (index, place) in places.enumerated() { #expect(abs(place - index * 40 * 48) < 48) }
    }

    @Test("lies one piece after the other when it is a pipe's, which come faster than they are heard")
    func pipe() throws {
        let places = try track([(burst, 100), (burst, 101), (burst, 102), (burst, 500)], isTimed: false)
        #expect(places.count == 4)
        for (place, expected) in zip(places, [100, 140, 180, 500]) { #expect(abs(place - expected * 48) < 48) }
    }

    @Test("is cut where the device was emptied, and goes on where it played again")
    func dropped() throws {
        var track = SoundTrack()
        for index in 0..<10 { try track.put(burst, rate: .voice, at: Double(index * 40 * 48), isTimed: true) }
        track.drop(from: 120 * 48)
        try track.put(burst, rate: .voice, at: 150 * 48, isTimed: true)
        let end = track.end + 4_800
        var stereo = [Int16](repeating: 0, count: 2 * end)
        track.take(until: end, into: &stereo, channel: 0)
        let places = Burst.places(in: stride(from: 0, to: stereo.count, by: 2).map { stereo[$0] })
        #expect(places.count == 4)
        for (place, expected) in zip(places, [0, 40, 80, 150]) { #expect(abs(place - expected * 48) < 48) }
    }

    @Test("is lost, and counted, when it comes after its place was given away")
    func late() throws {
        var track = SoundTrack()
        var stereo = [Int16](repeating: 0, count: 2 * 48_000)
        track.take(until: 48_000, into: &stereo, channel: 0)
        try track.put(burst, rate: .voice, at: 40_000, isTimed: true)
        #expect((1_700...1_920).contains(track.lost))  // 40 ms, but for what the filter holds back
        #expect(track.end == 48_000)
    }
}

@Suite("A sound tape")
struct RecordedTapeTests {
    @Test("gives back what was written, stamps and samples, across the end of its storage")
    func roundTrip() {
        let tape = SoundTape(minimumCapacity: 1_024)
        var random = SeededGenerator(seed: 7)
        var samples: [Int16] = []
        for round in 0..<200 {
            let count = Int.random(in: 0...300, using: &random)
            let written = (0..<count).map { Int16(truncatingIfNeeded: round &* 31 &+ $0) }
            let time = Duration.nanoseconds(Int64.random(in: 0...(.max), using: &random))
            tape.write(written.span, rate: .speech, at: time, position: round << 40, isTimed: round % 2 == 0)
            tape.writeDrop(from: time)
            let stamp = SoundStamp(
                kind: round % 2 == 0 ? .timed : .arrived, time: time, rate: .speech, count: written.count,
                position: round << 40)
            #expect(tape.next(into: &samples) == stamp)
            #expect(samples == written)
            #expect(tape.next(into: &samples)?.kind == .dropped)
            #expect(tape.next(into: &samples) == nil)
        }
        #expect(tape.lost == .zero)
    }

    @Test("takes a stretch whole or counts it as lost: a recorder that is late costs the device nothing")
    func full() {
        let tape = SoundTape(minimumCapacity: 1_024)
        let second = [Int16](repeating: 1, count: 500)
        for _ in 0..<3 { tape.write(second.span, rate: .voice, at: .zero) }
        #expect(tape.lost == SampleRate.voice.duration(of: 1_000))
        var samples: [Int16] = []
        #expect(tape.next(into: &samples)?.count == 500)
        #expect(tape.next(into: &samples) == nil)
    }
}

@Suite("The voice that is sent")
struct RecordedVoiceTests {
    private func heard(_ wanted: WantedVoice, _ positions: Range<Int>) -> [Int] {
        var samples = [Int16](repeating: 1, count: positions.count)
        wanted.silence(&samples, from: positions.lowerBound)
        return positions.filter { samples[$0 - positions.lowerBound] != 0 }
    }

    @Test("is all that is heard of it")
    func passages() {
        let wanted = WantedVoice()
        #expect(heard(wanted, 0..<10).isEmpty)
        wanted.begin(from: 12)
        wanted.begin(from: 5)  // goes on already
        wanted.end(at: 20)
        wanted.end(at: 18)
        wanted.begin(from: 15)  // not before the last end
        #expect(heard(wanted, 10..<20) == Array(12..<20))
        wanted.end(at: 22)
        wanted.begin(from: 25)
        #expect(heard(wanted, 20..<30) == [20, 21] + Array(25..<30))
        #expect(heard(wanted, 30..<40) == Array(30..<40))
    }
}
