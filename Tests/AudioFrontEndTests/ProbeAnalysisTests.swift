import AudioCore
import AudioFrontEnd
import Testing

/// A recording of a room that is made, not heard: 16 kHz, ±32,768 at full scale.
private struct MadeRoom {
    static let sound = ProbeSound(rate: .voice)

    /// Between leaving and being captured, in samples.
    var delay = 1_600.0
    /// How much faster the loudspeaker's clock runs, parts in a million.
    var drift = 0.0
    /// 0 for headphones.
    var gain = 0.25
    /// RMS, linear.
    var noise = 0.001
    /// What the front end leaves of the microphone's sound: at first, and from 3 s of the noise on.
    var left = (early: 0.1, settled: 0.01)
    var volume = 1.0
    var canceller = EchoGrade.cancelling
    /// Frames of the speech in which a voice is heard.
    var voiced: [Range<Int>] = []
    /// Reports of the capture come this much too late or early, ns.
    var jitter = 0

    /// The loudspeaker's position 0 leaves 50 ms before the microphone's first sample.
    private static let lead = 800

    func recording(latency: Int = 96) -> ProbeRecording {
        let sound = Self.sound.samples.map { Int16(Double($0) * volume) }
        let loudspeaker = [Int16](repeating: 0, count: Self.lead) + sound
        let count = (loudspeaker.count + 8_000) / 160 * 160
        var random = Seeded(7)
        let microphone = (0..<count).map { index in
            let hiss = Double(random.unit()) * noise * 1.732 * 32_768
            return Int16(clamping: Int((hiss + gain * played(loudspeaker, at: Double(index))).rounded()))
        }
        let settling = Self.lead + Int(delay) + frames(Self.sound.speech.lowerBound) + 48_000
        var processed = [Int16](repeating: 0, count: count)
        for index in latency..<count {
            let kept = index - latency < settling ? left.early : left.settled
            processed[index] = Int16(Double(microphone[index - latency]) * kept)
        }
        let start = (frames(Self.sound.speech.lowerBound) + Int(delay)) / 160
        let stamps = (0..<count / 160).map { Int64($0) * 10_000_000 + Int64(jitter * ($0 % 3 - 1)) }
        var status = EchoStatus.Reading()
        status.grade = canceller
        return ProbeRecording(
            microphone: microphone, processed: processed, latency: latency,
            hearsVoice: stamps.indices.map { index in voiced.contains { $0.contains(index - start) } },
            capturedAt: stamps, loudspeaker: loudspeaker,
            leftAt: Array(repeating: Int64(-Self.lead) * 62_500, count: stamps.count), canceller: status)
    }

    /// What is heard at a sample of the microphone's, between two of the loudspeaker's.
    private func played(_ loudspeaker: [Int16], at index: Double) -> Double {
        let place = (index - delay) * (1 + drift / 1e6) + Double(Self.lead)
        let whole = Int(place.rounded(.down))
        guard whole >= 0, whole + 1 < loudspeaker.count else { return 0 }
        let part = place - Double(whole)
        return Double(loudspeaker[whole]) * (1 - part) + Double(loudspeaker[whole + 1]) * part
    }

    private func frames(_ duration: Duration) -> Int { SampleRate.voice.frames(in: duration) }

    func findings() throws -> ProbeFindings {
        try ProbeAnalysis(recording(), of: ProbeSound(rate: .speech)).findings()
    }
}

@Suite("What a probe finds out", .timeLimit(.minutes(5)))
struct ProbeAnalysisTests {
    @Test("delay, level and drift are those of the room", arguments: [(100.0, 0.0), (12.5, 200), (350, -80)])
    func finds(delay: Double, drift: Double) throws {
        var room = MadeRoom()
        room.delay = delay * 16
        room.drift = drift
        room.jitter = 3_000_000
        let findings = try room.findings()
        let echo = try #require(findings.echo)
        // The clocks drift apart by 3 ms in the time at 200 ppm; the median chirp lies in the middle of it.
        #expect(abs(echo.delay - delay) < 0.1 + abs(drift) * 0.016)
        #expect(abs(echo.below - 12.04) < 0.3)
        let found = try #require(echo.drift)
        #expect(abs(found.value - drift) <= found.uncertainty)
        #expect(found.uncertainty < 15)
        #expect(abs(findings.noiseFloor + 60) < 0.5)
        #expect(findings.problems.isEmpty)
    }

    @Test("what is left of the echo is told at first and in the end")
    func attenuation() throws {
        let echo = try #require(try MadeRoom().findings().echo)
        #expect(abs(echo.early - 20) < 0.5)
        #expect(abs(echo.settled - 40) < 1)
        #expect(echo.leftOverNoise < 0)
    }

    @Test("headphones are no echo and no problem")
    func headphones() throws {
        var room = MadeRoom()
        room.gain = 0
        room.canceller = .raisedThreshold
        let findings = try room.findings()
        #expect(findings.echo == nil)
        #expect(findings.problems.isEmpty)
        #expect(abs(findings.noiseFloor + 60) < 0.5)
    }

    @Test("a path that jumps is found where most chirps agree, and is no drift")
    func jump() throws {
        var recording = MadeRoom().recording()
        // 60 ms are lost between the third chirp and the fourth.
        let lost = recording.microphone.count - 24_000
        recording.microphone.removeSubrange(lost..<lost + 960)
        recording.microphone += Array(repeating: 0, count: 960)
        let echo = try #require(try ProbeAnalysis(recording, of: ProbeSound(rate: .speech)).findings().echo)
        #expect(abs(echo.delay - 100) < 0.1)
        #expect(abs(echo.spread - 60) < 0.2)
        #expect(!echo.isSteady)
        let drift = try #require(echo.drift)
        #expect(abs(drift.value) < drift.uncertainty)
    }

    @Test("a path that jumps a little in the middle is not taken for a drift")
    func smallJump() throws {
        var recording = MadeRoom().recording()
        let middle = recording.microphone.count / 2
        recording.microphone.removeSubrange(middle..<middle + 46)
        recording.microphone += Array(repeating: 0, count: 46)
        let echo = try #require(try ProbeAnalysis(recording, of: ProbeSound(rate: .speech)).findings().echo)
        #expect(abs(echo.spread - 2.9) < 0.1)
        #expect(echo.drift == nil)
    }

    @Test("who hears something, and no chirp, does not wear headphones")
    func unclear() throws {
        var room = MadeRoom()
        room.delay = 30_000
        room.canceller = .raisedThreshold
        let findings = try room.findings()
        #expect(findings.echo == nil)
        #expect(findings.problems == [.unclear])
    }

    @Test("a microphone that brings zeros, and a loudspeaker without volume, are told apart")
    func nothing() {
        var room = MadeRoom()
        room.gain = 0
        room.noise = 0
        #expect(throws: ProbeFailure.nothingCaptured) { try room.findings() }
        room.noise = 0.001
        room.volume = 0
        #expect(throws: ProbeFailure.nothingPlayed) { try room.findings() }
    }

    @Test("a recording of nothing is a failure and no trap")
    func empty() {
        let nothing = ProbeRecording(
            microphone: [], processed: [], latency: 0, hearsVoice: [], capturedAt: [], loudspeaker: [], leftAt: [],
            canceller: EchoStatus.Reading())
        #expect(throws: ProbeFailure.nothingPlayed) {
            try ProbeAnalysis(nothing, of: ProbeSound(rate: .speech)).findings()
        }
        var brief = MadeRoom().recording()
        brief.microphone.removeLast(brief.microphone.count - 1_600)
        brief.processed = []
        brief.hearsVoice = []
        brief.capturedAt = []
        brief.leftAt = []
        #expect(throws: Never.self) { try ProbeAnalysis(brief, of: ProbeSound(rate: .speech)).findings() }
    }

    @Test("an overdriven microphone is told, and still heard")
    func clipping() throws {
        var room = MadeRoom()
        room.gain = 6
        let findings = try room.findings()
        #expect(findings.problems == [.clipping])
        #expect(findings.echo != nil)
    }

    @Test("a canceller that does not work is told")
    func uncancelled() throws {
        var room = MadeRoom()
        room.canceller = .halfDuplex
        #expect(try room.findings().problems == [.uncancelled])
        room.canceller = .cancelling
        room.left = (1, 0.7)
        #expect(try room.findings().problems == [.uncancelled])
    }

    @Test("voice of 200 ms within 400 ms would barge in, once until the answer goes on")
    func falseBargeIns() throws {
        var room = MadeRoom()
        room.voiced = [100..<119, 200..<219, 260..<279]
        #expect(try room.findings().falseBargeIns == 0)
        room.voiced = [100..<110, 125..<135]
        var findings = try room.findings()
        #expect(findings.falseBargeIns == 1)
        #expect(abs(findings.falseBargeInsPerMinute - 6) < 0.01)
        #expect(findings.problems == [.firesOnce])
        room.voiced = [100..<200, 700..<720]
        findings = try room.findings()
        #expect(findings.falseBargeIns == 2)
        #expect(findings.problems == [.fires])
        // Before the noise begins and after it is over nothing can fire.
        room.voiced = [-200..<0, 1_000..<1_100]
        #expect(try room.findings().falseBargeIns == 0)
    }
}

@Suite("The recorder of a probe", .timeLimit(.minutes(5)))
struct ProbeRecorderTests {
    private static func heard(_ frame: Int) -> [Int16] { (0..<160).map { Int16(frame * 100 + $0 % 7) } }

    @Test("before and after the front end, with what left meanwhile, from the beginning to the full length")
    func records() throws {
        let reference = EchoReference()
        var tap = reference.makeTap()
        let frontEnd = try FrontEnd(reference: reference)
        let full = Calls()
        let recorder = ProbeRecorder(frontEnd, reference: reference, lasting: .seconds(1)) { full.count += 1 }
        let played = Acoustics.speech(seconds: 2, seed: 3).integers
        for frame in 0..<150 {
            if frame == 20 { recorder.begin() }
            let period = played.span.extracting(frame * 160..<(frame + 1) * 160)
            tap.willLeave(period, rate: .voice, at: .milliseconds(10 * frame + 40))
            var heard = Self.heard(frame)
            var span = heard.mutableSpan
            recorder.process(&span, capturedAt: .milliseconds(10 * frame))
        }
        let recording = recorder.recording
        #expect(full.count == 1)
        #expect(recording.microphone == (20..<120).flatMap(Self.heard))
        #expect(recording.processed.count == 16_000)
        #expect(recording.processed != recording.microphone)
        #expect(recording.capturedAt == (20..<120).map { Int64($0) * 10_000_000 })
        #expect(recording.hearsVoice.count == 100)
        // Kept from the 21st period's end on, which leaves 40 ms later than it is announced.
        #expect(recording.leftAt.allSatisfy { $0 == 250_000_000 })
        #expect(recording.loudspeaker.count == 99 * 160)
        #expect(recording.loudspeaker.prefix(8_000) == played[3_360..<11_360])
    }
}

/// Counts on the one thread of a test.
private final class Calls: @unchecked Sendable { var count = 0 }
