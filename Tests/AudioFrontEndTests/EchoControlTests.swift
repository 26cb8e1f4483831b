import Testing

@testable import AudioFrontEnd

@Suite("Echo control")
struct EchoControlTests {
    /// Ten seconds of a loudspeaker in a room with a little noise.
    private static let far = Acoustics.speech(seconds: 10, seed: 21)
    private static let echo = Acoustics.heard(far, delay: 60 * 16, reverberation: 0.25, seed: 22, gain: 0.6)
    private static let noise = Acoustics.noise(count: far.count, seed: 23, level: 0.0005)

    @Test("takes the loudspeaker out from the first word on, and by 35 dB when settled")
    func loudspeakerAlone() {
        let microphone = mixed(Self.echo, Self.noise)
        let path = EchoPath()
        let output = path.run(reference: Self.far, microphone: microphone)
        func lost(_ seconds: Range<Double>) -> Float {
            let span = Int(seconds.lowerBound * 16_000)..<Int(seconds.upperBound * 16_000)
            return Acoustics.decibels(Acoustics.level(microphone[span]), over: Acoustics.level(output[span]))
        }
        #expect(lost(0.1..<2) > 25)
        #expect(lost(4..<9.5) > 35)
        #expect(path.control.decision.grade == .cancelling)
        #expect(path.control.decision.returnLoss > 12)
    }

    @Test("is half-duplex until the canceller has been seen to work")
    func grades() {
        var grades: [EchoGrade] = []
        let path = EchoPath()
        _ = path.run(reference: Self.far, microphone: mixed(Self.echo, Self.noise)) { _ in
            let grade = path.control.decision.grade
            if grades.last != grade { grades.append(grade) }
        }
        #expect(grades == [.halfDuplex, .raisedThreshold, .cancelling])
    }

    @Test("lets somebody through who speaks over the loudspeaker, as loud as they are, and soon")
    func doubleTalk() {
        var near = Acoustics.speech(seconds: 10, seed: 24, level: 0.08)
        let began = 6 * Acoustics.rate
        for index in 0..<began { near[index] = 0 }
        let path = EchoPath()
        var opened: Int?
        let output = path.run(reference: Self.far, microphone: mixed(mixed(Self.echo, Self.noise), near)) { frame in
            if frame >= 600, path.control.decision.isOpen, opened == nil { opened = frame }
        }
        let span = began + 3_200..<output.count - 1_600
        let (loud, truth) = (Acoustics.level(output[span]), Acoustics.level(near[span]))
        #expect(abs(Acoustics.decibels(loud, over: truth)) < 3)
        // What is not the near speaker lies under them, although the loudspeaker alone was louder.
        let error = zip(output[span], near[span]).map { $0 - $1 }
        #expect(Acoustics.decibels(truth, over: Acoustics.level(error[...])) > 2)
        #expect(opened.map { $0 < 620 } ?? false)
    }

    /// Four answers with pauses between; the echo of each comes `off` milliseconds later than the one's before.
    private func answers(off: [Double]) -> (far: [Float], microphone: [Float], begin: [Int]) {
        var (far, microphone, begin): ([Float], [Float], [Int]) = ([], [], [])
        var delay = 60.0
        for (index, off) in off.enumerated() {
            delay += off
            let answer = Acoustics.speech(seconds: 4, seed: 31 + UInt64(index))
            let padded = answer + [Float](repeating: 0, count: 2 * Acoustics.rate)
            begin.append(far.count)
            far += padded
            microphone += Acoustics.heard(padded, delay: Int(delay * 16), reverberation: 0.25, seed: 22, gain: 0.6)
        }
        return (far, mixed(microphone, Acoustics.noise(count: far.count, seed: 35, level: 0.0005)), begin)
    }

    @Test(
        "takes no echo for a voice that comes some milliseconds off when the loudspeaker begins anew",
        arguments: [[0, 0, 0, 0], [0, 2, -3, 5], [0, -6, 11, 1], [0, 0.5, 0.5, -14]])
    func begunAnew(off: [Double]) {
        let (far, microphone, begin) = answers(off: off)
        let path = EchoPath()
        var opened: [Int] = []
        let output = path.run(reference: far, microphone: microphone) { frame in
            if path.control.decision.isOpen { opened.append(frame) }
        }
        #expect(opened.isEmpty)
        // Half a second after the last began it is taken away as before.
        let span = begin[3] + 8_000..<begin[3] + 4 * Acoustics.rate
        #expect(Acoustics.decibels(Acoustics.level(microphone[span]), over: Acoustics.level(output[span])) > 30)
    }

    @Test("hears who speaks soon after the loudspeaker began anew, wherever its echo is", arguments: [0, 2, -6])
    func interruptedAnew(off: Double) {
        let (far, echo, begin) = answers(off: [0, 0, off])
        var microphone = echo
        let voice = Acoustics.speech(seconds: 2, seed: 36, level: 0.08)
        let spoken = begin[2] + 60 * 16 + 8_000
        for index in voice.indices { microphone[spoken + index] += voice[index] }
        let path = EchoPath()
        var opened: Int?
        _ = path.run(reference: far, microphone: microphone) { frame in
            if path.control.decision.isOpen, opened == nil { opened = frame }
        }
        #expect(opened.map { ($0 - spoken / 160) * 10 }.map { (0...200).contains($0) } == true)
    }

    @Test("changes nothing while the loudspeaker is silent")
    func transparent() {
        let near = mixed(Acoustics.speech(seconds: 3, seed: 25), Acoustics.noise(count: 48_000, seed: 26, level: 0.001))
        let silence = [Float](repeating: 0, count: near.count)
        let output = EchoPath().run(reference: silence, microphone: near)
        let span = 1_000..<near.count - 1_000
        #expect(zip(near[span], output[span]).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test("passes frames by while nothing is played, and neither beginning nor end of that is heard")
    func seams() {
        let near = Acoustics.noise(count: 12 * Acoustics.rate, seed: 28, level: 0.1)
        var reference = [Float](repeating: 0, count: near.count)
        // Too quiet to be heard, but something.
        for moment in [2, 3, 8] { reference[moment * Acoustics.rate + 700] = 1e-6 }
        let output = EchoPath().run(reference: reference, microphone: near)
        let span = 1_000..<near.count - 1_000
        #expect(zip(near[span], output[span]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("knows of a room that has become louder while nothing was played")
    func louderRoom() {
        let before = 12 * Acoustics.rate
        let far = [Float](repeating: 0, count: before) + Self.far
        let count = far.count
        var microphone = [Float](repeating: 0, count: before) + Self.echo
        let quiet = Acoustics.noise(count: count, seed: 29, level: 0.0003)
        let loud = Acoustics.noise(count: count, seed: 30, level: 0.01)
        for index in 0..<count { microphone[index] += index < before / 4 ? quiet[index] : loud[index] }
        let path = EchoPath()
        var opened = 0
        _ = path.run(reference: far, microphone: microphone) { _ in opened += path.control.decision.isOpen ? 1 : 0 }
        #expect(opened == 0)
    }

    @Test("is transparent again 300 ms after the loudspeaker has stopped")
    func afterwards() {
        var far = Self.far
        let stop = 6 * Acoustics.rate
        for index in stop..<far.count { far[index] = 0 }
        let echo = Acoustics.heard(far, delay: 60 * 16, reverberation: 0.25, seed: 22, gain: 0.6)
        let near = Acoustics.speech(seconds: 10, seed: 27)
        var microphone = echo
        for index in stop..<far.count { microphone[index] += near[index] }
        let output = EchoPath().run(reference: far, microphone: microphone)
        let span = stop + 16_000..<far.count - 1_000
        let gain = Acoustics.decibels(Acoustics.level(output[span]), over: Acoustics.level(near[span]))
        #expect(abs(gain) < 0.1)
    }
}
