import CALSA
import Glibc

/// Bytes in order from somewhere: a file, or a test's array.
protocol ByteReader: ~Copyable {
    /// Reads at most `buffer.count` bytes; blocks until there are some.
    /// - Returns: bytes read, 0 at the end.
    mutating func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DeviceError) -> Int
}

extension ByteReader where Self: ~Copyable {
    /// Fills `buffer`, or as much of it as there are bytes. - Returns: bytes read.
    mutating func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws(DeviceError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let part = try read(into: UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
            guard part > 0 else { break }
            filled += part
        }
        return filled
    }

    /// Up to `count` bytes: fewer only at the end. For headers, which are read once.
    mutating func take(_ count: Int) throws(DeviceError) -> [UInt8] {
        let scratch = Scratch(bytes: count)
        let taken = try fill(scratch.elements)
        return Array(scratch.elements[..<taken])
    }

    /// Passes over bytes without seeking, so that a stream will do. - Returns: whether there were as many.
    mutating func skip(_ count: UInt64) throws(DeviceError) -> Bool {
        let scratch = Scratch(bytes: Int(min(count, 65_536)))
        var left = count
        while left > 0 {
            let part = Int(min(left, UInt64(scratch.elements.count)))
            let skipped = try fill(UnsafeMutableBufferPointer(rebasing: scratch.elements[..<part]))
            guard skipped == part else { return false }
            left -= UInt64(part)
        }
        return true
    }
}

/// An open file with one owner.
struct FileBytes: ByteReader, ~Copyable {
    private let descriptor: CInt
    private let path: String

    /// - Throws: `.missingFile`, `.permission`, or `.badFormat` for a folder.
    init(reading path: String) throws(DeviceError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("cannot read \(path)", errno: errno, missing: .missingFile) }
        guard vv_is_folder(descriptor) == 0 else {  // `deinit` closes it
            throw DeviceError(.badFormat, "\(path) is a folder", remedy: "Give a WAV file", errno: EISDIR)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    mutating func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(DeviceError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw .system("cannot read \(path)", errno: errno) }
        }
    }
}
