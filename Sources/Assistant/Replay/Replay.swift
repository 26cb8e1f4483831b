package import Archive
import AudioCore
package import AudioDevices
import AudioFrontEnd
package import Events

/// Plays a recording on an output device, and shows the lines as they were said.
///
/// Other speeds than 1 change the pitch as a tape does.
package final class Replay: Sendable {
    package struct Options: Sendable, Equatable {
        /// Wall-clock time to begin at, in milliseconds since 1970; nil for the beginning.
        package var from: Int64?
        /// 0.5 … 2.
        package var speed = 1.0
        /// Nil plays both, mixed.
        package var speaker: Party?

        package init(from: Int64? = nil, speed: Double = 1, speaker: Party? = nil) {
            self.from = from
            self.speed = speed
            self.speaker = speaker
        }
    }

    /// Sound that is read ahead of what is heard.
    private static let ahead = SampleRate.speech.frames(in: .seconds(2))
    private static let interval = Duration.milliseconds(50)

    private let directory: String
    private let lines: [ArchivedLine]
    private let options: Options

    /// - Parameter lines: of the conversation, in order; those of the other speaker are left out where one is asked for.
    package init(of directory: String, lines: [ArchivedLine], _ options: Options = Options()) {
        self.directory = directory
        self.lines = lines.filter { options.speaker == nil || $0.speaker == options.speaker }
        self.options = options
    }

    private enum Part: Sendable {
        case played(Result<Void, DeviceError>)
        case shown(Result<Void, ArchiveError>)
    }

    /// Plays to the end, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - rate: the true rate of a device that lies about it; nil believes it.
    ///   - show: called with each line as its first sound is heard.
    /// - Throws: when the recording cannot be read, or the device does not play.
    package func run(
        on device: DeviceSpec, show: @escaping @Sendable (ArchivedLine) -> Void
    ) async throws(AssistantError) {
        let speech = SpeechBuffer()
        let playback: Playback<NoTap>
        let sound: Sound
        do {
            sound = try Sound(in: directory, options)
            playback = try Playback(of: speech.makeReader())
        } catch let error as ArchiveError {
            throw AssistantError(error)
        } catch {
            throw AssistantError(.unavailable, "\(error)")
        }
        let failure = await withTaskGroup(of: Part.self) { group -> AssistantError? in
            group.addTask {
                do throws(DeviceError) {
                    return .played(.success(try await playback.run(on: device)))
                } catch {
                    return .played(.failure(error))
                }
            }
            group.addTask { .shown(await self.feed(sound, into: speech, of: playback, show)) }
            var failure: AssistantError?
            for await part in group {
                switch part {
                case .played(.failure(let error)): failure = failure ?? AssistantError(error, device)
                case .shown(.failure(let error)): failure = failure ?? AssistantError(error)
                case .played(.success), .shown(.success): break
                }
                playback.stop()
                group.cancelAll()
            }
            return failure
        }
        if let failure { throw failure }
    }

    /// Reads ahead and shows lines, until all has been heard or the task is cancelled.
    private func feed(
        _ sound: Sound, into speech: SpeechBuffer, of playback: Playback<NoTap>,
        _ show: @Sendable (ArchivedLine) -> Void
    ) async -> Result<Void, ArchiveError> {
        var writer = speech.makeWriter { playback.speechChanged($0) }
        // Without a moment to begin at, what was said before the first sound was recorded is shown, too.
        var left = options.from == nil ? lines[...] : lines.drop { $0.begin < sound.start }
        var isOver = false
        while !Task.isCancelled {
            do throws(ArchiveError) {
                while !isOver, speech.waiting < Self.ahead {
                    guard let samples = try sound.next(at: writer.position) else {
                        writer.endOfSpeech()
                        isOver = true
                        break
                    }
                    _ = writer.append(samples.span)
                }
            } catch {
                return .failure(error)
            }
            let heard = playback.clock.heardPosition
            let time = sound.time(at: heard)
            while let line = left.first, line.begin <= time {
                show(line)
                left.removeFirst()
            }
            if isOver, heard >= writer.position {
                left.forEach(show)
                break
            }
            try? await Task.sleep(for: Self.interval)
        }
        return .success(())
    }
}

/// A recording on its way into a speech buffer: one channel at the buffer's rate, and which moment stands where.
///
/// Touched by one task at a time.
private final class Sound: @unchecked Sendable {
    // @unchecked: handed from who makes it to the one task that reads it.
    /// The wall-clock time at which it begins, in milliseconds since 1970.
    let start: Int64
    private var recording: RecordedSound
    private var resampler: Resampler
    private let options: Replay.Options
    private var left: [Int16] = []
    private var right: [Int16] = []
    private var room = [Int16](repeating: 0, count: 12_000)
    /// Where in the buffer which wall-clock time stands: one for each stretch without a gap that has not been heard.
    private var marks: [(position: Int, time: Int64)] = []
    private var expected: Int64 = 0

    init(in directory: String, _ options: Replay.Options) throws {
        recording = try RecordedSound(in: directory)
        start = max(recording.start, options.from ?? recording.start)
        if options.from != nil { try recording.seek(to: start) }
        self.options = options
        let rate = Int(Double(RecordedSound.rate.hertz) * options.speed)
        resampler = try Resampler(from: SampleRate(hertz: rate), to: .speech)
    }

    /// - Parameter position: where in the buffer it will stand.
    /// - Returns: mono at 24 kHz; nil at the end.
    func next(at position: Int) throws(ArchiveError) -> [Int16]? {
        guard let time = try recording.next(left: &left, right: &right) else { return nil }
        if marks.isEmpty || abs(time - expected) > 5 { marks.append((position, time)) }
        expected = time + Int64(left.count / 48)
        switch options.speaker {
        case .user?: break
        case .model?: swap(&left, &right)
        case nil: for index in left.indices { left[index] = Self.sum(left[index], right[index]) }
        }
        var span = room.mutableSpan
        let (_, produced) = resampler.process(left.span, into: &span)
        return Array(room[..<produced])
    }

    /// The wall-clock time of what stands at `position` of the buffer.
    func time(at position: Int) -> Int64 {
        while marks.count > 1, marks[1].position <= position { marks.removeFirst() }
        guard let mark = marks.first else { return start }
        return mark.time + Int64(Double(position - mark.position) / 24 * options.speed)
    }

    private static func sum(_ one: Int16, _ other: Int16) -> Int16 {
        Int16(clamping: Int(one) + Int(other))
    }
}

extension AssistantError {
    fileprivate init(_ error: DeviceError, _ device: DeviceSpec) {
        self.init(ExitCode(of: error, .output, device.description), error.message, remedy: error.remedy)
    }
}
