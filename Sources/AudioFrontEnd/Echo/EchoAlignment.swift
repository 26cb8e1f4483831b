import Glibc

/// Whether the canceller still fits when the loudspeaker begins to speak, and by how much its reference is off if not.
///
/// What a device says of its delay is good to some milliseconds when it begins anew, after an interruption above all.
/// A canceller that is off by two lets half of the echo through, which looks just as a voice does. But its estimate of
/// the echo has the right shape then, and stands at the wrong place: the phases of its cross spectrum with the
/// microphone say at which one it belongs, even under a voice (C. Knapp and G. Carter, *The generalized correlation
/// method for estimation of time delay*, IEEE Transactions on Acoustics, Speech, and Signal Processing 24, 1976). So
/// after each pause the first frames of echo are looked at, until they are seen to go away or to stand where they are
/// expected, and nothing in them counts as a voice before.
final class EchoAlignment {
    private static let frame = EchoCanceller.frame
    /// Samples by which the echo may be off, either way: 15 ms.
    private static let reach = 240
    /// Frames that are compared.
    private static let span = 16
    /// Bins that are compared: 190 to 4,000 Hz, where speech has something.
    private static let bins = 6..<128
    /// Power below which a frame holds no echo to look at: −60 dBFS.
    private static let silence: Float = 1e-6
    /// Frames without the loudspeaker that make a pause: longer than between sentences.
    private static let pause = 60
    /// Of the echo, so much must be gone, as a ratio of powers, in so many frames.
    private static let loss: Float = 10
    private static let lossFrames = 5
    /// How well the phases of all bins must agree on a place: 1 is wholly, and by chance 0.2 are not surpassed.
    private static let clear: Float = 0.3
    /// After so many comparisons that said nothing the canceller is left to itself.
    private static let mostAttempts = 6

    private let transform: Transform
    /// The newest 512 samples of each, and room for a window of them.
    private let microphone = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let echo = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let block = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let shape = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let spectra = LaneStore(lanes: 2 * Spectrum.stride)
    /// The sum of the cross spectra of the frames so far.
    private let cross = LaneStore(lanes: Spectrum.stride)
    private var silent = 0
    private var audible = 0
    private var attempts = 0
    private var working = 0
    private var powers = (microphone: Float(0), residual: Float(0))
    private var isSure = true

    init(_ transform: Transform) {
        self.transform = transform
        for index in 0..<Transform.size {
            shape.floats[index] = 0.5 - 0.5 * cosf(2 * .pi * (Float(index) + 0.5) / Float(Transform.size))
        }
    }

    /// What is left after the canceller may be a voice.
    var allowsVoice: Bool { isSure || audible == 0 && attempts == 0 }

    /// What is left after the canceller says something about the path, and not about the place of the reference.
    var allowsLearning: Bool { isSure || attempts > 1 }

    /// - Parameters:
    ///   - microphone: one frame: shape `[160]`, as are `echo`, the canceller's estimate, and `residual`.
    ///   - isPlaying: the loudspeaker is, or just was, heard.
    ///   - isProven: the canceller has been seen to work, so that there is something to compare.
    /// - Returns: by how many samples the echo comes later than estimated; nil when it is where it should be, or when
    ///   that is not known.
    /// - Note: RT safe.
    func hear(
        microphone frame: UnsafePointer<Float>, echo estimate: UnsafePointer<Float>,
        residual: UnsafePointer<Float>, isPlaying: Bool, isProven: Bool
    ) -> Int? {
        guard isPlaying else {
            silent += 1
            if silent == Self.pause, isProven { begin() }
            return nil
        }
        silent = 0
        slide(microphone, frame)
        slide(echo, estimate)
        guard !isSure else { return nil }
        let power = (microphone: power(frame), echo: power(estimate))
        guard power.echo > Self.silence, power.microphone > Self.silence else { return nil }
        audible += 1
        powers.microphone = 0.75 * powers.microphone + 0.25 * power.microphone
        powers.residual = 0.75 * powers.residual + 0.25 * self.power(residual)
        working = powers.microphone > Self.loss * powers.residual ? working + 1 : 0
        if working >= Self.lossFrames { isSure = true }
        accumulate()
        guard !isSure, audible >= Self.span else { return nil }
        return compare()
    }

    private func begin() {
        isSure = false
        attempts = 0
        working = 0
        powers = (0, 0)
        collect()
    }

    private func collect() {
        audible = 0
        cross.fill(0)
    }

    private func slide(_ window: LaneStore, _ frame: UnsafePointer<Float>) {
        let kept = Transform.size - Self.frame
        window.floats.update(from: window.floats + Self.frame, count: kept)
        (window.floats + kept).update(from: frame, count: Self.frame)
    }

    private func accumulate() {
        let (one, other) = (Spectrum(spectra, 0), Spectrum(spectra, 1))
        look(at: microphone, into: one)
        look(at: echo, into: other)
        let sum = Spectrum(cross)
        for lane in 0..<Spectrum.lanes {
            sum.real[lane] += one.real[lane] * other.real[lane] + one.imaginary[lane] * other.imaginary[lane]
            sum.imaginary[lane] += one.imaginary[lane] * other.real[lane] - one.real[lane] * other.imaginary[lane]
        }
    }

    private func look(at window: LaneStore, into spectrum: Spectrum) {
        for lane in 0..<window.count { block.base[lane] = window.base[lane] * shape.base[lane] }
        transform.forward(block.floats, into: spectrum)
    }

    private func compare() -> Int? {
        let (place, agreement, rival) = agreement()
        attempts += 1
        guard agreement > Self.clear, rival < 0.8 * agreement else {
            // A vowel fits again where it is a period off: what comes next will not.
            audible = 0
            isSure = attempts >= Self.mostAttempts
            return nil
        }
        collect()
        guard abs(place) > 1 else {
            isSure = true
            return nil
        }
        // What it is moved by is looked at again.
        return place
    }

    /// By how much the microphone's sound is later than the estimate, in samples, how many of the phases say so, and how
    /// many say another place, 2 ms off at least.
    private func agreement() -> (place: Int, share: Float, rival: Float) {
        let (sum, unit) = (Spectrum(cross), Spectrum(spectra, 0))
        let (real, imaginary) = (sum.realBins, sum.imaginaryBins)
        for bin in 0..<Spectrum.bins {
            let length = (real[bin] * real[bin] + imaginary[bin] * imaginary[bin]).squareRoot()
            let scale = Self.bins.contains(bin) ? 1 / (length + 1e-20) : 0
            unit.realBins[bin] = real[bin] * scale
            unit.imaginaryBins[bin] = imaginary[bin] * scale
        }
        transform.inverse(unit, into: block.floats)
        var (best, place, rival) = (Float(0), 0, Float(0))
        func found(_ shift: Int) -> Float { block.floats[(shift + Transform.size) % Transform.size] }
        for shift in -Self.reach...Self.reach where found(shift) > best { (best, place) = (found(shift), shift) }
        for shift in -Self.reach...Self.reach where abs(shift - place) > 32 { rival = max(rival, found(shift)) }
        let whole = Float(2 * Self.bins.count) / Float(Transform.size)
        return (place, best / whole, rival / whole)
    }

    private func power(_ frame: UnsafePointer<Float>) -> Float {
        var sum: Float = 0
        for index in 0..<Self.frame { sum += frame[index] * frame[index] }
        return sum / Float(Self.frame)
    }
}
