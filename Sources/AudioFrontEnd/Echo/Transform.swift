import Glibc

/// The discrete Fourier transform of 512 real samples, and its inverse.
///
/// Even samples make the real part and odd ones the imaginary part of 256 complex values, which go through four passes
/// of Stockham's radix-4 transform; unlike Cooley and Tukey's it sorts as it goes, so every pass runs over whole lanes.
final class Transform {
    static let size = 512
    private static let half = size / 2
    private static let quarter = half / 4

    /// cos and −sin of 2πk/256, for the passes, and of 2πk/512, for the step between real and complex.
    private let turn = LaneStore(lanes: 2 * half / 8)
    private let halfTurn = LaneStore(lanes: 2 * half / 8)
    /// Two pages of 256 complex values, between which the passes go back and forth.
    private let pages = LaneStore(lanes: 4 * half / 8)

    init() {
        for index in 0..<Self.half {
            let angle = -2 * Double.pi * Double(index) / Double(Self.half)
            turn.floats[index] = Float(cos(angle))
            turn.floats[Self.half + index] = Float(sin(angle))
            halfTurn.floats[index] = Float(cos(angle / 2))
            halfTurn.floats[Self.half + index] = Float(sin(angle / 2))
        }
    }

    /// - Parameters:
    ///   - samples: shape `[512]`.
    ///   - spectrum: written; not scaled, so a constant of 1 gives 512 in bin 0.
    /// - Note: RT safe.
    func forward(_ samples: UnsafePointer<Float>, into spectrum: Spectrum) {
        let page = pages.floats
        for index in 0..<Self.half {
            page[index] = samples[2 * index]
            page[Self.half + index] = samples[2 * index + 1]
        }
        transform(page, page + Self.half)
        let (real, imaginary) = (spectrum.realBins, spectrum.imaginaryBins)
        let (cosine, sine) = (halfTurn.floats, halfTurn.floats + Self.half)
        real[0] = page[0] + page[Self.half]
        imaginary[0] = 0
        real[Self.half] = page[0] - page[Self.half]
        imaginary[Self.half] = 0
        for bin in 1..<Self.half {
            let mirror = Self.half - bin
            let evenReal = 0.5 * (page[bin] + page[mirror])
            let evenImaginary = 0.5 * (page[Self.half + bin] - page[Self.half + mirror])
            let oddReal = 0.5 * (page[Self.half + bin] + page[Self.half + mirror])
            let oddImaginary = 0.5 * (page[mirror] - page[bin])
            real[bin] = evenReal + oddReal * cosine[bin] - oddImaginary * sine[bin]
            imaginary[bin] = evenImaginary + oddReal * sine[bin] + oddImaginary * cosine[bin]
        }
    }

    /// - Parameters:
    ///   - spectrum: of a real signal; the imaginary parts of its first and last bin count as 0.
    ///   - samples: shape `[512]`, written; scaled so that it undoes `forward`.
    /// - Note: RT safe.
    func inverse(_ spectrum: Spectrum, into samples: UnsafeMutablePointer<Float>) {
        let page = pages.floats
        let (real, imaginary) = (spectrum.realBins, spectrum.imaginaryBins)
        let (cosine, sine) = (halfTurn.floats, halfTurn.floats + Self.half)
        // Real and imaginary part change places, which turns the forward passes into the inverse ones.
        page[Self.half] = 0.5 * (real[0] + real[Self.half])
        page[0] = 0.5 * (real[0] - real[Self.half])
        for bin in 1..<Self.half {
            let mirror = Self.half - bin
            let evenReal = 0.5 * (real[bin] + real[mirror])
            let evenImaginary = 0.5 * (imaginary[bin] - imaginary[mirror])
            let turnedReal = 0.5 * (real[bin] - real[mirror])
            let turnedImaginary = 0.5 * (imaginary[bin] + imaginary[mirror])
            let oddReal = turnedReal * cosine[bin] + turnedImaginary * sine[bin]
            let oddImaginary = turnedImaginary * cosine[bin] - turnedReal * sine[bin]
            page[Self.half + bin] = evenReal - oddImaginary
            page[bin] = evenImaginary + oddReal
        }
        transform(page, page + Self.half)
        let scale = 1 / Float(Self.half)
        for index in 0..<Self.half {
            samples[2 * index] = page[Self.half + index] * scale
            samples[2 * index + 1] = page[index] * scale
        }
    }

    /// 256 complex values in place.
    private func transform(_ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>) {
        let (otherReal, otherImaginary) = (real + 2 * Self.half, imaginary + 2 * Self.half)
        firstPass(real, imaginary, otherReal, otherImaginary)
        pass(SIMD4<Float>.self, 4, otherReal, otherImaginary, real, imaginary)
        pass(Lane.self, 16, real, imaginary, otherReal, otherImaginary)
        pass(Lane.self, 64, otherReal, otherImaginary, real, imaginary)
    }

    /// The pass whose butterflies stand one value apart: four of them at once, their results woven together.
    private func firstPass(
        _ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>,
        _ toReal: UnsafeMutablePointer<Float>, _ toImaginary: UnsafeMutablePointer<Float>
    ) {
        typealias Four = SIMD4<Float>
        let (cosine, sine) = (turn.floats, turn.floats + Self.half)
        for first in stride(from: 0, to: Self.quarter, by: 4) {
            var twiddles = (Butterfly<Four>.Twiddle(), Butterfly<Four>.Twiddle(), Butterfly<Four>.Twiddle())
            for index in 0..<4 {
                let bin = first + index
                twiddles.0.set(index, cosine[bin], sine[bin])
                twiddles.1.set(index, cosine[2 * bin], sine[2 * bin])
                twiddles.2.set(index, cosine[3 * bin], sine[3 * bin])
            }
            let out = Butterfly<Four>(real + first, imaginary + first, apart: Self.quarter).turned(twiddles)
            for index in 0..<4 {
                let to = 4 * (first + index)
                let woven = Four(out.real.0[index], out.real.1[index], out.real.2[index], out.real.3[index])
                store(woven, to: toReal + to)
                let wovenToo = Four(
                    out.imaginary.0[index], out.imaginary.1[index], out.imaginary.2[index], out.imaginary.3[index])
                store(wovenToo, to: toImaginary + to)
            }
        }
    }

    /// The pass whose butterflies stand `span` values apart, which is no less than a vector holds.
    @inline(__always)
    private func pass<Vector: SIMD>(
        _ type: Vector.Type, _ span: Int,
        _ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>,
        _ toReal: UnsafeMutablePointer<Float>, _ toImaginary: UnsafeMutablePointer<Float>
    ) where Vector.Scalar == Float {
        let (cosine, sine) = (turn.floats, turn.floats + Self.half)
        for block in 0..<Self.quarter / span {
            let bin = block * span
            var twiddles = (Butterfly<Vector>.Twiddle(), Butterfly<Vector>.Twiddle(), Butterfly<Vector>.Twiddle())
            twiddles.0.setAll(cosine[bin], sine[bin])
            twiddles.1.setAll(cosine[2 * bin], sine[2 * bin])
            twiddles.2.setAll(cosine[3 * bin], sine[3 * bin])
            for offset in stride(from: 0, to: span, by: Vector.scalarCount) {
                let from = block * span + offset
                let to = 4 * block * span + offset
                let out = Butterfly<Vector>(real + from, imaginary + from, apart: Self.quarter).turned(twiddles)
                store(out.real.0, to: toReal + to)
                store(out.real.1, to: toReal + to + span)
                store(out.real.2, to: toReal + to + 2 * span)
                store(out.real.3, to: toReal + to + 3 * span)
                store(out.imaginary.0, to: toImaginary + to)
                store(out.imaginary.1, to: toImaginary + to + span)
                store(out.imaginary.2, to: toImaginary + to + 2 * span)
                store(out.imaginary.3, to: toImaginary + to + 3 * span)
            }
        }
    }
}

/// Transforms of four values, as many side by side as a vector holds.
private struct Butterfly<Vector: SIMD> where Vector.Scalar == Float {
    /// A factor of absolute value 1.
    struct Twiddle {
        var cosine = Vector()
        var sine = Vector()

        @inline(__always) mutating func set(_ index: Int, _ cosine: Float, _ sine: Float) {
            self.cosine[index] = cosine
            self.sine[index] = sine
        }

        @inline(__always) mutating func setAll(_ cosine: Float, _ sine: Float) {
            self.cosine = Vector(repeating: cosine)
            self.sine = Vector(repeating: sine)
        }
    }

    typealias Four = (Vector, Vector, Vector, Vector)
    var real: Four
    var imaginary: Four

    @inline(__always)
    init(_ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>, apart: Int) {
        let (a, b) = (load(real) as Vector, load(real + apart) as Vector)
        let (c, d) = (load(real + 2 * apart) as Vector, load(real + 3 * apart) as Vector)
        let (e, f) = (load(imaginary) as Vector, load(imaginary + apart) as Vector)
        let (g, h) = (load(imaginary + 2 * apart) as Vector, load(imaginary + 3 * apart) as Vector)
        let (sumReal, sumImaginary) = (a + c, e + g)
        let (gapReal, gapImaginary) = (a - c, e - g)
        let (otherSumReal, otherSumImaginary) = (b + d, f + h)
        let (otherGapReal, otherGapImaginary) = (b - d, f - h)
        self.real = (
            sumReal + otherSumReal, gapReal + otherGapImaginary, sumReal - otherSumReal, gapReal - otherGapImaginary
        )
        self.imaginary = (
            sumImaginary + otherSumImaginary, gapImaginary - otherGapReal, sumImaginary - otherSumImaginary,
            gapImaginary + otherGapReal
        )
    }

    /// All but the first, each times its factor.
    @inline(__always)
    func turned(_ by: (Twiddle, Twiddle, Twiddle)) -> Self {
        var out = self
        out.real.1 = real.1 * by.0.cosine - imaginary.1 * by.0.sine
        out.imaginary.1 = real.1 * by.0.sine + imaginary.1 * by.0.cosine
        out.real.2 = real.2 * by.1.cosine - imaginary.2 * by.1.sine
        out.imaginary.2 = real.2 * by.1.sine + imaginary.2 * by.1.cosine
        out.real.3 = real.3 * by.2.cosine - imaginary.3 * by.2.sine
        out.imaginary.3 = real.3 * by.2.sine + imaginary.3 * by.2.cosine
        return out
    }
}

@inline(__always)
private func load<Vector: SIMD>(_ from: UnsafeMutablePointer<Float>) -> Vector where Vector.Scalar == Float {
    UnsafeRawPointer(from).loadUnaligned(as: Vector.self)
}

@inline(__always)
private func store<Vector: SIMD>(_ vector: Vector, to: UnsafeMutablePointer<Float>) where Vector.Scalar == Float {
    UnsafeMutableRawPointer(to).storeBytes(of: vector, as: Vector.self)
}
