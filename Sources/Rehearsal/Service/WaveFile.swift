import Foundation

/// A mono 16-bit WAV file that is complete after every append: a killed process leaves a file that plays.
struct WaveFile: ~Copyable {
    private let file: FileHandle
    private var byteCount: UInt32 = 0

    init(path: String, rate: Int) throws(RehearsalError) {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw RehearsalError(.file, "cannot write \(path)") }
        self.file = file
        var header = Data("RIFF".utf8)
        header.append(little: UInt32(36))
        header.append(Data("WAVEfmt ".utf8))
        header.append(little: UInt32(16))
        header.append(little: UInt16(1))  // PCM
        header.append(little: UInt16(1))  // mono
        header.append(little: UInt32(rate))
        header.append(little: UInt32(rate * 2))
        header.append(little: UInt16(2))
        header.append(little: UInt16(16))
        header.append(Data("data".utf8))
        header.append(little: UInt32(0))
        try? file.write(contentsOf: header)
    }

    deinit { try? file.close() }

    mutating func append(_ samples: [Int16]) {
        var data = Data(capacity: samples.count * 2)
        for sample in samples { data.append(little: UInt16(bitPattern: sample)) }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: data)
        byteCount += UInt32(data.count)
        write(36 + byteCount, at: 4)
        write(byteCount, at: 40)
    }

    private func write(_ size: UInt32, at offset: UInt64) {
        var data = Data()
        data.append(little: size)
        try? file.seek(toOffset: offset)
        try? file.write(contentsOf: data)
    }
}

extension Data {
    fileprivate mutating func append(little value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
