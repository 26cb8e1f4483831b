import AudioCore
import AudioFrontEnd
import Glibc
import Testing

@testable import AudioDevices

@Suite("Sound cards that misbehave", .timeLimit(.minutes(5)))
struct CardTests {
    private let hardware = FakeHardware()
    private let counters = DeviceCounters()

    /// Reads frames of 10 ms until something other than samples comes.
    private func read(_ frames: Int) throws -> [InputReading] {
        var input = try CardInput(FakePCM(hardware: hardware), name: "fake", counters: counters)
        let wake = try Wake()
        var frame = [Int16](repeating: 0, count: 160)
        return try (0..<frames).map { _ in
            var span = frame.mutableSpan
            return try input.read(into: &span, wake: wake)
        }
    }

    @Test("where nobody waits, what has come meanwhile is read in one piece, and every sample of it is taken")
    func unhurried() throws {
        hardware.answers = [0, 1_920, 0, 1_920]
        var input = try CardInput(FakePCM(hardware: hardware), name: "fake", counters: counters)
        input.setHurried(false)
        let wake = try Wake()
        var frame = [Int16](repeating: 0, count: 160)
        var samples = 0
        // 80 ms of the device's, less what the resampler keeps: seven frames of 10 ms at least.
        for _ in 0..<7 {
            var span = frame.mutableSpan
            guard case .samples(let count, _) = try input.read(into: &span, wake: wake) else { continue }
            samples += count
        }
        #expect(samples == 7 * 160 && hardware.answers.isEmpty)
        #expect(counters.counts.xruns == 0)
    }

    @Test("an overrun is counted, and capture goes on")
    func overrun() throws {
        hardware.answers = [480, -Int(EPIPE), 480, 480]
        let readings = try read(2)
        #expect(readings.count == 2)
        #expect(counters.counts.xruns == 1)
        #expect(hardware.calls == ["start", "prepare", "start"])
    }

    @Test("a machine that slept resumes the device")
    func suspended() throws {
        hardware.answers = [-Int(ESTRPIPE), 480, 480]
        _ = try read(1)
        #expect(hardware.calls == ["start", "resume"])
        #expect(counters.counts.xruns == 0)
    }

    @Test(
        "an unplugged device is said to be unplugged",
        arguments: [
            (ENODEV, .running), (EIO, .disconnected), (EBADFD, .disconnected),
        ] as [(CInt, PCMState)])
    func unplugged(errno: CInt, state: PCMState) throws {
        hardware.answers = [480, -Int(errno)]
        hardware.state = state
        let error = #expect(throws: DeviceError.self) { try read(3) }
        #expect(error?.code == .unplugged)
        #expect(error?.remedy != nil)
    }

    @Test("a sound server that ended is said to be gone at the first failure")
    func serverGone() throws {
        hardware.answers = [480, -Int(EPIPE)]
        hardware.prepared = -Int(ECONNREFUSED)
        let error = #expect(throws: DeviceError.self) { try read(3) }
        #expect(error?.code == .unplugged)
    }

    @Test("a device that only ever overruns is given up, not tried for ever")
    func hopeless() throws {
        hardware.answers = [Int](repeating: -Int(EPIPE), count: 100)
        let error = #expect(throws: DeviceError.self) { try read(1) }
        #expect(error?.code == .xrun)
    }

    @Test("a device that blocks is said to bring nothing")
    func blocks() throws {
        hardware.answers = [0]
        hardware.isDead = true
        let error = #expect(throws: DeviceError.self) { try read(1) }
        #expect(error?.code == .stalled)
    }

    @Test("of a device that delivers zeros the zeros are counted")
    func zeros() throws {
        #expect(try read(3).allSatisfy { if case .samples(160, _) = $0 { true } else { false } })
    }

    @Test("at its true rate a device that lies about it brings sound of the right length, in either direction")
    func trueRate() throws {
        let rate = SampleRate(hertz: 44_100)
        var input = try CardInput(FakePCM(hardware: hardware), name: "fake", at: rate, counters: counters)
        let wake = try Wake()
        var frame = [Int16](repeating: 0, count: 160)
        var reads = 0
        hardware.onRead = { reads += 1 }
        for _ in 0..<100 {
            var span = frame.mutableSpan
            _ = try input.read(into: &span, wake: wake)
        }
        #expect((91...93).contains(reads))  // a second is 44,100 frames of 480 a period, not 48,000
        let output = CardOutput(
            FakePCM(hardware: hardware), name: "fake", at: rate, clock: SteppedClock(), counters: counters)
        #expect(output.rate == rate)
    }

    @Test("a loudspeaker that ran dry is prepared, and takes the whole period again")
    func underrun() throws {
        var output = CardOutput(
            FakePCM(hardware: hardware), name: "fake", clock: SteppedClock(), counters: counters)
        let period = [Int16](repeating: 7, count: 480)
        hardware.answers = [100, -Int(EPIPE)]
        try output.write(period.span)
        #expect(hardware.calls == ["prepare"])
        #expect(hardware.written.count == 100 + 480)
        #expect(counters.counts.xruns == 1)
    }

    @Test("a loudspeaker that takes nothing, or never has room, is given up")
    func noRoom() throws {
        let wake = try Wake()
        var output = CardOutput(
            FakePCM(hardware: hardware), name: "fake", clock: SteppedClock(), counters: counters)
        hardware.answers = [Int](repeating: 0, count: 100)
        let period = [Int16](repeating: 7, count: 480)
        var thrown: DeviceError?
        do throws(DeviceError) { try output.write(period.span) } catch { thrown = error }
        #expect(thrown?.code == .xrun)
        hardware.answers = []
        hardware.queue = 2_880
        do throws(DeviceError) { _ = try output.waitForRoom(wake) } catch { thrown = error }
        #expect(thrown?.code == .stalled)
    }

    @Test("silencing stops a device that cannot be rewound, and rewinds one that can")
    func drop() throws {
        var output = CardOutput(
            FakePCM(hardware: hardware), name: "fake", clock: SteppedClock(), counters: counters)
        let period = [Int16](repeating: 7, count: 480)
        try output.write(period.span)
        #expect(try output.drop() == DroppedSound(unheard: 480, isSeamless: false))
        #expect(hardware.calls == ["drop", "prepare"])
        hardware.canRewind = true
        try output.write(period.span)
        #expect(try output.drop() == DroppedSound(unheard: 432, isSeamless: true))
        #expect(try output.delay() == 48)
    }

    @Test("a loudspeaker that has not begun to play holds all that was written, whatever it says")
    func delayBeforeTheBeginning() throws {
        var output = CardOutput(
            FakePCM(hardware: hardware), name: "fake", clock: SteppedClock(), counters: counters)
        hardware.hasDelayOnlyWhenRunning = true
        let period = [Int16](repeating: 7, count: 480)
        for count in 1...3 {
            try output.write(period.span)
            #expect(try output.delay() == count * 480)
        }
        hardware.state = .running
        hardware.queue = 1_000
        #expect(try output.delay() == 1_000)
        hardware.state = .prepared
        #expect(try output.drop().unheard == 3 * 480)
        try output.write(period.span)
        #expect(try output.delay() == 480)
    }

    @Test("what an unknown error is, is said in the system's words")
    func words() {
        let error = DeviceError.alsa(-Int(EBUSY), "cannot open", "alsa:hw:1")
        #expect(error.code == .busy)
        #expect(error.message == "cannot open alsa:hw:1: Device or resource busy")
    }
}

@Suite("Rate watch", .timeLimit(.minutes(5)))
struct RateWatchTests {
    /// Feeds periods of 10 ms of `actual` frames a second. - Returns: what was found, and when.
    private func run(claimed: Int, actual: Double, seconds: Int, stallEvery: Int = .max) -> (rate: Int, at: Duration)? {
        var watch = RateWatch(claimed: SampleRate(hertz: claimed))
        var now = Duration.seconds(5_000)
        var due = 0.0
        for period in 0..<seconds * 100 {
            now += .milliseconds(10)
            due += actual / 100
            if period % stallEvery == stallEvery - 1 { now += .seconds(1) }
            let count = Int(due)
            due -= Double(count)
            if let rate = watch.observe(count, now: now) { return (rate, now - .seconds(5_000)) }
        }
        return nil
    }

    @Test(
        "a device that runs at another rate than it claims is found out in seconds",
        arguments: [(48_000, 44_100.0), (16_000, 48_000), (44_100, 48_000)])
    func liar(claimed: Int, actual: Double) throws {
        let found = try #require(run(claimed: claimed, actual: actual, seconds: 60))
        #expect(abs(Double(found.rate) - actual) < actual * 0.01)
        #expect(found.at < .seconds(20))
    }

    @Test(
        "an honest device with a bad crystal, or on a machine that stalls, is left alone",
        arguments: [
            (48_000.0, .max), (48_020, .max), (47_000, .max), (48_000, 700),
        ] as [(Double, Int)])
    func honest(actual: Double, stallEvery: Int) {
        #expect(run(claimed: 48_000, actual: actual, seconds: 120, stallEvery: stallEvery) == nil)
    }
}

@Suite("Negotiation", .timeLimit(.minutes(5)))
struct NegotiationTests {
    /// A device that can do what its lists say.
    struct Space: HardwareSpace {
        var formats: [SampleFormat] = [.signed16]
        var channels = 1...2
        var rates = [48_000]
        var convertedRates: [Int] = []
        var periods = 64...8_192
        var buffers = 128...16_384
        var isResampling = true

        mutating func allowResampling(_ isAllowed: Bool) { isResampling = isAllowed }
        func accept(format: SampleFormat) -> Bool { formats.contains(format) }
        func accept(channels count: Int) -> Bool { channels.contains(count) }
        func accept(rate: SampleRate) -> Bool { (rates + (isResampling ? convertedRates : [])).contains(rate.hertz) }
        func nearest(rate: SampleRate) -> SampleRate? {
            (rates + convertedRates).min { abs($0 - rate.hertz) < abs($1 - rate.hertz) }.map { SampleRate(hertz: $0) }
        }
        func nearest(channels count: Int) -> Int? { max(channels.lowerBound, min(channels.upperBound, count)) }
        func nearest(period: Int) -> Int? { max(periods.lowerBound, min(periods.upperBound, period)) }
        func nearest(buffer: Int) -> Int? { max(buffers.lowerBound, min(buffers.upperBound, buffer)) }
    }

    private func configure(_ space: Space, _ direction: DeviceDirection = .output) throws(DeviceError)
        -> PCMConfiguration
    {
        var space = space
        return try PCMNegotiation(direction: direction).configure(&space, name: "fake")
    }

    @Test("a common card: 48 kHz, mono, 16 bit, periods of 10 ms, of a packet for a capture, and a buffer of 200 ms")
    func common() throws {
        let output = try configure(Space())
        #expect(
            output
                == PCMConfiguration(
                    rate: SampleRate(hertz: 48_000), format: .signed16, channels: 1, period: 480, buffer: 9_600))
        let input = try configure(Space(), .input)
        #expect((input.period, input.buffer) == (960, 9_600))
    }

    @Test("hardware that has stereo, 32 bits and its own rates only is taken as it is")
    func professional() throws {
        let space = Space(formats: [.signed32, .signed24], channels: 2...2, rates: [44_100, 96_000])
        let found = try configure(space)
        #expect((found.rate.hertz, found.format, found.channels) == (44_100, .signed32, 2))
        let many = try configure(Space(channels: 8...18))
        #expect(many.channels == 8)
    }

    @Test("the converter of ALSA is used only when the device has no rate that we know")
    func conversion() throws {
        #expect(try configure(Space(rates: [16_000], convertedRates: [48_000])).rate.hertz == 16_000)
        #expect(try configure(Space(rates: [12_345], convertedRates: [])).rate.hertz == 12_345)
    }

    @Test("a device that takes nothing that we know is refused in words")
    func refused() {
        for space in [
            Space(formats: []), Space(channels: 65...80), Space(rates: []),
            Space(periods: 4_000...4_000, buffers: 4_000...4_000),
        ] {
            let error = #expect(throws: DeviceError.self) { try configure(space) }
            #expect(error?.code == .other)
            #expect(error?.message.contains("fake") == true)
        }
    }
}
