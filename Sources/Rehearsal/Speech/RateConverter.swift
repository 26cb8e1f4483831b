import Foundation

/// Converts mono sound between two sample rates with a windowed sinc, block by block.
///
/// The place where the house's own resampler can be plugged in: nothing else in this module converts rates.
struct RateConverter {
    private let up: Int
    private let down: Int
    /// Taps of each of the `up` phases, phase by phase.
    private let kernel: [Float]
    private let width: Int
    private var history: [Float]
    /// Where the next output lies, in steps of `1 / up` input samples, relative to the start of `history`.
    private var position = 0

    /// Zero crossings on each side of the sinc's middle. 16 keeps images 70 dB down with the window below.
    private static let lobes = 16

    init(from input: Int, to output: Int) {
        let divisor = Self.greatestCommonDivisor(input, output)
        up = output / divisor
        down = input / divisor
        // Going down, the filter must end below the output's half rate; 0.92 leaves room for its slope.
        let cutoff = 0.92 * min(1, Double(output) / Double(input))
        width = 2 * Int((Double(Self.lobes) / cutoff).rounded(.up))
        var kernel: [Float] = []
        kernel.reserveCapacity(up * width)
        for phase in 0..<up {
            var taps: [Double] = []
            for tap in 0..<width {
                let distance = Double(tap - width / 2 + 1) - Double(phase) / Double(up)
                let window = 0.5 + 0.5 * cos(.pi * min(1, abs(distance) / Double(width / 2)))
                let angle = .pi * distance * cutoff
                taps.append(cutoff * (angle == 0 ? 1 : sin(angle) / angle) * window)
            }
            let gain = taps.reduce(0, +)  // each phase passes a constant unchanged
            kernel += taps.map { Float($0 / gain) }
        }
        self.kernel = kernel
        history = [Float](repeating: 0, count: width / 2 - 1)
    }

    /// Converts the next block; what cannot be converted yet waits for the block after it.
    mutating func convert(_ samples: [Int16]) -> [Int16] {
        if up == down { return samples }
        history += samples.map(Float.init)
        var output: [Int16] = []
        output.reserveCapacity(samples.count * up / down + 1)
        history.withUnsafeBufferPointer { history in
            kernel.withUnsafeBufferPointer { kernel in
                while position / up + width <= history.count {
                    let start = position / up
                    let taps = position % up * width
                    var sum: Float = 0
                    for tap in 0..<width { sum += history[start + tap] * kernel[taps + tap] }
                    output.append(Int16(max(-32_768, min(32_767, sum.rounded()))))
                    position += down
                }
            }
        }
        let consumed = min(position / up, history.count)
        history.removeFirst(consumed)
        position -= consumed * up
        return output
    }

    /// Converts the last block and what still waits. The converter is at its start again afterwards.
    mutating func finish(_ samples: [Int16]) -> [Int16] {
        let output = convert(samples + [Int16](repeating: 0, count: up == down ? 0 : width / 2))
        history = [Float](repeating: 0, count: width / 2 - 1)
        position = 0
        return output
    }

    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        second == 0 ? first : greatestCommonDivisor(second, first % second)
    }
}
