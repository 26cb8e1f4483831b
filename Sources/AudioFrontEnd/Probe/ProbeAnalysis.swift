import AudioCore
import Glibc

/// Finds out from a recording what it says about the devices: the same recording, the same findings.
package struct ProbeAnalysis: Sendable {
    private static let frame = EchoCanceller.frame
    private static let chirp = Chirp(rate: .voice)
    /// A chirp that stands out less is chance.
    private static let strength = 8.0
    /// A device that reports its delay wrongly may seem to hear before it plays: by so much at most.
    private static let tooEarly = Duration.milliseconds(100)
    /// Chirps whose lags differ by more samples than this have come through different doors: 30 ms.
    private static let sameness = 480.0
    /// Who brings no louder sample in all the time brings nothing.
    private static let nothing: Int16 = 3
    private static let fullScale: Int16 = 32_760
    /// The loudspeaker is heard in frames at least this strong, per sample: −50 dBFS.
    private static let audible = 32_768.0 * 32_768.0 * 1e-5

    let recording: ProbeRecording
    private let sound: ProbeSound

    /// - Parameters:
    ///   - recording: begun before the sound was.
    ///   - sound: what was played, at any rate.
    package init(_ recording: ProbeRecording, of sound: ProbeSound) {
        self.recording = recording
        self.sound = sound
    }

    package func findings() throws(ProbeFailure) -> ProbeFindings {
        guard let played = start() else { throw .nothingPlayed }
        guard recording.microphone.contains(where: { abs(Int($0)) > Int(Self.nothing) }) else { throw .nothingCaptured }
        let chirps = sound.chirps.compactMap { heard(played + samples($0)) }
        let lag = commonLag(of: chirps)
        // Without an echo, where it would be: the judgements below are of the same stretch.
        let offset = lag ?? Double(capturePosition(at: leaving(played)) - played)
        let noise = noisePower(before: played + Int(offset))
        let speech = stretch(sound.speech, from: played)
        let fires = falseBargeIns(in: shifted(speech, by: offset))
        return ProbeFindings(
            echo: lag.map { echo(of: chirps, at: $0, in: speech, over: noise) },
            noiseFloor: decibels(noise, over: 32_768 * 32_768),
            rise: decibels(meanPower(in: shifted(speech, by: offset)), over: noise),
            clipped: clipped(in: shifted(speech, by: offset)),
            falseBargeIns: fires,
            falseBargeInsPerMinute: Double(fires) * (.seconds(60) / SampleRate.voice.duration(of: speech.count)),
            canceller: recording.canceller)
    }

    // MARK: Chirps

    /// A chirp that was played and heard: where, in samples of the loudspeaker's and the microphone's.
    private struct HeardChirp {
        var played: Int
        var heard: Double
        /// Between the two, ms, by the devices' reports.
        var delay: Double
        var lag: Double { heard - Double(played) }
    }

    /// Where the sound begins in what left, by its first chirp, which nothing else is before; nil when it is not there.
    private func start() -> Int? {
        let first = samples(sound.chirps[0])
        let range = 0..<(first + samples(.milliseconds(450)))
        guard let found = Self.chirp.find(in: recording.loudspeaker, from: range), found.strength > Self.strength
        else { return nil }
        return Int(found.position.rounded()) - first
    }

    /// Looks for the chirp that was played at a position of the loudspeaker's.
    private func heard(_ played: Int) -> HeardChirp? {
        let left = leaving(played)
        let expected = capturePosition(at: left)
        let range = expected - samples(Self.tooEarly)..<expected + samples(ProbeSound.longestDelay)
        guard let found = Self.chirp.find(in: recording.microphone, from: range), found.strength > Self.strength
        else { return nil }
        let captured = Double(captureOrigin(around: Int(found.position) / Self.frame))
        let delay = captured + found.position * Double(EchoReference.period) - Double(left)
        return HeardChirp(played: played, heard: found.position, delay: delay / 1e6)
    }

    /// The lag on which most chirps agree, in samples; nil unless two chirps were heard, which chance does not bring.
    private func commonLag(of chirps: [HeardChirp]) -> Double? {
        guard chirps.count >= 2 else { return nil }
        let groups = chirps.map { chirp in chirps.map(\.lag).filter { abs($0 - chirp.lag) < Self.sameness } }
        return groups.max { $0.count < $1.count }.flatMap { median($0) }
    }

    // MARK: Levels

    private func echo(
        of chirps: [HeardChirp], at lag: Double, in speech: Range<Int>, over noise: Double
    ) -> ProbeFindings.Echo {
        let steady = chirps.filter { abs($0.lag - lag) < Self.sameness }
        let delays = chirps.map(\.delay)
        let all = sums(of: speech, at: lag)
        let early = sums(of: speech.prefix(samples(.seconds(3))), at: lag)
        let settled = sums(of: speech.suffix(samples(.seconds(5))), at: lag)
        return ProbeFindings.Echo(
            delay: median(steady.map(\.delay)) ?? 0, spread: (delays.max() ?? 0) - (delays.min() ?? 0),
            below: decibels(all.loudspeaker, over: max(1, all.microphone - noise * all.samples)),
            drift: drift(
                of: steady.map { PathPoint(played: $0.played, lag: $0.lag) } + path(of: speech, at: lag, over: noise)),
            early: decibels(early.microphone, over: early.processed),
            settled: decibels(settled.microphone, over: settled.processed),
            leftOverNoise: decibels(settled.processed, over: noise * settled.samples))
    }

    /// Powers summed over the frames in which the loudspeaker was heard.
    private struct Sums {
        var loudspeaker = 0.0
        var microphone = 0.0
        /// No less than what rounding to whole numbers leaves.
        var processed = 0.0
        var samples = 0.0
    }

    private func sums(of stretch: Range<Int>, at lag: Double) -> Sums {
        var sums = Sums()
        for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: Self.frame) {
            let played = power(recording.loudspeaker, from: start)
            guard played > Self.audible * Double(Self.frame) else { continue }
            let heard = start + Int(lag.rounded())
            sums.loudspeaker += played
            sums.microphone += power(recording.microphone, from: heard)
            sums.processed += power(recording.processed, from: heard + recording.latency) + Double(Self.frame) / 12
            sums.samples += Double(Self.frame)
        }
        return sums
    }

    /// Mean power of a sample while nothing is played: the median of frames, so that a knock does not count.
    private func noisePower(before heard: Int) -> Double {
        let last = heard + samples(sound.chirps[0]) - samples(.milliseconds(100))
        let powers = stride(from: 0, to: max(Self.frame, last - Self.frame), by: Self.frame).map {
            power(recording.microphone, from: $0) / Double(Self.frame)
        }
        return max(1.0 / 12, median(powers) ?? 0)
    }

    /// Mean power of a sample of the microphone's.
    private func meanPower(in stretch: Range<Int>) -> Double {
        let heard = recording.microphone[stretch.clamped(to: recording.microphone.indices)]
        return heard.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(1, heard.count))
    }

    private func clipped(in stretch: Range<Int>) -> Double {
        let heard = recording.microphone[stretch.clamped(to: recording.microphone.indices)]
        return Double(heard.count { abs(Int($0)) >= Int(Self.fullScale) }) / Double(max(1, heard.count))
    }

    /// Times that 200 ms of voice came within 400 ms, as speaking into an answer is judged; what silences the answer
    /// once cannot do so again until it goes on, 1.5 s later.
    private func falseBargeIns(in stretch: Range<Int>) -> Int {
        let frames = stretch.lowerBound / Self.frame..<stretch.upperBound / Self.frame
        var (fires, voiced, quietUntil) = (0, 0, 0)
        for frame in frames.clamped(to: recording.hearsVoice.indices) {
            if recording.hearsVoice[frame] { voiced += 1 }
            if frame - 40 >= frames.lowerBound, recording.hearsVoice[frame - 40] { voiced -= 1 }
            guard voiced >= 20, frame >= quietUntil else { continue }
            fires += 1
            quietUntil = frame + 150
        }
        return fires
    }

    // MARK: Time

    /// When a sample of the loudspeaker's left, ns: its report of that moment, cleared of jitter.
    private func leaving(_ position: Int) -> Int64 {
        let since = Int64(position) * EchoReference.period
        let rough = (recording.leftAt.first ?? 0) + since
        let frame = Int((rough - (recording.capturedAt.first ?? 0)) / 10_000_000)
        return median(of: recording.leftAt, around: frame) + since
    }

    /// Which of the microphone's samples was captured at a time.
    private func capturePosition(at time: Int64) -> Int {
        let frame = Int((time - (recording.capturedAt.first ?? 0)) / 10_000_000)
        return Int((time - captureOrigin(around: frame)) / EchoReference.period)
    }

    /// When the microphone's first sample was captured, ns, as the reports around a frame have it.
    private func captureOrigin(around frame: Int) -> Int64 {
        let origins = recording.capturedAt.enumerated().map { $1 - Int64($0) * 10_000_000 }
        return median(of: origins, around: frame)
    }

    /// Over a second.
    private func median(of values: [Int64], around frame: Int) -> Int64 {
        let frame = max(0, min(values.count - 1, frame))
        let near = values[max(0, frame - 50)..<min(values.count, frame + 50)].sorted()
        return near.isEmpty ? 0 : near[near.count / 2]
    }

    private func stretch(_ range: Range<Duration>, from start: Int) -> Range<Int> {
        start + samples(range.lowerBound)..<start + samples(range.upperBound)
    }

    private func shifted(_ range: Range<Int>, by lag: Double) -> Range<Int> {
        let lag = Int(lag.rounded())
        return max(0, range.lowerBound + lag)..<max(0, range.upperBound + lag)
    }

    private func samples(_ duration: Duration) -> Int { SampleRate.voice.frames(in: duration) }

    func power(_ samples: [Int16], from start: Int, count: Int = EchoCanceller.frame) -> Double {
        samples[(start..<start + count).clamped(to: samples.indices)].reduce(0) { $0 + Double($1) * Double($1) }
    }

    func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private func decibels(_ power: Double, over other: Double) -> Double { 10 * log10(max(1e-12, power / other)) }
}
