import Testing

@testable import AudioFrontEnd

@Suite("The echo's delay")
struct DelayTests {
    private func echo(of far: [Float], _ milliseconds: Int, seed: UInt64 = 5) -> [Float] {
        mixed(
            Acoustics.heard(far, delay: milliseconds * 16, reverberation: 0.2, seed: seed, gain: 0.5),
            Acoustics.noise(count: far.count, seed: seed + 1, level: 0.0005))
    }

    @Test("is found within a second of speech, wherever it lies", arguments: [0, 4, 37, 150, 333, 600, 700])
    func found(milliseconds: Int) throws {
        let far = Acoustics.speech(seconds: 2, seed: 11)
        let path = EchoPath()
        var firstFound: Int?
        _ = path.run(reference: far, microphone: echo(of: far, milliseconds)) { frame in
            if path.control.lag != nil, firstFound == nil { firstFound = frame }
        }
        let lag = try #require(path.control.lag)
        #expect(abs(lag * 10 - milliseconds) <= 10)
        #expect(try #require(firstFound) <= 100 + milliseconds / 10)
    }

    @Test("is not made up where there is no echo")
    func none() {
        let far = Acoustics.speech(seconds: 4, seed: 12)
        let near = Acoustics.speech(seconds: 4, seed: 13)
        let path = EchoPath()
        _ = path.run(reference: far, microphone: near)
        #expect(path.control.lag == nil)
    }

    @Test("is followed when it jumps, and the microphone is closed meanwhile", arguments: [(50, 130), (130, 50)])
    func jump(from: Int, to: Int) throws {
        let far = Acoustics.speech(seconds: 8, seed: 14)
        let jump = 5 * Acoustics.rate
        var microphone = echo(of: far, from)
        let after = echo(of: far, to)
        for index in jump..<microphone.count { microphone[index] = after[index] }
        let path = EchoPath()
        var grades: Set<EchoGrade> = []
        let output = path.run(reference: far, microphone: microphone) { frame in
            if frame >= 500 { grades.insert(path.control.decision.grade) }
        }
        #expect(abs(try #require(path.control.lag) * 10 - to) <= 10)
        #expect(grades.contains(.halfDuplex))
        #expect(path.control.decision.grade != .halfDuplex)
        let late = jump + 2 * Acoustics.rate..<output.count - 1_000
        let lost = Acoustics.decibels(Acoustics.level(microphone[late]), over: Acoustics.level(output[late]))
        #expect(lost > 30)
    }
}
