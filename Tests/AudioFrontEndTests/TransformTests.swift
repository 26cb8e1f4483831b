import Foundation
import Testing

@testable import AudioFrontEnd

@Suite("The transform")
struct TransformTests {
    @Test("agrees with the definition, bin by bin")
    func definition() {
        let samples = Acoustics.noise(count: 512, seed: 3, level: 0.3)
        let store = LaneStore(lanes: Spectrum.stride)
        samples.withUnsafeBufferPointer { Transform().forward($0.baseAddress!, into: Spectrum(store)) }
        for bin in [0, 1, 7, 100, 128, 200, 255, 256] {
            var (real, imaginary) = (0.0, 0.0)
            for (index, sample) in samples.enumerated() {
                let angle = -2 * Double.pi * Double(bin * index) / 512
                real += Double(sample) * cos(angle)
                imaginary += Double(sample) * sin(angle)
            }
            #expect(abs(Double(Spectrum(store).realBins[bin]) - real) < 1e-3)
            #expect(abs(Double(Spectrum(store).imaginaryBins[bin]) - imaginary) < 1e-3)
        }
    }

    @Test("is undone by its inverse")
    func inverse() {
        let samples = Acoustics.noise(count: 512, seed: 4, level: 0.3)
        let transform = Transform()
        let store = LaneStore(lanes: Spectrum.stride)
        var back = [Float](repeating: 0, count: 512)
        samples.withUnsafeBufferPointer { transform.forward($0.baseAddress!, into: Spectrum(store)) }
        back.withUnsafeMutableBufferPointer { transform.inverse(Spectrum(store), into: $0.baseAddress!) }
        #expect(zip(samples, back).allSatisfy { abs($0 - $1) < 1e-5 })
    }
}
