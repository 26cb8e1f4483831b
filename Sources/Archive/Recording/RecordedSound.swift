package import AudioCore
import Glibc

/// All files of one recording, read as one sound: where one ends the next begins, and what was not recorded between them
/// is passed over.
///
/// One owner, on one thread; reading blocks where the disk does.
package struct RecordedSound: ~Copyable {
    /// Frames in a second of it.
    package static let rate = SoundTrack.rate

    /// Wall-clock times in milliseconds since 1970: the first frame's, and the last's.
    package let start: Int64
    package let end: Int64
    private let parts: [(path: String, start: Int64, end: Int64)]
    private var index = 0
    private var current: OpusRecording
    private var buffer = [Int16](repeating: 0, count: 11_520)
    /// Frames before the next in `current`.
    private var frame = 0

    /// - Parameter directory: that a recorder made.
    /// - Throws: `.missing` where there is no recording; the last file may be cut short, and still counts.
    package init(in directory: String) throws(ArchiveError) {
        let directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        var parts: [(path: String, start: Int64, end: Int64)] = []
        var first: OpusRecording?
        for number in 1... {
            let path = RecordingDirectory.audio(number, in: directory)
            guard access(path, F_OK) == 0 else { break }
            guard let recording = try Self.part(at: path) else { continue }
            let length = SoundTrack.rate.duration(of: recording.frames).milliseconds
            parts.append((path, recording.start, recording.start + length))
            if first == nil { first = consume recording }
        }
        guard let opened = first.take(), let last = parts.last else {
            throw Self.missing(directory)
        }
        self.parts = parts
        start = parts[0].start
        end = last.end
        current = opened
    }

    private static func missing(_ directory: String) -> ArchiveError {
        guard access(directory, F_OK) == 0 else {
            return ArchiveError(
                .missing, "Cannot find the recording's directory \(directory): \(String(cString: strerror(errno)))",
                remedy: "Mount its disk. If it was moved, vivavoce transcripts replay DIR/ plays it from there.")
        }
        return ArchiveError(
            .missing, "There is no recording in \(directory)",
            remedy: "Conversations are recorded with vivavoce talk --record DIR.")
    }

    /// - Returns: nil for a file that ended before there was sound in it: a disk that was full, or a kill.
    private static func part(at path: String) throws(ArchiveError) -> OpusRecording? {
        do throws(ArchiveError) {
            return try OpusRecording(opening: path)
        } catch {
            guard error.code == .corrupt else { throw error }
            return nil
        }
    }

    /// Goes on reading at a wall-clock time, or at the first sound after it.
    package mutating func seek(to time: Int64) throws(ArchiveError) {
        guard let index = parts.firstIndex(where: { time < $0.end }) else {
            throw ArchiveError(
                .badInput, "the recording ends before that",
                remedy: "It is \(SoundTrack.rate.duration(of: Int(end - start) * 48).milliseconds / 1000) s long.")
        }
        try open(index)
        frame = Int(max(0, time - parts[index].start)) * 48
        guard current.seek(to: frame) else {
            throw ArchiveError(
                .corrupt, "\(parts[index].path) is damaged there", remedy: "Begin somewhere else with --from.")
        }
    }

    /// The next stretch, at most 120 ms.
    ///
    /// - Parameters:
    ///   - left: replaced by your voice, mono at 48 kHz.
    ///   - right: by the model's, as many frames.
    /// - Returns: the first frame's wall-clock time; nil at the end.
    package mutating func next(left: inout [Int16], right: inout [Int16]) throws(ArchiveError) -> Int64? {
        while true {
            let count = current.read(into: &buffer)
            guard count == 0 else {
                left.removeAll(keepingCapacity: true)
                right.removeAll(keepingCapacity: true)
                for index in 0..<count {
                    left.append(buffer[2 * index])
                    right.append(buffer[2 * index + 1])
                }
                defer { frame += count }
                return parts[index].start + Int64(frame / 48)
            }
            guard index + 1 < parts.count else { return nil }
            try open(index + 1)
        }
    }

    private mutating func open(_ index: Int) throws(ArchiveError) {
        current = try OpusRecording(opening: parts[index].path)
        self.index = index
        frame = 0
    }
}
