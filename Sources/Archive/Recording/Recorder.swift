import AudioCore
import Dispatch
package import Events
import Synchronization

/// Records a conversation: your voice as it is sent on the left, the model's as it leaves the loudspeaker on the right,
/// in Ogg Opus files that can be played whenever the program ends, and however.
///
/// The devices' threads write into `RecordingTaps` and wait for nobody; this takes it from there, on a queue of its own,
/// where a slow disk holds up nothing else. What cannot be written is told once, tried again, and counted.
package actor Recorder {
    package struct Configuration: Sendable, Equatable {
        /// Under it each conversation gets a directory of its own.
        package var directory: String
        package var kilobitsPerSecond: Int
        /// Nil: one file, however long.
        package var rotateHours: Int?
        package var rotateMegabytes: Int?

        package init(
            directory: String, kilobitsPerSecond: Int = 48, rotateHours: Int? = nil, rotateMegabytes: Int? = nil
        ) {
            self.directory = directory
            self.kilobitsPerSecond = kilobitsPerSecond
            self.rotateHours = rotateHours
            self.rotateMegabytes = rotateMegabytes
        }
    }

    /// How often the tapes are emptied.
    static let interval = Duration.milliseconds(100)
    /// What is heard before `begin` and may still be in the recording: no more than the tapes hold.
    static let longestPrelude = Duration.seconds(10)
    /// Parts of answers that wait for the disk.
    static let mostWaiting = 64 << 20

    private let queue = QueueExecutor(label: "vivavoce.recorder")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let shared = Shared()
    private let clock: RecordingClock
    private let taps: RecordingTaps
    private let tell: @Sendable (Event.Body) -> Void
    private nonisolated let directory: RecordingDirectory
    /// The first frame's time on the monotonic clock.
    private var origin: Duration
    private var offset: Duration
    private var mix: RecordingMix
    private var parts: RecordingParts

    /// The recording begins here: what the taps bring from now on is in it. Nothing is written yet.
    ///
    /// - Parameters:
    ///   - session: the conversation's own name.
    ///   - tell: `recording.started` and `recording.ended`, and warnings. Any thread; must not block.
    package init(
        _ configuration: Configuration, hearing taps: RecordingTaps, session: String,
        clock: RecordingClock = .ofMachine, tell: @escaping @Sendable (Event.Body) -> Void
    ) {
        let offset = clock.offset()
        // A whole millisecond of the wall clock, which is what the file's comment can say.
        let start = (clock.monotonic() + offset).milliseconds
        self.offset = offset
        origin = .milliseconds(start) - offset
        self.clock = clock
        self.taps = taps
        self.tell = tell
        let directory = RecordingDirectory(under: configuration.directory, start: start, session: session)
        self.directory = directory
        mix = RecordingMix(taps, origin: origin)
        parts = RecordingParts(configuration, in: directory, session: session, tell: tell)
    }

    /// Where the recording is, or will be.
    package nonisolated var path: String { directory.path }

    /// There is something to record from now on: a conversation that never comes about leaves no file. Any thread.
    package nonisolated func begin() { shared.hasBegun.store(true, ordering: .releasing) }

    /// Records from `begin` until the task is cancelled, and brings the file to its end in good order.
    package func run() async {
        while !Task.isCancelled, !shared.hasBegun.load(ordering: .acquiring) {
            await clock.sleep(Self.interval)
            if clock.monotonic() - origin > Self.longestPrelude { startAnew() }
        }
        guard shared.hasBegun.load(ordering: .acquiring) else { return }
        write([])
        while !Task.isCancelled {
            await clock.sleep(Self.interval)
            if !Task.isCancelled { catchUp() }
        }
        write(mix.rest(at: clock.monotonic()))
        parts.finish()
        guard parts.hasBegun else { return }
        let lost = SoundTrack.rate.duration(of: parts.lost) + mix.lost
        tell(
            .recordingEnded(
                path: directory.path, seconds: Double(parts.written) / Double(SoundTrack.rate.hertz),
                lostMilliseconds: Int(lost.milliseconds)))
    }

    /// What was heard until now is passed over.
    private func startAnew() {
        _ = mix.frames(at: clock.monotonic())
        offset = clock.offset(since: offset)
        let start = (clock.monotonic() + offset).milliseconds
        origin = .milliseconds(start) - offset
        mix = RecordingMix(taps, origin: origin)
    }

    /// Writes what is certain by now, a second at a time: after the process was stopped for a night there is a night.
    private func catchUp() {
        let now = clock.monotonic()
        var time: Duration
        repeat {
            let given = origin + SoundTrack.rate.duration(of: mix.begin)
            time = min(now, given + RecordingMix.delay + .seconds(1))
            write(mix.frames(at: time))
        } while time < now
    }

    /// Keeps a part of an answer, such as an image, under `artifacts`, and tells where.
    ///
    /// Any thread; does not wait. What was given before the recording's end is written before it. More than
    /// `mostWaiting` bytes at once are not taken, and that is told.
    package nonisolated func keep(_ bytes: [UInt8], mimeType: String) {
        let size = bytes.count
        guard shared.bytes.add(size, ordering: .relaxed).newValue <= Self.mostWaiting else {
            shared.bytes.subtract(size, ordering: .relaxed)
            return tell(
                .warning(
                    Problem(
                        code: "part.notKept",
                        message: "\(size) bytes of \(mimeType) are not kept: the disk has not taken what came before.",
                        remedy: "Name a directory on a faster disk with --record.")))
        }
        queue.run { [directory, tell, shared] in
            defer { shared.bytes.subtract(size, ordering: .relaxed) }
            do throws(ArchiveError) {
                let path = try directory.keep(bytes, name: RecordingDirectory.name(ofType: mimeType))
                tell(
                    mimeType.hasPrefix("image/")
                        ? .image(path: path, mimeType: mimeType) : .file(path: path, mimeType: mimeType))
            } catch {
                tell(.warning(Problem(code: "part.notKept", message: error.message, remedy: error.remedy)))
            }
        }
    }

    /// - Parameter stereo: what follows on what was written last.
    private func write(_ stereo: [Int16]) {
        offset = clock.offset(since: offset)
        let start = origin + SoundTrack.rate.duration(of: mix.begin - stereo.count / 2)
        parts.write(stereo, from: start, offset: offset, now: clock.monotonic())
    }
}

/// What the recorder is told from other threads: that it may begin, and how many bytes of parts wait to be written.
private final class Shared: Sendable {
    let bytes = Atomic(0)
    let hasBegun = Atomic(false)
}

/// Runs an actor on a queue of its own, whose threads may wait for a disk.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func run(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
