import Glibc

/// Takes what the canceller left of the echo out of the sound that is sent.
///
/// The signal that decides is not the signal that is sent. While only the loudspeaker is heard, the residual is
/// replaced by noise like the room's, so that nothing is left that a voice detector could take for a voice. While
/// somebody speaks as well, each bin is turned down by the share of echo that is expected in it (a Wiener filter), and
/// by 15 dB at most. Without an echo every bin passes as it is. `VoiceOverEcho` decides, 30 ms ahead of the sound, so
/// that a voice's onset is not clipped.
final class EchoSuppressor {
    private static let frame = EchoCanceller.frame
    private static let window = 2 * frame
    /// Frames that the decision is ahead of the sound.
    private static let lookahead = 3
    /// How much later a sample leaves than it came: the window's overlap, and that.
    static let latency = frame * (1 + lookahead)
    /// Frames for which a loudspeaker that fell silent may still be heard: 250 ms.
    private static let reverberation = 25

    private let transform: Transform
    private(set) var decision = VoiceOverEcho()
    private let shape = LaneStore(lanes: window / Lane.scalarCount)
    private let residual = LaneStore(lanes: window / Lane.scalarCount)
    private let echo = LaneStore(lanes: window / Lane.scalarCount)
    private let output = LaneStore(lanes: window / Lane.scalarCount)
    private let block = LaneStore(lanes: Transform.size / Lane.scalarCount)
    /// The residual's spectra from the newest back to the one that is sent, and the echo's power with its
    /// reverberation beside them.
    private let spectra = LaneStore(lanes: (lookahead + 1) * Spectrum.stride)
    private let echoPowers = LaneStore(lanes: (lookahead + 1) * Spectrum.lanes)
    private let echoSpectrum = LaneStore(lanes: Spectrum.stride)
    private let reverberant = LaneStore(lanes: Spectrum.lanes)
    private let power = LaneStore(lanes: Spectrum.lanes)
    private let microphonePower = LaneStore(lanes: Spectrum.lanes)
    private let gains = LaneStore(lanes: Spectrum.lanes)
    /// The newest frames as they came, as many as the sound is late.
    private let recent = LaneStore(lanes: (lookahead + 1) * frame / Lane.scalarCount)
    private var floor = NoiseFloor()
    private var frames = 0
    private var sinceReference = Int.max / 2
    private var random: UInt32 = 1
    /// The newest frame passed by, so that nothing overlaps with the next.
    private var isPassing = false

    init(_ transform: Transform) {
        self.transform = transform
        gains.fill(1)
        for index in 0..<Self.window {
            shape.floats[index] = Float(sin(Double.pi * (Double(index) + 0.5) / Double(Self.window)))
        }
    }

    /// The loudspeaker is heard, or was a moment ago.
    var isPlaying: Bool { sinceReference < Self.reverberation }

    /// Every bin passes as it is, and will while the loudspeaker is silent.
    private(set) var isTransparent = true

    /// - Parameters:
    ///   - residual: one frame of what the canceller left: shape `[160]`, as is `echo`, what it took away.
    ///   - isReferenceAudible: the loudspeaker plays something in this frame.
    ///   - delay: what has been found out about the echo's way.
    ///   - isAligned: what the canceller left can be a voice at all.
    ///   - output: one frame, `latency` samples later.
    /// - Note: RT safe.
    func process(
        residual newResidual: UnsafePointer<Float>, echo newEcho: UnsafePointer<Float>, isReferenceAudible: Bool,
        delay: DelayEstimator, isAligned: Bool, into output: UnsafeMutablePointer<Float>
    ) {
        if isPassing { resume() }
        sinceReference = isReferenceAudible ? 0 : sinceReference + 1
        let newest = take(newResidual, replacing: nil)
        analyse(newEcho, in: echo, into: Spectrum(echoSpectrum))
        measure(newest)
        floor.follow(power.base, duringEcho: isPlaying)
        decision.hear(
            bands(), isPlaying: isPlaying, isEchoFound: delay.delay != nil, isMoving: delay.isMoving,
            hasMoved: delay.hasMoved, isAligned: isAligned)
        synthesise(frames % (Self.lookahead + 1), into: output)
    }

    /// Does what `process` does, for a fifth of the work, to a microphone that hears no echo. Only while `isTransparent`, and
    /// a while after the loudspeaker was last heard.
    ///
    /// - Parameters:
    ///   - microphone: one frame: shape `[160]`.
    ///   - output: one frame, `latency` samples later.
    /// - Note: RT safe.
    func pass(_ microphone: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        isPassing = true
        let newest = take(microphone, replacing: output)
        let spectrum = Spectrum(spectra, newest)
        for lane in 0..<Spectrum.lanes { power.base[lane] = spectrum.power(lane) }
        floor.follow(power.base, duringEcho: false)
    }

    /// Makes up for what was not done while frames passed by: the half of the last frame that overlaps with the next.
    private func resume() {
        isPassing = false
        reverberant.fill(0)
        echoPowers.fill(0)
        output.fill(0)
        synthesise(frames % (Self.lookahead + 1), into: block.floats)
    }

    /// Keeps a new frame and its spectrum.
    ///
    /// - Parameter oldest: the frame that it takes the place of is written here.
    /// - Returns: the place of its spectrum.
    private func take(_ frame: UnsafePointer<Float>, replacing oldest: UnsafeMutablePointer<Float>?) -> Int {
        let newest = frames % (Self.lookahead + 1)
        frames += 1
        let place = recent.floats + newest * Self.frame
        oldest?.update(from: place, count: Self.frame)
        place.update(from: frame, count: Self.frame)
        analyse(frame, in: residual, into: Spectrum(spectra, newest))
        return newest
    }

    private func analyse(_ frame: UnsafePointer<Float>, in store: LaneStore, into spectrum: Spectrum) {
        let samples = store.floats
        samples.update(from: samples + Self.frame, count: Self.frame)
        (samples + Self.frame).update(from: frame, count: Self.frame)
        for lane in 0..<store.count { block.base[lane] = samples.lane(lane) * shape.base[lane] }
        for lane in store.count..<block.count { block.base[lane] = .zero }
        transform.forward(block.floats, into: spectrum)
    }

    private func measure(_ newest: Int) {
        let left = Spectrum(spectra, newest)
        let taken = Spectrum(echoSpectrum)
        let kept = echoPowers.base + newest * Spectrum.lanes
        for lane in 0..<Spectrum.lanes {
            power.base[lane] = left.power(lane)
            let real = left.real[lane] + taken.real[lane]
            let imaginary = left.imaginary[lane] + taken.imaginary[lane]
            microphonePower.base[lane] = real * real + imaginary * imaginary
            // 12 dB in 100 ms: a room of half a second's reverberation.
            let fading = 0.75 * reverberant.base[lane]
            let now = taken.power(lane)
            reverberant.base[lane] = now.replacing(with: fading, where: now .< fading)
            kept[lane] = reverberant.base[lane]
        }
    }

    private func bands() -> VoiceOverEcho.Frame {
        var frame = VoiceOverEcho.Frame()
        for band in 0..<Bands.count {
            frame.residual[band] = Bands.sum(power.floats, band)
            frame.echo[band] = Bands.sum(reverberant.floats, band)
            frame.noise[band] = Bands.sum(floor.bins, band)
            frame.microphone += Bands.sum(microphonePower.floats, band)
        }
        return frame
    }

    private func synthesise(_ oldest: Int, into frame: UnsafeMutablePointer<Float>) {
        let spectrum = Spectrum(spectra, oldest)
        setTargets(spectrum, echoPowers.floats + oldest * Spectrum.lanes * Lane.scalarCount)
        let (real, imaginary) = (spectrum.realBins, spectrum.imaginaryBins)
        let gain = gains.floats
        for bin in 0..<Spectrum.bins {
            let noise = (max(0, 1 - gain[bin] * gain[bin]) * floor.bins[bin]).squareRoot()
            real[bin] = real[bin] * gain[bin] + noise * nextRandom()
            imaginary[bin] = imaginary[bin] * gain[bin] + noise * nextRandom()
        }
        imaginary[0] = 0
        imaginary[Spectrum.bins - 1] = 0
        transform.inverse(spectrum, into: block.floats)
        for lane in 0..<output.count { output.base[lane] += block.base[lane] * shape.base[lane] }
        frame.update(from: output.floats, count: Self.frame)
        output.floats.update(from: output.floats + Self.frame, count: Self.frame)
        (output.floats + Self.frame).update(repeating: 0, count: Self.frame)
    }

    /// Moves the gains towards what the decision and the expected echo ask for.
    private func setTargets(_ spectrum: Spectrum, _ echo: UnsafePointer<Float>) {
        let gain = gains.floats
        guard isPlaying else {
            isTransparent = true
            for bin in 0..<Spectrum.bins {
                gain[bin] += 0.6 * (1 - gain[bin])
                if gain[bin] > 0.98 { gain[bin] = 1 } else { isTransparent = false }
            }
            return
        }
        isTransparent = false
        guard decision.isOpen else {
            for bin in 0..<Spectrum.bins { gain[bin] *= 0.5 }
            return
        }
        var band = 0
        // Twice what is expected, so that a frame with more than its share is covered too.
        var leak = 2 * powf(10, decision.leak[0] / 10)
        for bin in 0..<Spectrum.bins {
            if band < Bands.count - 1, bin >= Bands.edges[band + 1] {
                band += 1
                leak = 2 * powf(10, decision.leak[band] / 10)
            }
            let (real, imaginary) = (spectrum.realBins[bin], spectrum.imaginaryBins[bin])
            let power = real * real + imaginary * imaginary
            let target = max(0.178, max(0, 1 - leak * echo[bin] / (power + 1e-12)).squareRoot())
            gain[bin] += (target > gain[bin] ? 0.6 : 0.5) * (target - gain[bin])
        }
    }

    /// Evenly spread, of variance 0.35: noise of both parts is 1.5 dB under the floor.
    private func nextRandom() -> Float {
        random = random &* 1_664_525 &+ 1_013_904_223
        return (Float(random >> 8) / 8_388_608 - 1) * 1.0247
    }
}

extension UnsafeMutablePointer<Float> {
    fileprivate func lane(_ index: Int) -> Lane {
        UnsafeRawPointer(self + index * Lane.scalarCount).loadUnaligned(as: Lane.self)
    }
}
