import Glibc

/// Finds how long the echo is on its way, from 0 to 710 ms, by how steady the phase between reference and microphone
/// is at each lag.
///
/// Every bin of both spectra is brought to absolute value 1, so loudness counts for nothing. At a lag where the
/// microphone holds the reference's echo, their quotient turns the same way frame after frame and its running mean
/// stays long; at all others it turns at random and the mean shrinks. Two means are kept: one over half a second, which
/// is sure and tells the delay, and one over 70 ms, which is quick and tells that the echo has moved before the sure
/// one can say where to.
final class DelayEstimator {
    /// Lags, a frame of 10 ms apart.
    static let lags = 72
    /// Lanes of bins that are looked at: 500 to 2,500 Hz, where loudspeakers and speech are both strong.
    private static let firstLane = 2
    private static let lanes = 8
    /// Power below which a frame holds nothing to compare: −70 dBFS.
    private static let silence: Float = 1e-7
    /// Lags that are no further apart than this are the same path.
    private static let sameness = 2

    private let past = LaneStore(lanes: lags * 2 * lanes)
    private let sure = Evidence(weight: 0.02)
    private let quick = Evidence(weight: 0.15)
    private let quotient = LaneStore(lanes: 2 * lanes)
    private var frames = 0
    private var sinceReference = Int.max / 2
    /// The lag of the strongest path, once known.
    private var strongest: Int?
    /// Frames in which the echo came at another lag, less those in which it came at the same.
    private var movingFor = 0

    /// The lag at which the echo begins; nil until one stands out.
    private(set) var delay: Int?
    /// The newest frame's echo comes at another lag than before.
    private(set) var isMoving = false

    /// It has done so for so long that the path counts as changed, or the lag is now known to be another.
    private(set) var hasMoved = false

    /// - Parameters:
    ///   - reference: the spectrum of the newest 512 samples, as is `microphone`.
    ///   - powers: of the newest frame of each, ±1 at full scale.
    /// - Note: RT safe.
    func process(
        reference: Spectrum, microphone: Spectrum, powers: (reference: Float, microphone: Float)
    ) {
        let newest = frames % Self.lags
        frames += 1
        remember(reference, at: newest, audible: powers.reference > Self.silence)
        sinceReference = powers.reference > Self.silence ? 0 : sinceReference + 1
        isMoving = false
        hasMoved = hasMoved && movingFor > 12
        guard powers.microphone > Self.silence, sinceReference <= 60 else { return }
        compare(microphone, newest)
        judge()
    }

    private func remember(_ reference: Spectrum, at slot: Int, audible: Bool) {
        let to = past.base + slot * 2 * Self.lanes
        for lane in 0..<Self.lanes {
            let unit = audible ? Self.unit(reference, lane) : (Lane.zero, Lane.zero)
            to[lane] = unit.0
            to[Self.lanes + lane] = unit.1
        }
    }

    private static func unit(_ spectrum: Spectrum, _ lane: Int) -> (Lane, Lane) {
        let scale = 1 / (spectrum.power(firstLane + lane) + 1e-18).squareRoot()
        return (spectrum.real[firstLane + lane] * scale, spectrum.imaginary[firstLane + lane] * scale)
    }

    private func compare(_ microphone: Spectrum, _ newest: Int) {
        for lane in 0..<Self.lanes {
            let unit = Self.unit(microphone, lane)
            quotient.base[lane] = unit.0
            quotient.base[Self.lanes + lane] = unit.1
        }
        let (x, y) = (quotient.base, quotient.base + Self.lanes)
        for lag in 0..<Self.lags {
            let from = past.base + (newest - lag + Self.lags) % Self.lags * 2 * Self.lanes
            var (sureSum, quickSum) = (Lane.zero, Lane.zero)
            for lane in 0..<Self.lanes {
                let (u, v) = (from[lane], from[Self.lanes + lane])
                let (real, imaginary) = (u * x[lane] + v * y[lane], u * y[lane] - v * x[lane])
                sureSum += sure.add(real, imaginary, lag: lag, lane: lane, of: Self.lanes)
                quickSum += quick.add(real, imaginary, lag: lag, lane: lane, of: Self.lanes)
            }
            sure.lengths[lag] = sureSum.sum() / Float(Self.lanes * Lane.scalarCount)
            quick.lengths[lag] = quickSum.sum() / Float(Self.lanes * Lane.scalarCount)
        }
    }

    private func judge() {
        let before = strongest
        findDelay()
        guard let before, let strongest else { return }
        if abs(strongest - before) > Self.sameness {
            movingFor = 0
            hasMoved = true
            return
        }
        let now = quick.longest()
        let elsewhere = abs(now - strongest) > Self.sameness ? quick.lengths[now] : 0
        var here: Float = 0
        for lag in max(0, strongest - Self.sameness)...min(Self.lags - 1, strongest + Self.sameness) {
            here = max(here, quick.lengths[lag])
        }
        isMoving = elsewhere > 0.2 && elsewhere > 1.15 * here
        // A pause says nothing about where the echo is, so only an echo at the same lag speaks against a move.
        movingFor = isMoving ? min(60, movingFor + 1) : here > 0.2 ? max(0, movingFor - 1) : movingFor
        hasMoved = movingFor > 12
    }

    private func findDelay() {
        let peak = sure.longest()
        let length = sure.lengths[peak]
        guard length > 0.06, length > 6 * (sure.median() + 0.002) else { return }
        // The echo begins where its strength first reaches half of the strongest path's.
        var first = peak
        while first > 0, sure.lengths[first - 1] > 0.5 * length { first -= 1 }
        delay = first
        let lead: Float = hasMoved ? 1 : 1.2
        if strongest.map({ length > lead * sure.lengths[$0] }) ?? true { strongest = peak }
    }
}

/// Running means of unit phasors, one for each lag and bin.
private final class Evidence {
    private let weight: Float
    private let means = LaneStore(lanes: DelayEstimator.lags * 16)
    private let store = LaneStore(lanes: DelayEstimator.lags / Lane.scalarCount)
    private let sorted = LaneStore(lanes: DelayEstimator.lags / Lane.scalarCount)

    init(weight: Float) { self.weight = weight }

    /// For each lag the mean over the bins of the means' squared lengths: 1 is certain, `weight / 2` is chance.
    var lengths: UnsafeMutablePointer<Float> { store.floats }

    /// - Returns: the squared lengths after adding.
    @inline(__always)
    func add(_ real: Lane, _ imaginary: Lane, lag: Int, lane: Int, of lanes: Int) -> Lane {
        let to = means.base + lag * 2 * lanes + lane
        to[0] += weight * (real - to[0])
        to[lanes] += weight * (imaginary - to[lanes])
        return to[0] * to[0] + to[lanes] * to[lanes]
    }

    func longest() -> Int {
        var best = 0
        for lag in 1..<DelayEstimator.lags where lengths[lag] > lengths[best] { best = lag }
        return best
    }

    func median() -> Float {
        let values = sorted.floats
        values.update(from: lengths, count: DelayEstimator.lags)
        for index in 1..<DelayEstimator.lags {
            let value = values[index]
            var at = index
            while at > 0, values[at - 1] > value {
                values[at] = values[at - 1]
                at -= 1
            }
            values[at] = value
        }
        return values[DelayEstimator.lags / 2]
    }
}
