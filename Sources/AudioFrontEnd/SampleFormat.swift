/// How one sample lies in bytes, little-endian throughout: what devices and WAV files use.
package enum SampleFormat: String, Equatable, Sendable, CaseIterable {
    case unsigned8, signed16
    /// 24 bits in three bytes, and in the lower three of four.
    case signed24, signed24in32
    case signed32, float32, float64

    package var bytes: Int {
        switch self {
        case .unsigned8: 1
        case .signed16: 2
        case .signed24: 3
        case .signed24in32, .signed32, .float32: 4
        case .float64: 8
        }
    }

    /// The sample at a byte offset, as −1 … 1 of full scale (floats may exceed it). RT safe.
    ///
    /// - Precondition: `offset + bytes <= raw.byteCount`.
    func load(_ raw: RawSpan, at offset: Int) -> Float {
        switch self {
        case .unsigned8:
            return (Float(raw.load(UInt8.self, at: offset)) - 128) / 128
        case .signed16:
            return Float(Int16(littleEndian: raw.load(Int16.self, at: offset))) / 32_768
        case .signed24:
            let low = UInt32(raw.load(UInt8.self, at: offset))
            let middle = UInt32(raw.load(UInt8.self, at: offset + 1))
            let high = UInt32(raw.load(UInt8.self, at: offset + 2))
            return Float(Int32(bitPattern: low << 8 | middle << 16 | high << 24)) / 2_147_483_648
        case .signed24in32:
            let word = UInt32(littleEndian: raw.load(UInt32.self, at: offset))
            return Float(Int32(bitPattern: word << 8)) / 2_147_483_648
        case .signed32:
            return Float(Int32(littleEndian: raw.load(Int32.self, at: offset))) / 2_147_483_648
        case .float32:
            return Float(bitPattern: UInt32(littleEndian: raw.load(UInt32.self, at: offset)))
        case .float64:
            return Float(Double(bitPattern: UInt64(littleEndian: raw.load(UInt64.self, at: offset))))
        }
    }
}

extension Int16 {
    /// From −1 … 1 of full scale: rounded to nearest, clipped at the ends; what is no number is silence.
    init(sample: Float) {
        let scaled = (sample * 32_768).rounded()
        self = scaled.isNaN ? 0 : Int16(Swift.max(-32_768, Swift.min(32_767, scaled)))
    }
}

extension RawSpan {
    fileprivate func load<Value: BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        precondition(offset >= 0 && offset <= byteCount - MemoryLayout<Value>.size, "a sample past the end")
        // SAFETY: the bytes lie inside, and only integers are loaded, of which any bits make one.
        return unsafeLoadUnaligned(fromByteOffset: offset, as: type)
    }
}
