import AudioCore
import AudioFrontEnd
import Testing

@Suite("Sounds to probe a room with", .timeLimit(.minutes(5)))
struct ProbeTests {
    @Test("a chirp is found where it begins, through noise, echo and attenuation", arguments: [0, 1, 777, 7_990])
    func finds(position: Int) throws {
        let chirp = Chirp(rate: .voice)
        var noise = SpokenNoise(rate: .voice, seed: 4)
        var recording = noise.make(lasting: .seconds(1), level: 0.01)
        for (index, sample) in chirp.samples.enumerated() {
            recording[position + index] += sample / 8
            let reflected = position + index + 200
            if reflected < recording.count { recording[reflected] += sample / 20 }
        }
        let found = try #require(chirp.find(in: recording, from: 0..<recording.count))
        #expect(abs(found.position - Double(position)) < 0.5)
        #expect(found.strength > 10)
    }

    @Test("between two samples it is found between them")
    func findsFractions() throws {
        let chirp = Chirp(rate: .voice)
        var recording = [Int16](repeating: 0, count: 9_000)
        // Half of it here and half one later: half a sample late.
        for (index, sample) in chirp.samples.enumerated() {
            recording[2_000 + index] += sample / 2
            recording[2_001 + index] += sample / 2
        }
        let found = try #require(chirp.find(in: recording, from: 1_000..<4_000))
        #expect(abs(found.position - 2_000.5) < 0.1)
    }

    @Test("where no chirp is, what is found does not stand out")
    func findsNothing() throws {
        var noise = SpokenNoise(rate: .voice, seed: 9)
        let recording = noise.make(lasting: .seconds(2))
        let found = try #require(Chirp(rate: .voice).find(in: recording, from: 0..<recording.count))
        #expect(found.strength < 8)
        #expect(Chirp(rate: .voice).find(in: [1, 2, 3], from: 0..<3) == nil)
    }

    @Test("spoken noise is as loud and as long as asked, with pauses, and the same for the same seed")
    func spoken() {
        var noise = SpokenNoise(rate: .speech, seed: 3)
        let sound = noise.make(lasting: .seconds(4), level: 0.1)
        #expect(sound.count == 96_000)
        let spoken = sound.filter { $0 != 0 }
        #expect((0.5...0.95).contains(Double(spoken.count) / Double(sound.count)))
        let power = spoken.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(spoken.count)
        #expect(abs(power.squareRoot() / 32_767 - 0.1) < 0.01)
        var again = SpokenNoise(rate: .speech, seed: 3)
        #expect(again.make(lasting: .seconds(4), level: 0.1) == sound)
    }
}
