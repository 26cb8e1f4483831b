import Events
import Glibc

/// One conversation's directory under the one for recordings: what is in it is called what, and nobody else reads it.
struct RecordingDirectory: Sendable, Equatable {
    let path: String

    /// - Parameters:
    ///   - parent: the directory for recordings, from where the program was started if it is not absolute.
    ///   - start: milliseconds since 1970.
    ///   - session: the conversation's own name.
    init(under parent: String, start: Int64, session: String) {
        let second = Timestamp.iso8601(start).prefix { $0 != "." && $0 != "Z" }
        let time = second.map { $0 == ":" ? "-" : $0 } + "Z"
        let parent = parent.hasPrefix("/") ? parent : "\(Self.current)/\(parent)"
        path = "\(parent)/\(String(time))-\(Self.sanitized(session))"
    }

    /// - Parameter number: of the part, from 1.
    func audio(_ number: Int) -> String { Self.audio(number, in: path) }

    static func audio(_ number: Int, in directory: String) -> String {
        directory + (number == 1 ? "/audio.opus" : "/audio-\(number).opus")
    }

    /// Makes it, and what is above it.
    func create() throws(ArchiveError) { try Self.create(path) }

    /// Keeps something that the conversation brought, under `artifacts`.
    ///
    /// - Parameter name: as it was called; its letters, digits, dots and dashes are kept, and a number is put in where
    ///   there is something of that name.
    /// - Returns: the file's path.
    func keep(_ bytes: [UInt8], name: String) throws(ArchiveError) -> String {
        let directory = path + "/artifacts"
        try Self.create(directory)
        let name = Self.sanitized(name)
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        for number in 1...10_000 {
            let path = "\(directory)/\(name[..<dot])\(number == 1 ? "" : "-\(number)")\(name[dot...])"
            guard access(path, F_OK) != 0 else { continue }
            let file = try RecordingFile(creating: path)
            guard bytes.withUnsafeBytes({ file.append($0) }) else {
                unlink(path)
                throw ArchiveError(errno: file.error, "cannot write \(path)")
            }
            return path
        }
        throw ArchiveError(.badInput, "\(directory) holds ten thousand files called \(name) already")
    }

    /// What a part of an answer is called.
    ///
    /// - Parameter mimeType: such as `image/png`, which gives `image.png`; parameters are left out.
    static func name(ofType mimeType: String) -> String {
        let type = mimeType.lowercased().prefix { $0 != ";" }.split(separator: "/", maxSplits: 1)
        guard type.count == 2 else { return "part" }
        let subtype = type[1].prefix { $0 != "+" }
        let ending = ["jpeg": "jpg", "plain": "txt", "octet-stream": "bin", "markdown": "md"][subtype] ?? subtype
        return "\(type[0]).\(ending)"
    }

    /// One component of a path, whatever was asked for: never empty, hidden, or longer than any file system allows.
    static func sanitized(_ name: String) -> String {
        let kept = name.unicodeScalars.map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_": Character(scalar)
            default: "-" as Character
            }
        }
        let visible = kept.drop { $0 == "." || $0 == "-" }.suffix(100)
        let start = visible.drop { $0 == "." || $0 == "-" }
        return start.isEmpty ? "unnamed" : String(start)
    }

    private static var current: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }

    private static func create(_ path: String) throws(ArchiveError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        let number = errno
        guard number == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw ArchiveError(errno: number, "cannot make the directory \(path)")
        }
        try create(String(path[..<slash]))
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw ArchiveError(errno: errno, "cannot make the directory \(path)")
        }
    }
}
