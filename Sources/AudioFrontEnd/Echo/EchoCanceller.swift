/// Subtracts from the microphone what a linear filter of the reference explains: the loudspeaker's way to it.
///
/// A partitioned frequency domain filter, adapted as a Kalman filter whose covariance is kept as a diagonal (G. Enzner
/// and P. Vary, *Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones*, Signal
/// Processing 86, 2006). How far each bin of each partition may still be wrong is part of its state, so it takes large
/// steps while it knows little and small ones while somebody talks, and nobody has to tell it which is which.
///
/// Beside speexdsp's canceller of 256 ms on the cases of the echo study it is 1 dB better when settled, 2 to 4 dB in the
/// first seconds and up to 10 dB after the echo's delay has jumped; docs/DECISIONS.md has the figures.
final class EchoCanceller {
    /// Samples of a frame.
    static let frame = 160
    /// Partitions, each of two frames: 320 ms in all.
    private static let partitions = 16
    /// Taps of a partition: what a transform holds besides a frame, in whole frames.
    private static let taps = 2 * frame
    /// What is known of the path grows old: 0.05 % of it in each frame.
    private static let memory: Float = 0.9995 * 0.9995
    /// How wrong a bin may be at first, or after the path has changed, as a squared gain.
    private static let doubt: Float = 0.01
    /// A partition's taps past its end are set to zero in one frame of so many.
    private static let constraintInterval = 4

    private let transform: Transform
    /// The newest 512 samples of the reference, and their spectra, two for each partition.
    private let window = LaneStore(lanes: Transform.size / Lane.scalarCount)
    private let history = LaneStore(lanes: 2 * partitions * Spectrum.stride)
    private let weights = LaneStore(lanes: partitions * Spectrum.stride)
    private let covariance = LaneStore(lanes: partitions * Spectrum.lanes)
    /// What the microphone hears beside the echo, as power per bin.
    private let rest = LaneStore(lanes: Spectrum.lanes)
    private let spectrum = LaneStore(lanes: Spectrum.stride)
    private let predicted = LaneStore(lanes: Spectrum.lanes)
    private let block = LaneStore(lanes: Transform.size / Lane.scalarCount)
    /// The taps of all partitions, while they are moved.
    private let path = LaneStore(lanes: partitions * taps / Lane.scalarCount)
    private var frames = 0
    /// Frames since the reference held anything.
    private var quiet = Int.max / 2

    init(_ transform: Transform) {
        self.transform = transform
        covariance.fill(Self.doubt)
        rest.fill(1e-6)
    }

    /// The path from loudspeaker to microphone is not what it was: learns fast again.
    func doubtPath() {
        let least = Lane(repeating: Self.doubt)
        for lane in 0..<covariance.count {
            covariance.base[lane].replace(with: least, where: covariance.base[lane] .< least)
        }
    }

    /// - Parameters:
    ///   - microphone: one frame, ±1 at full scale: shape `[160]`, as are the others.
    ///   - reference: what left the loudspeaker at the same time, or up to 320 ms before it is heard.
    ///   - learns: what is left changes the filter.
    ///   - residual: written: the microphone less the echo.
    ///   - echo: written: the echo as estimated.
    /// - Note: RT safe.
    func process(
        microphone: UnsafePointer<Float>, reference: UnsafePointer<Float>, learns: Bool,
        residual: UnsafeMutablePointer<Float>, echo: UnsafeMutablePointer<Float>
    ) {
        let newest = frames % (2 * Self.partitions)
        let kept = Transform.size - Self.frame
        window.floats.update(from: window.floats + Self.frame, count: kept)
        (window.floats + kept).update(from: reference, count: Self.frame)
        transform.forward(window.floats, into: Spectrum(history, newest))
        frames += 1

        quiet = (0..<Self.frame).allSatisfy { reference[$0] == 0 } ? quiet + 1 : 0
        guard quiet < 2 * Self.partitions + 4 else {
            residual.update(from: microphone, count: Self.frame)
            echo.update(repeating: 0, count: Self.frame)
            return
        }
        estimate(newest)
        let samples = block.floats
        transform.inverse(Spectrum(spectrum), into: samples)
        echo.update(from: samples + kept, count: Self.frame)
        samples.update(repeating: 0, count: kept)
        for index in 0..<Self.frame {
            residual[index] = microphone[index] - echo[index]
            samples[kept + index] = residual[index]
        }
        guard learns else { return }
        transform.forward(samples, into: Spectrum(spectrum))
        adapt(newest)
        for partition in 0..<Self.partitions where (frames + partition) % Self.constraintInterval == 0 {
            constrain(partition)
        }
    }

    /// Moves the path as it was learned: the echo comes so many samples later, and is otherwise what it was.
    ///
    /// - Note: RT safe.
    func movePath(by shift: Int) {
        let samples = block.floats
        for partition in 0..<Self.partitions {
            transform.inverse(Spectrum(weights, partition), into: samples)
            (path.floats + partition * Self.taps).update(from: samples, count: Self.taps)
        }
        for partition in 0..<Self.partitions {
            for index in 0..<Self.taps {
                let from = partition * Self.taps + index - shift
                samples[index] = (0..<Self.partitions * Self.taps).contains(from) ? path.floats[from] : 0
            }
            (samples + Self.taps).update(repeating: 0, count: Transform.size - Self.taps)
            transform.forward(samples, into: Spectrum(weights, partition))
        }
    }

    private func reference(_ partition: Int, _ newest: Int) -> Spectrum {
        Spectrum(history, (newest - 2 * partition + 2 * Self.partitions) % (2 * Self.partitions))
    }

    /// The echo's spectrum into `spectrum`, and how uncertain it is into `predicted`.
    private func estimate(_ newest: Int) {
        let sum = Spectrum(spectrum)
        spectrum.fill(0)
        predicted.fill(0)
        for partition in 0..<Self.partitions {
            let input = reference(partition, newest)
            let weight = Spectrum(weights, partition)
            let variance = covariance.base + partition * Spectrum.lanes
            for lane in 0..<Spectrum.lanes {
                let (x, y) = (input.real[lane], input.imaginary[lane])
                let (u, v) = (weight.real[lane], weight.imaginary[lane])
                sum.real[lane] += x * u - y * v
                sum.imaginary[lane] += x * v + y * u
                predicted.base[lane] += variance[lane] * (x * x + y * y)
            }
        }
    }

    /// One step of the filter towards the residual's spectrum in `spectrum`.
    private func adapt(_ newest: Int) {
        let error = Spectrum(spectrum)
        // Of a transform's samples, a frame's are new.
        let share = Float(Self.frame) / Float(Transform.size)
        let gain = predicted.base
        for lane in 0..<Spectrum.lanes {
            rest.base[lane] = 0.8 * rest.base[lane] + 0.2 * error.power(lane)
            gain[lane] = 1 / (share * gain[lane] + rest.base[lane] + 1e-9)
        }
        for partition in 0..<Self.partitions {
            let input = reference(partition, newest)
            let weight = Spectrum(weights, partition)
            let variance = covariance.base + partition * Spectrum.lanes
            for lane in 0..<Spectrum.lanes {
                let (x, y) = (input.real[lane], input.imaginary[lane])
                let step = variance[lane] * gain[lane]
                let known = 1 - share * step * (x * x + y * y)
                variance[lane] =
                    Self.memory * known * variance[lane] + (1 - Self.memory) * weight.power(lane)
                weight.real[lane] += step * (x * error.real[lane] + y * error.imaginary[lane])
                weight.imaginary[lane] += step * (x * error.imaginary[lane] - y * error.real[lane])
            }
        }
    }

    /// A partition is as long as its taps; what it learned past them is an artefact of the circle.
    private func constrain(_ partition: Int) {
        let weight = Spectrum(weights, partition)
        transform.inverse(weight, into: block.floats)
        (block.floats + Self.taps).update(repeating: 0, count: Transform.size - Self.taps)
        transform.forward(block.floats, into: weight)
    }
}
