import Foundation

/// A sine of `hertz` at half of full scale, sampled at `rate`.
func sine(_ hertz: Double, rate: Int, count: Int) -> [Int16] {
    (0..<count).map { Int16((16_384 * sin(2 * .pi * hertz * Double($0) / Double(rate))).rounded()) }
}

/// How far all that is not a sine of exactly `hertz` lies below it, in dB: noise, distortion, aliases and wrong pitch
/// alike. Its amplitude and phase are fitted by least squares.
func signalToNoise(_ samples: ArraySlice<Int16>, hertz: Double, rate: Int) -> Double {
    var (ss, cc, sc, xs, xc) = (0.0, 0.0, 0.0, 0.0, 0.0)
    func basis(_ index: Int) -> (sine: Double, cosine: Double) {
        let phase = 2 * .pi * hertz * Double(index) / Double(rate)
        return (sin(phase), cos(phase))
    }
    for (index, sample) in samples.enumerated() {
        let (s, c) = basis(index)
        ss += s * s
        cc += c * c
        sc += s * c
        xs += Double(sample) * s
        xc += Double(sample) * c
    }
    let determinant = ss * cc - sc * sc
    let a = (xs * cc - xc * sc) / determinant
    let b = (xc * ss - xs * sc) / determinant
    var (signal, noise) = (0.0, 0.0)
    for (index, sample) in samples.enumerated() {
        let (s, c) = basis(index)
        let fitted = a * s + b * c
        signal += fitted * fitted
        noise += (Double(sample) - fitted) * (Double(sample) - fitted)
    }
    return 10 * log10(signal / max(noise, 1e-9))
}
