import AudioCore
import CAllocationCount
import Testing

@testable import AudioFrontEnd

/// Runs a front end over whole signals at 16 kHz, the reference told four frames ahead as a device tells it.
private struct Bench {
    let reference = EchoReference()
    let frontEnd: FrontEnd
    private var tap: EchoTap

    init(_ configuration: FrontEnd.Configuration = .init()) throws {
        frontEnd = try FrontEnd(configuration, reference: reference)
        tap = reference.makeTap()
    }

    /// - Returns: the output, shifted back by the latency.
    mutating func run(far: [Int16], microphone: [Int16], onFrame: (Int) -> Void = { _ in }) -> [Int16] {
        var output = microphone
        var samples = [Int16](repeating: 0, count: 160)
        for frame in 0..<microphone.count / 160 {
            let ahead = frame == 0 ? 0..<5 : frame + 4..<frame + 5
            for told in ahead where (told + 1) * 160 <= far.count {
                tap.willLeave(
                    far.span.extracting(told * 160..<(told + 1) * 160), rate: .voice, at: .milliseconds(10 * told))
            }
            for index in 0..<160 { samples[index] = microphone[frame * 160 + index] }
            var span = samples.mutableSpan
            frontEnd.process(&span, capturedAt: .milliseconds(10 * frame))
            for index in 0..<160 { output[frame * 160 + index] = samples[index] }
            onFrame(frame)
        }
        return Array(output.dropFirst(frontEnd.latency)) + [Int16](repeating: 0, count: frontEnd.latency)
    }
}

@Suite("The front end")
struct FrontEndTests {
    private static let far = Acoustics.speech(seconds: 6, seed: 31)
    private static let echo = Acoustics.heard(far, delay: 90 * 16, reverberation: 0.2, seed: 32, gain: 0.5)
    private static let room = Acoustics.noise(count: far.count, seed: 33, level: 0.0008)

    @Test("with every stage left out changes no sample and adds no delay")
    func allOff() throws {
        var bench = try Bench(.init(cancelsEcho: false, highPass: false, suppressesNoise: false))
        let near = Acoustics.speech(seconds: 1, seed: 34).integers
        #expect(bench.frontEnd.latency == 0)
        #expect(bench.run(far: Self.far.integers, microphone: near) == near)
    }

    @Test(
        "keeps somebody who speaks alone as loud as they are, stage by stage",
        arguments: [(true, true), (true, false), (false, true)])
    func nearAlone(cancelsEcho: Bool, suppressesNoise: Bool) throws {
        var bench = try Bench(.init(cancelsEcho: cancelsEcho, suppressesNoise: suppressesNoise))
        let near = mixed(Acoustics.speech(seconds: 6, seed: 35), Self.room)
        let silence = [Int16](repeating: 0, count: near.count)
        let output = bench.run(far: silence, microphone: near.integers).map { Float($0) / 32_768 }
        let span = 8_000..<near.count - 2_000
        let gain = Acoustics.decibels(Acoustics.level(output[span]), over: Acoustics.level(near[span]))
        #expect(abs(gain) < 0.5)
    }

    @Test("hears no voice in the loudspeaker, and tells what it found (pitfall 37)")
    func loudspeakerAlone() throws {
        var bench = try Bench()
        var voices = 0
        let frontEnd = bench.frontEnd
        let output = bench.run(far: Self.far.integers, microphone: mixed(Self.echo, Self.room).integers) { _ in
            if frontEnd.hearsVoice == true { voices += 1 }
        }
        #expect(voices == 0)
        let reading = frontEnd.status.reading
        #expect([80, 90, 100].contains { reading.delay == .milliseconds($0) })
        #expect(reading.drift == 0)
        #expect(reading.grade != .halfDuplex)
        let loudest = output[16_000...].map { abs(Int($0)) }.max() ?? 0
        #expect(loudest < 400)
    }

    @Test("hears the voice over the loudspeaker")
    func voiceOver() throws {
        var bench = try Bench()
        var near = Acoustics.speech(seconds: 6, seed: 36, level: 0.08)
        for index in 0..<64_000 { near[index] = 0 }
        var first: Int?
        let frontEnd = bench.frontEnd
        _ = bench.run(far: Self.far.integers, microphone: mixed(mixed(Self.echo, Self.room), near).integers) { frame in
            if frontEnd.hearsVoice == true, first == nil { first = frame }
        }
        #expect(first.map { (400..<440).contains($0) } ?? false)
    }

    @Test("a voice that was heard as the canceller was switched off does not stay")
    func switchedOff() throws {
        var bench = try Bench()
        let near = Acoustics.speech(seconds: 6, seed: 36, level: 0.08)
        var microphone = mixed(mixed(Self.echo, Self.room), near)
        for index in 0..<64_000 { microphone[index] -= near[index] }
        for index in 70_400..<microphone.count { microphone[index] = 0 }
        let frontEnd = bench.frontEnd
        var isOff = false
        var heardLater = 0
        _ = bench.run(far: Self.far.integers, microphone: microphone.integers) { frame in
            if frame >= 400, frontEnd.hearsVoice == true, !isOff {
                frontEnd.use(FrontEnd.Stages(cancelsEcho: false))
                isOff = true
            }
            if frame >= 500, frontEnd.hearsVoice == true { heardLater += 1 }
        }
        #expect(isOff)
        #expect(heardLater == 0)
    }

    @Test("does not shut out who wears headphones")
    func headphones() throws {
        var bench = try Bench()
        let near = mixed(Acoustics.speech(seconds: 6, seed: 39), Self.room)
        let frontEnd = bench.frontEnd
        var heard = 0
        let output = bench.run(far: Self.far.integers, microphone: near.integers) { frame in
            if frame >= 300, frontEnd.hearsVoice == true { heard += 1 }
        }.map { Float($0) / 32_768 }
        #expect(frontEnd.status.reading.delay == nil)
        #expect(heard > 200)
        let span = 56_000..<near.count - 2_000
        let gain = Acoustics.decibels(Acoustics.level(output[span]), over: Acoustics.level(near[span]))
        #expect(abs(gain) < 1)
    }

    @Test("listens to what it may not change")
    func listens() throws {
        let frontEnd = try FrontEnd(reference: EchoReference())
        let room = Acoustics.noise(count: 32_000, seed: 38, level: 0.0008)
        let samples = mixed(Acoustics.speech(seconds: 2, seed: 37), room).integers
        #expect(frontEnd.hearsVoice == nil)
        var heard = 0
        for frame in 0..<200 {
            frontEnd.listen(to: samples.span.extracting(frame * 160..<(frame + 1) * 160), capturedAt: .zero)
            if frontEnd.hearsVoice == true { heard += 1 }
        }
        #expect(heard > 100)
    }

    @Test("touches no heap", .enabled(if: vv_counts_allocations(), "a sanitizer has its own allocator"))
    func heap() throws {
        var bench = try Bench(.init(controlsGain: true))
        var (before, after): (UInt64, UInt64) = (0, 0)
        _ = bench.run(far: Self.far.integers, microphone: mixed(Self.echo, Self.room).integers) { frame in
            if frame == 20 { before = vv_thread_allocations() + vv_thread_frees() }
            if frame == 590 { after = vv_thread_allocations() + vv_thread_frees() }
        }
        #expect(before > 0)
        #expect(after == before)
    }
}
