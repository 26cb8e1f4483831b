import Glibc

/// Decides, frame by frame, whether somebody speaks while the loudspeaker does.
///
/// What the canceller leaves of the echo is, band by band, a share of the echo that it took away. That share is followed
/// as a quantile, which a voice now and then does not move much. A frame that holds clearly more than its share in many
/// bands, and in sum, for five frames or so, holds a voice. Until the canceller has been seen to work, and while the
/// echo has just moved, nothing that the loudspeaker may have said counts as a voice.
struct VoiceOverEcho {
    /// One frame's powers in the bands, sums over bins.
    struct Frame {
        /// What is left after the canceller, what it took away with its reverberation, the noise floor, and the
        /// microphone.
        var residual = Bands.Values(repeating: 0)
        var echo = Bands.Values(repeating: 0)
        var noise = Bands.Values(repeating: 0)
        var microphone: Float = 0
    }

    /// The share of the echo that the canceller leaves, dB, by band.
    private(set) var leak = Bands.Values(repeating: 0)
    private(set) var grade = EchoGrade.halfDuplex
    /// Somebody speaks.
    private(set) var isOpen = false

    /// The newest three frames' excess, mean over the bands and in sum, dB.
    private var excess = InlineArray<3, Float>(repeating: 0)
    private var excessInSum = InlineArray<3, Float>(repeating: 0)
    private var frames = 0
    private var firing = 0
    private var hold = 0
    private var openFor = 0
    private var veto = 0
    private var microphoneMean: Float = 0
    private var residualMean: Float = 0
    private var workingFor = 0
    /// Playback without a canceller that works: frames, and the power of microphone and noise over them.
    private var playedFor = 0
    private var playedMicrophone: Float = 0
    private var playedNoise: Float = 0
    /// Trusted because there was no echo to cancel, as with headphones.
    private var trustsSilence = false

    /// How far the canceller brings the echo down, dB, over about 200 ms of echo.
    var returnLoss: Float { 10 * log10f((microphoneMean + 1e-9) / (residualMean + 1e-9)) }

    /// - Parameters:
    ///   - isPlaying: the loudspeaker is, or just was, heard.
    ///   - isEchoFound: the microphone has been seen to hear it.
    ///   - isMoving: the echo seems to come at another lag than before.
    ///   - hasMoved: it has.
    ///   - isAligned: what the canceller left can be a voice at all.
    mutating func hear(
        _ frame: Frame, isPlaying: Bool, isEchoFound: Bool, isMoving: Bool, hasMoved: Bool, isAligned: Bool
    ) {
        measure(frame)
        if hasMoved || trustsSilence && isEchoFound { beginAnew() }
        judgeCanceller()
        if isPlaying, grade == .halfDuplex { judgeSilence(frame, isEchoFound) }
        guard isPlaying, grade != .halfDuplex else {
            hold = 0
            openFor = 0
            isOpen = false
            return
        }
        decide(isMoving, isAligned)
    }

    private mutating func measure(_ frame: Frame) {
        var (mean, residualSum, expectedSum, echoSum, noiseSum): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
        for band in 0..<Bands.count {
            let expected = powf(10, leak[band] / 10) * frame.echo[band] + 1.5 * frame.noise[band]
            mean += min(15, max(0, decibels(frame.residual[band], expected)))
            residualSum += frame.residual[band]
            expectedSum += expected
            echoSum += frame.echo[band]
            noiseSum += frame.noise[band]
        }
        excess[frames % 3] = mean / Float(Bands.count)
        excessInSum[frames % 3] = decibels(residualSum, expectedSum)
        frames += 1
        follow(frame)
        if echoSum > 10 * noiseSum {
            microphoneMean = 0.95 * microphoneMean + 0.05 * frame.microphone
            residualMean = 0.95 * residualMean + 0.05 * residualSum
        }
    }

    private var meanExcess: Float { (excess[0] + excess[1] + excess[2]) / 3 }
    private var meanExcessInSum: Float { (excessInSum[0] + excessInSum[1] + excessInSum[2]) / 3 }

    /// The 80 % quantile of the share, by steps up and down whose ratio is that of the chances.
    private mutating func follow(_ frame: Frame) {
        let quantile: Float = 0.8
        // What may be a voice moves it up hardly at all.
        let trust: Float = meanExcess < 4 || grade == .halfDuplex ? 1 : 0.04
        for band in 0..<Bands.count where frame.echo[band] > 10 * frame.noise[band] {
            let share = decibels(frame.residual[band], frame.echo[band])
            let step = share > leak[band] ? quantile * trust : quantile - 1
            leak[band] = max(-30, min(10, leak[band] + 0.5 * step))
        }
    }

    private mutating func beginAnew() {
        grade = .halfDuplex
        workingFor = 0
        microphoneMean = 0
        residualMean = 0
        playedFor = 0
        playedMicrophone = 0
        playedNoise = 0
        trustsSilence = false
    }

    private mutating func judgeCanceller() {
        workingFor = returnLoss > 6 ? workingFor + 1 : 0
        if grade == .halfDuplex, workingFor > 20 { grade = .raisedThreshold }
        if grade == .raisedThreshold, workingFor > 200 { grade = .cancelling }
    }

    /// Who hears nothing of the loudspeaker in two and a half seconds of it wears headphones, or has it turned down.
    private mutating func judgeSilence(_ frame: Frame, _ isEchoFound: Bool) {
        playedFor += 1
        playedMicrophone += frame.microphone
        for band in 0..<Bands.count { playedNoise += frame.noise[band] }
        guard playedFor >= 250 else { return }
        if !isEchoFound || playedMicrophone < 10 * playedNoise {
            grade = .raisedThreshold
            trustsSilence = !isEchoFound
        }
        playedFor = 0
        playedMicrophone = 0
        playedNoise = 0
    }

    private mutating func decide(_ isMoving: Bool, _ isAligned: Bool) {
        let raised: Float = grade == .raisedThreshold ? 0.5 : 0
        var fires = isAligned && meanExcess > 3 + raised && meanExcessInSum > 2 + raised
        firing = fires ? min(20, firing + 1) : max(0, firing - 1)
        openFor = hold > 0 ? openFor + 1 : 0
        // A voice does not come with an echo that moves; one that has long been heard may go on.
        veto = isMoving && openFor < 30 ? 15 : max(0, veto - 1)
        if veto > 0 {
            firing = 0
            hold = 0
            fires = false
        }
        if fires, hold > 0 || firing >= 5 {
            hold = 15
        } else if hold > 0 {
            hold = meanExcess > 1.5 ? max(hold, 8) : hold - 1
        }
        isOpen = hold > 0
    }

    private func decibels(_ power: Float, _ over: Float) -> Float { 10 * log10f(power / (over + 1e-12) + 1e-9) }
}
