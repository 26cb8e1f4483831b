/// Turns mono `Int16` into a device's interleaved frames: the same sound on the first two channels, silence on others.
package struct Upmix: Sendable {
    package let format: SampleFormat
    package let channels: Int

    /// - Precondition: `channels` lies in 1…64.
    package init(_ format: SampleFormat, channels: Int) {
        precondition((1...Downmix.maximumChannels).contains(channels), "\(channels) channels")
        self.format = format
        self.channels = channels
    }

    package var bytesPerFrame: Int { format.bytes * channels }

    /// - Parameters:
    ///   - samples: mono, shape `[n]`.
    ///   - bytes: filled from its front, shape `[n, channels]`.
    /// - Precondition: `bytes.byteCount >= samples.count * bytesPerFrame`.
    /// - Note: RT safe.
    package func spread(_ samples: Span<Int16>, into bytes: inout MutableRawSpan) {
        precondition(bytes.byteCount >= samples.count * bytesPerFrame, "no room for \(samples.count) frames")
        for index in samples.indices {
            for channel in 0..<channels {
                let sample = channel < 2 ? samples[index] : 0
                store(sample, into: &bytes, at: (index * channels + channel) * format.bytes)
            }
        }
    }

    private func store(_ sample: Int16, into bytes: inout MutableRawSpan, at offset: Int) {
        let wide = Int32(sample)
        switch format {
        case .unsigned8:
            bytes.put(UInt8(truncatingIfNeeded: (wide >> 8) + 128), at: offset)
        case .signed16:
            bytes.put(sample.littleEndian, at: offset)
        case .signed24:
            bytes.put(0 as UInt8, at: offset)
            bytes.put(UInt8(truncatingIfNeeded: wide), at: offset + 1)
            bytes.put(UInt8(truncatingIfNeeded: wide >> 8), at: offset + 2)
        case .signed24in32:
            bytes.put((wide << 8).littleEndian, at: offset)
        case .signed32:
            bytes.put((wide << 16).littleEndian, at: offset)
        case .float32:
            bytes.put((Float(sample) / 32_768).bitPattern.littleEndian, at: offset)
        case .float64:
            bytes.put((Double(sample) / 32_768).bitPattern.littleEndian, at: offset)
        }
    }
}

extension MutableRawSpan {
    fileprivate mutating func put<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
        storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }
}
