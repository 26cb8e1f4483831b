/// Echo cancelling in one piece: finds the delay, cancels, decides, suppresses.
final class EchoControl {
    private static let frame = EchoCanceller.frame
    /// How much later a sample leaves than it came.
    static let latency = EchoSuppressor.latency
    /// The reference is held back by the delay less this, so that the filter's 320 ms cover the reverberation: the
    /// echo must never come before its cause, and a delay that shrinks by so much does no harm.
    private static let margin = 640
    /// Held back anew when the delay lies outside these many milliseconds past what is held back.
    private static let covered = 5...120
    /// Samples of the reference that are kept: 1.02 s, a power of two.
    private static let kept = 16_384
    private static let silence: Float = 1e-7
    /// Frames of nothing after which no window holds anything of the reference, and no room any echo: 3 s.
    private static let forgotten = 300

    private let transform = Transform()
    private let canceller: EchoCanceller
    private let suppressor: EchoSuppressor
    private let delay = DelayEstimator()
    private let alignment: EchoAlignment
    private let past = LaneStore(lanes: kept / Lane.scalarCount)
    private let referenceWindow = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let microphoneWindow = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let referenceSpectrum = LaneStore(lanes: Spectrum.stride)
    private let microphoneSpectrum = LaneStore(lanes: Spectrum.stride)
    private let frames = LaneStore(lanes: 3 * EchoCanceller.frame / Lane.scalarCount)
    private var written = 0
    /// Samples by which the reference is held back.
    private var held = 0
    /// Frames in which the reference held nothing at all.
    private var quiet = forgotten

    init() {
        canceller = EchoCanceller(transform)
        suppressor = EchoSuppressor(transform)
        alignment = EchoAlignment(transform)
    }

    /// The lag at which the echo begins, in frames; nil until known.
    var lag: Int? { delay.delay }
    /// The loudspeaker is heard, or was a moment ago.
    var isPlaying: Bool { suppressor.isPlaying }
    /// What has been decided about the voice and about the canceller.
    var decision: VoiceOverEcho { suppressor.decision }

    /// - Parameters:
    ///   - microphone: one frame, ±1 at full scale: shape `[160]`, as are the others.
    ///   - reference: what left the loudspeaker at the same time.
    ///   - output: one frame, `latency` samples later.
    /// - Note: RT safe.
    func process(
        microphone: UnsafePointer<Float>, reference: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        let powers = (reference: power(reference), microphone: power(microphone))
        slide(microphoneWindow, microphone)
        quiet = powers.reference == 0 ? quiet + 1 : 0
        guard quiet < Self.forgotten || !suppressor.isTransparent else {
            // Everything that is left out would find the zeros that it has found.
            suppressor.pass(microphone, into: output)
            return
        }
        for index in 0..<Self.frame { past.floats[(written + index) % Self.kept] = reference[index] }
        slide(referenceWindow, reference)
        transform.forward(referenceWindow.floats, into: Spectrum(referenceSpectrum))
        transform.forward(microphoneWindow.floats, into: Spectrum(microphoneSpectrum))
        delay.process(
            reference: Spectrum(referenceSpectrum), microphone: Spectrum(microphoneSpectrum), powers: powers)
        holdBack()
        if delay.hasMoved { canceller.doubtPath() }

        let heldBack = frames.floats
        let (residual, echo) = (heldBack + Self.frame, heldBack + 2 * Self.frame)
        for index in 0..<Self.frame {
            heldBack[index] = past.floats[(written + index - held + Self.kept) % Self.kept]
        }
        written += Self.frame
        canceller.process(
            microphone: microphone, reference: heldBack, learns: alignment.allowsLearning, residual: residual,
            echo: echo)
        let isReferenceAudible = powers.reference > Self.silence || power(heldBack) > Self.silence
        let shift = alignment.hear(
            microphone: microphone, echo: echo, residual: residual,
            isPlaying: isReferenceAudible || isPlaying, isProven: decision.grade != .halfDuplex && delay.delay != nil)
        suppressor.process(
            residual: residual, echo: echo, isReferenceAudible: isReferenceAudible, delay: delay,
            isAligned: alignment.allowsVoice, into: output)
        if let shift { canceller.movePath(by: shift) }
    }

    private func slide(_ window: LaneStore, _ frame: UnsafePointer<Float>) {
        let kept = Transform.size - Self.frame
        window.floats.update(from: window.floats + Self.frame, count: kept)
        (window.floats + kept).update(from: frame, count: Self.frame)
    }

    private func holdBack() {
        guard let lag = delay.delay, !Self.covered.contains(lag * 10 - held / 16) else { return }
        let wanted = max(0, lag * Self.frame - Self.margin)
        guard wanted != held else { return }
        held = wanted
        canceller.doubtPath()
    }

    private func power(_ frame: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        for index in 0..<Self.frame { sum += frame[index] * frame[index] }
        return sum / Float(Self.frame)
    }
}
