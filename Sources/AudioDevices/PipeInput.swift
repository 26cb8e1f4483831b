import AudioCore
import CALSA
import Glibc

/// Raw s16le mono at 16 kHz from a named pipe or stdin, bit for bit; its pace is the other side's, its end is ours.
struct PipeInput: InputDevice, ~Copyable {
    private let descriptor: CInt
    private let name: String
    private let isOurs: Bool
    /// The first byte of a sample whose second has not come yet.
    private var half: UInt8?

    /// Reads stdin, which stays open.
    init() {
        descriptor = STDIN_FILENO
        name = "stdin"
        isOurs = false
    }

    /// Opens a named pipe. A writer need not be there yet: `read` waits for it.
    /// - Throws: `.missingFile`, `.permission`, or `.badFormat` for a folder.
    init(path: String) throws(DeviceError) {
        // Without O_NONBLOCK, opening would wait for a writer where no wake-up reaches.
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        name = path
        isOurs = true
        guard descriptor >= 0 else { throw .system("cannot read \(path)", errno: errno, missing: .missingFile) }
        guard vv_is_folder(descriptor) == 0 else {  // `deinit` closes it
            throw DeviceError(.badFormat, "\(path) is a folder", remedy: "Make a pipe with mkfifo", errno: EISDIR)
        }
    }

    deinit { if isOurs, descriptor >= 0 { close(descriptor) } }

    var isExact: Bool { true }

    mutating func read(into frame: inout MutableSpan<Int16>, wake: Wake) throws(DeviceError) -> InputReading {
        while true {
            switch wake.wait(for: (descriptor, POLLIN)) {
            case .woken, .late: return .woken
            case .ready: break
            }
            let head = half
            let count = frame.withUnsafeMutableBufferPointer { frame in
                let bytes = UnsafeMutableRawBufferPointer(frame)
                guard let head else { return Glibc.read(descriptor, bytes.baseAddress, bytes.count) }
                bytes[0] = head
                return Glibc.read(descriptor, bytes.baseAddress! + 1, bytes.count - 1)
            }
            if count < 0 {
                guard errno == EAGAIN || errno == EINTR else { throw .system("cannot read \(name)", errno: errno) }
                continue
            }
            guard count > 0 else { return .ended }  // half a sample at the end is no sample
            let filled = count + (head == nil ? 0 : 1)
            half = nil
            if filled % 2 == 1 {
                half = frame.withUnsafeMutableBufferPointer { UnsafeMutableRawBufferPointer($0)[filled - 1] }
            }
            guard filled >= 2 else { continue }
            for index in 0..<filled / 2 { frame[index] = Int16(littleEndian: frame[index]) }
            return .samples(filled / 2, capturedAt: MonotonicClock().now)
        }
    }
}
