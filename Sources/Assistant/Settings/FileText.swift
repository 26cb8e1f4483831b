import Glibc

/// Reads small text files, such as settings, instructions and keys.
enum FileText {
    /// - Parameters:
    ///   - path: `~/` at its start is the home directory.
    ///   - limit: bytes; a longer file is refused, because it is not what it is taken for.
    ///   - check: looks at the open file before a byte is read.
    /// - Throws: `.noInput` when the file is missing or unreadable, `.badInput` when it is too long or not UTF-8.
    static func read(
        _ path: String, what: String, limit: Int, environment: [String: String],
        check: (stat) throws(AssistantError) -> Void = { _ in }
    ) throws(AssistantError) -> String {
        let path = expand(path, environment: environment)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw AssistantError(.noInput, "Cannot read the \(what) \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw AssistantError(.noInput, "Cannot read the \(what) \(path): it is a directory.")
        }
        try check(status)
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 4096))
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + start, 4096) }
            bytes.removeLast(4096 - max(0, count))
            if count == 0 { break }
            guard count > 0 || errno == EINTR else {
                throw AssistantError(.noInput, "Cannot read the \(what) \(path): \(String(cString: strerror(errno))).")
            }
        }
        guard bytes.count <= limit else {
            throw AssistantError(.badInput, "The \(what) \(path) is longer than \(limit) bytes.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw AssistantError(.badInput, "The \(what) \(path) is not UTF-8 text.")
        }
        return text
    }

    /// Where paths begin that do not say so.
    static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Puts the home directory for `~/`, which no shell expands in settings files and variables.
    static func expand(_ path: String, environment: [String: String]) -> String {
        guard path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty else { return path }
        return home + path.dropFirst(1)
    }
}
