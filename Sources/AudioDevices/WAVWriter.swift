import AudioCore
import Glibc

/// Writes a mono 16-bit WAV file whose header is right at any moment, so that `kill -9` leaves one that plays.
struct WAVWriter: ~Copyable {
    private static let headerSize = 44
    private let descriptor: CInt
    private let path: String
    private let rate: SampleRate
    private var dataSize = 0
    private var sizeInHeader = 0

    /// Creates the file, or empties it.
    /// - Throws: `.permission` or `.inputOutput`.
    init(creating path: String, rate: SampleRate) throws(DeviceError) {
        self.path = path
        self.rate = rate
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .system("cannot write \(path)", errno: errno) }
        let failure = header().withUnsafeBytes { writeAll($0, to: descriptor) }
        guard failure == 0 else { throw .system("cannot write \(path)", errno: failure) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends samples, as they lie in memory: little-endian like the file, on every machine that this runs on. The header follows by itself, at the latest after a tenth of a second of sound.
    mutating func append(_ samples: Span<Int16>) throws(DeviceError) {
        guard !samples.isEmpty else { return }
        let failure = samples.withUnsafeBytes { writeAll($0, to: descriptor) }
        guard failure == 0 else { throw .system("cannot write \(path)", errno: failure) }
        dataSize += samples.count * 2
        if dataSize - sizeInHeader >= rate.hertz / 5 { try updateHeader() }
    }

    /// Brings the header up to date: where a recording ends.
    mutating func updateHeader() throws(DeviceError) {
        guard sizeInHeader != dataSize else { return }
        let bytes = header()
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        // A FIFO has no place to go back to; its header stays what it was.
        guard count == bytes.count || errno == ESPIPE else { throw .system("cannot write \(path)", errno: errno) }
        sizeInHeader = dataSize
    }

    private func header() -> [UInt8] {
        // The field holds 4 GiB, a day of sound; past that, readers go by the file's length.
        let data = UInt32(clamping: dataSize)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize)
        func put(_ text: StaticString) { text.withUTF8Buffer { bytes += $0 } }
        func put(_ value: UInt32) {
            for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        func put(_ value: UInt16) {
            bytes += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
        put("RIFF")
        put(UInt32(clamping: Int(data) + Self.headerSize - 8))
        put("WAVEfmt ")
        put(16 as UInt32)
        put(1 as UInt16)  // PCM
        put(1 as UInt16)  // mono
        put(UInt32(rate.hertz))
        put(UInt32(rate.hertz * 2))
        put(2 as UInt16)  // bytes per frame
        put(16 as UInt16)
        put("data")
        put(data)
        return bytes
    }
}

/// Writes all of `bytes`, however long it takes. - Returns: 0, or the `errno` that ended it.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> CInt {
    var done = 0
    while done < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno != EINTR { return errno }
        done += max(0, count)
    }
    return 0
}
