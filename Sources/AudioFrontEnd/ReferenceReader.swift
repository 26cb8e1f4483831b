import Glibc

/// The capture thread's end of an `EchoReference`: for each captured frame, what left the loudspeaker meanwhile.
///
/// Both devices report their times, and both reports jitter and wander: through a sound server by several milliseconds
/// in a few seconds, which no clock does. So the reader runs on its own, 160 samples a frame, and lets reports that are
/// off by more than 5 ms correct its speed by a slow control loop of second order; what the loop holds back in the end is
/// the clocks' drift. The canceller learns whatever is less. Between samples it interpolates. Reports that are off by
/// more than 30 ms are believed at once.
struct ReferenceReader: ~Copyable {
    private static let frame = EchoCanceller.frame
    /// Samples of surprise beyond which the place is taken anew.
    private static let tolerance = 480.0
    /// Samples of surprise that move nothing.
    private static let slack = 80.0
    /// The loop's gains per frame: it settles in some two minutes.
    private static let proportional = 1e-6
    private static let integral = 6e-11
    /// Clocks of devices that work differ by less: 1,000 parts in a million.
    private static let mostDrift = 1e-3

    private let reference: EchoReference
    /// Where the next frame begins; nil before anything was announced.
    private var position: Double?
    /// How much faster than nominal the loudspeaker's samples pass in the microphone's time.
    private(set) var drift = 0.0

    init(_ reference: EchoReference) { self.reference = reference }

    /// - Parameters:
    ///   - time: when the frame's first sample stood at the microphone, since boot.
    ///   - frame: written: shape `[160]`, ±1 at full scale; silence where nothing left.
    /// - Note: RT safe.
    mutating func read(at time: Duration, into frame: UnsafeMutablePointer<Float>) {
        let (origin, end) = reference.newest
        guard end > 0 else {
            frame.update(repeating: 0, count: Self.frame)
            return
        }
        let wanted = Double(time.nanoseconds - origin) / Double(EchoReference.period)
        let speed = follow(wanted)
        let start = position ?? wanted
        copy(from: start, speed: speed, before: end, into: frame)
        position = start + Double(Self.frame) * speed
    }

    /// - Returns: samples of the reference for each of the microphone's.
    private mutating func follow(_ wanted: Double) -> Double {
        guard let position, abs(wanted - position) <= Self.tolerance else {
            self.position = wanted.rounded()
            return 1 + drift
        }
        let off = wanted - position
        let surprise = off - max(-Self.slack, min(Self.slack, off))
        // What is exact stays exact.
        guard surprise != 0 || drift != 0 else { return 1 }
        drift = max(-Self.mostDrift, min(Self.mostDrift, drift + Self.integral * surprise))
        return 1 + drift + Self.proportional * surprise
    }

    private func copy(
        from start: Double, speed: Double, before end: Int, into frame: UnsafeMutablePointer<Float>
    ) {
        if speed == 1, start == start.rounded() {
            for index in 0..<Self.frame { frame[index] = reference.sample(Int(start) + index, before: end) }
            return
        }
        for index in 0..<Self.frame {
            let place = start + Double(index) * speed
            let whole = place.rounded(.down)
            frame[index] = interpolated(Int(whole), Float(place - whole), before: end)
        }
    }

    /// A windowed sinc of eight taps.
    private func interpolated(_ position: Int, _ fraction: Float, before end: Int) -> Float {
        // By the nearer sample: the sine of nearly π has no digits left.
        let nearer = min(fraction, 1 - fraction)
        if nearer < 1e-4 { return reference.sample(fraction < 0.5 ? position : position + 1, before: end) }
        var sum: Float = 0
        let sine = sinf(.pi * nearer) / .pi
        for tap in -3...4 {
            let distance = fraction - Float(tap)
            let shape = 0.5 + 0.5 * cosf(.pi * distance / 4)
            let weight = (tap & 1 == 0 ? sine : -sine) / distance * shape
            sum += weight * reference.sample(position + tap, before: end)
        }
        return sum
    }
}
