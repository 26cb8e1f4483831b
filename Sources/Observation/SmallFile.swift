import Glibc

/// Reads small text files.
enum SmallFile {
    /// Longer is none of ours.
    private static let longest = 1 << 18

    /// - Returns: nil where there is none.
    static func read(_ path: String) throws(ObservationError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw failure(path) }
            return nil
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: longest)
        var filled = 0
        while filled < longest {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + filled, longest - filled) }
            if count == 0 { break }
            guard count > 0 || errno == EINTR else { throw failure(path) }
            filled += max(0, count)
        }
        guard filled < longest, let text = String(validating: bytes.prefix(filled), as: UTF8.self) else {
            throw ObservationError(.settings, "\(path) is not a text of less than \(longest) bytes.")
        }
        return text
    }

    private static func failure(_ path: String) -> ObservationError {
        ObservationError(.settings, "Cannot read \(path): \(String(cString: strerror(errno))).")
    }
}
