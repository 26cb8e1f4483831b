/// Turns a device's or a file's interleaved frames into mono `Int16`.
///
/// Channels are weighed so that their sum cannot clip: two alike come out as one of them. Surround in the order of WAV
/// and ALSA's defaults for 5.1 and 7.1 goes by ITU-R BS.775: the centre, where speech is, at 1, the fronts at 0.707, the
/// surrounds at 0.5, the low-frequency channel left out. Any other number of channels is averaged.
package struct Downmix: Sendable {
    /// More channels than a machine's largest interface has are a damaged header.
    package static let maximumChannels = 64

    package let format: SampleFormat
    package let channels: Int
    /// One weight per channel; their sum is 1.
    private let weights: [Float]

    /// - Precondition: `channels` lies in 1…64.
    package init(_ format: SampleFormat, channels: Int) {
        precondition((1...Self.maximumChannels).contains(channels), "\(channels) channels")
        self.format = format
        self.channels = channels
        let raw: [Float] =
            switch channels {
            case 6: [0.707, 0.707, 1, 0, 0.5, 0.5]
            case 8: [0.707, 0.707, 1, 0, 0.5, 0.5, 0.5, 0.5]
            default: [Float](repeating: 1, count: channels)
            }
        let sum = raw.reduce(0, +)
        weights = raw.map { $0 / sum }
    }

    package var bytesPerFrame: Int { format.bytes * channels }

    /// Mixes whole frames, as many as there are and as fit.
    ///
    /// - Parameters:
    ///   - bytes: interleaved, shape `[frames, channels]`; a partial frame at the end is left alone.
    ///   - output: mono, filled from its front.
    /// - Returns: frames mixed.
    /// - Note: RT safe.
    package func mix(_ bytes: RawSpan, into output: inout MutableSpan<Int16>) -> Int {
        let frames = min(bytes.byteCount / bytesPerFrame, output.count)
        for frame in 0..<frames {
            var sum: Float = 0
            var offset = frame * bytesPerFrame
            for channel in 0..<channels {
                let weight = weights[channel]
                if weight != 0 { sum += weight * format.load(bytes, at: offset) }
                offset += format.bytes
            }
            output[frame] = Int16(sample: sum)
        }
        return frames
    }
}
