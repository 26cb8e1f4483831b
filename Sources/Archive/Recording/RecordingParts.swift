import AudioCore
import Dispatch
import Events
import Glibc

/// The files of one recording: the next begins when the last is long enough, cannot be written any more, or does not
/// fit the wall clock any more.
///
/// Lives on the recorder's thread, and blocks where the disk does.
struct RecordingParts: ~Copyable {
    /// The wall clock may move so far against the machine's before another file begins.
    private static let tolerance = Duration.milliseconds(5)
    /// Free space without which it is not worth beginning.
    private static let leastRoom = 1 << 20
    private static let patience = Duration.seconds(1)...Duration.seconds(30)
    private static let syncInterval = Duration.seconds(5)
    /// Of sound that was encoded, so much may be on no page yet: what an error loses beside what it hit.
    private static let unwritten = 9_600

    private struct Part {
        let encoder: OpusEncoder
        /// Frames in it.
        var frames = 0
        /// The wall clock's against the machine's, for which its beginning is right.
        let offset: Duration
    }

    private let configuration: Recorder.Configuration
    private let session: String
    private let directory: RecordingDirectory
    private let tell: @Sendable (Event.Body) -> Void
    private var part: Part?
    private var number = 0
    private var isInTrouble = false
    private var wait = patience.lowerBound
    private var retryAt = Duration.zero
    private var syncedAt = Duration.zero
    private let syncing = DispatchQueue(label: "vivavoce.recorder.sync")
    /// Frames in all files, and frames that there was no file for.
    private(set) var written = 0
    private(set) var lost = 0

    init(
        _ configuration: Recorder.Configuration, in directory: RecordingDirectory, session: String,
        tell: @escaping @Sendable (Event.Body) -> Void
    ) {
        self.configuration = configuration
        self.directory = directory
        self.session = session
        self.tell = tell
    }

    /// Some of it was recorded.
    var hasBegun: Bool { number > 0 }

    /// Writes what follows on what was written last.
    ///
    /// - Parameters:
    ///   - stereo: interleaved at 48 kHz, shape `[2 n]`; empty to begin a file before there is any sound.
    ///   - start: the first frame's time on the monotonic clock.
    ///   - offset: of the wall clock against that.
    ///   - now: on the monotonic clock.
    mutating func write(_ stereo: [Int16], from start: Duration, offset: Duration, now: Duration) {
        if let part, isOver(part, at: offset) { end() }
        if part == nil { begin(at: start, offset: offset, now: now) }
        guard let encoder = part?.encoder else {
            lost += stereo.count / 2
            return
        }
        guard !stereo.isEmpty else { return }
        do throws(ArchiveError) {
            try encoder.write(stereo)
            part?.frames += stereo.count / 2
            written += stereo.count / 2
            wait = Self.patience.lowerBound
            sync(now)
        } catch {
            fail(error, losing: stereo.count / 2, now: now)
        }
    }

    /// Ends the last file in good order.
    mutating func finish() {
        guard let file = part?.encoder.file else { return }
        end()
        file.sync()
    }

    private func isOver(_ part: Part, at offset: Duration) -> Bool {
        let hours = configuration.rotateHours.map { part.frames >= $0 * 3_600 * SoundTrack.rate.hertz } ?? false
        let size = configuration.rotateMegabytes.map { part.encoder.file.size >= $0 * 1_000_000 } ?? false
        let difference = offset - part.offset
        return hours || size || difference > Self.tolerance || difference < .zero - Self.tolerance
    }

    private mutating func begin(at start: Duration, offset: Duration, now: Duration) {
        guard now >= retryAt else { return }
        do throws(ArchiveError) {
            try directory.create()
            if let room = RecordingFile.room(in: directory.path), room < Self.leastRoom {
                throw ArchiveError(errno: ENOSPC, "cannot record in \(directory.path)")
            }
            let file = try RecordingFile(creating: directory.audio(number + 1))
            do throws(ArchiveError) {
                part = Part(
                    encoder: try OpusEncoder(
                        into: file, kilobitsPerSecond: configuration.kilobitsPerSecond,
                        start: (start + offset).milliseconds, session: session), offset: offset)
            } catch {
                unlink(file.path)
                throw error
            }
        } catch {
            fail(error, losing: 0, now: now)
            return
        }
        if number == 0 || isInTrouble { tell(.recordingStarted(path: directory.path)) }
        number += 1
        isInTrouble = false
        syncedAt = now
    }

    private mutating func end() {
        guard let last = part.take() else { return }
        guard last.frames > 0 else {
            // An encoder that was given nothing has nothing to end, and a file without sound is no recording.
            unlink(last.encoder.file.path)
            number -= 1
            return
        }
        do throws(ArchiveError) {
            try last.encoder.finish()
        } catch {
            lose(Self.unwritten)
            warn(error)
        }
    }

    /// Gives the file up, and tries another one later. Told once, until it works again.
    private mutating func fail(_ error: ArchiveError, losing frames: Int, now: Duration) {
        if part.take() != nil { lose(Self.unwritten) }
        lost += frames
        warn(error)
        retryAt = now + wait
        wait = min(Self.patience.upperBound, wait * 2)
    }

    private mutating func warn(_ error: ArchiveError) {
        guard !isInTrouble else { return }
        isInTrouble = true
        let message = "\(error.message). The conversation goes on; it is recorded again as soon as that is possible."
        tell(.warning(Problem(code: "recording.\(error.code.rawValue)", message: message, remedy: error.remedy)))
    }

    private mutating func lose(_ frames: Int) {
        let frames = min(frames, written)
        written -= frames
        lost += frames
    }

    /// Brings what was written to the disk now and then; who writes does not wait for it.
    private mutating func sync(_ now: Duration) {
        guard now - syncedAt >= Self.syncInterval, let file = part?.encoder.file else { return }
        syncedAt = now
        syncing.async { file.sync() }
    }
}
