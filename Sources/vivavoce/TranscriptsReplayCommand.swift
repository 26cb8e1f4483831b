import Archive
import ArgumentParser
import Assistant
import AudioDevices
import Events
import Glibc

/// Plays the recording of a conversation again.
struct TranscriptsReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Play the recording of a conversation, with its lines as they were said.",
        discussion: """
            SESSION is a number, an id or `last`, as for `transcripts show`, or the directory of a recording. \
            Ctrl-C ends it. Another speed changes the pitch, too. Ends with 66 where nothing was recorded.
            """)

    @Argument(help: "Which conversation.") var session: String
    @Option(
        help: ArgumentHelp(
            "Where to begin: seconds, m:ss, h:mm:ss, or the time of day as HH:MM:SS (default: at the beginning).",
            valueName: "TIME"))
    var from: String?
    @Option(help: ArgumentHelp("How fast: 0.5 … 2.", valueName: "X")) var speed = 1.0
    @Option(help: ArgumentHelp("Whom to hear: user or model (default: both).", valueName: "SPEAKER"))
    var speaker: String?
    @Option(.output) var output: String?
    @OptionGroup var file: SettingsFileFlag

    func validate() throws {
        guard (0.5...2).contains(speed) else { throw ValidationError("--speed takes 0.5 … 2, not \(speed).") }
        guard speaker.map({ Party(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--speaker takes user or model, not \(speaker ?? "").")
        }
    }

    func run() async throws {
        try await Failure.reporting { () async throws(AssistantError) in
            let name = try outputName()
            let device = try translating { () throws(DeviceError) in try DeviceSpec(parsing: name, for: .output) }
            let (directory, lines) = try found()
            var options = Replay.Options(speed: speed, speaker: speaker.flatMap { Party(rawValue: $0) })
            if let from { options.from = try ReplayTime(from).moment(in: directory) }
            try await play(Replay(of: directory, lines: lines, options), on: device)
        }
    }

    /// Plays until the end, or a signal.
    private func play(_ replay: Replay, on device: DeviceSpec) async throws(AssistantError) {
        signal(SIGPIPE, SIG_IGN)
        let signals = Signals()
        defer { signals.close() }
        let playing = Task {
            do throws(AssistantError) {
                try await replay.run(on: device) { Self.show($0) }
                return Result<Void, AssistantError>.success(())
            } catch {
                return .failure(error)
            }
        }
        let watching = Task {
            for await number in signals.arrivals where [SIGINT, SIGTERM, SIGHUP].contains(number) { playing.cancel() }
        }
        let result = await playing.value
        watching.cancel()
        try result.get()
    }

    private static func show(_ line: ArchivedLine) {
        let said = TranscriptLine(turn: line.turn, speaker: line.speaker, text: line.text, heard: line.heard)
        // At once: lines appear as they are heard, also in a pipe.
        let bytes = Array("\(Transcript.localTime(line.begin))  \(TranscriptWords.line(said))\n".utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }

    private func outputName() throws(AssistantError) -> String {
        let environment = Environment.current
        let layers = try SettingLayers(
            flags: output.map { [SettingKey.output.path: $0] } ?? [:], environment: environment,
            places: SettingsPlaces(environment: environment, configFile: file.config))
        return try layers.settings().audio.output
    }

    /// - Returns: the recording's directory, and the lines that are known of it.
    private func found() throws(AssistantError) -> (directory: String, lines: [ArchivedLine]) {
        do throws(ArchiveError) {
            let path = try TranscriptStore.defaultPath(environment: Environment.current)
            guard session.contains("/") else {
                let store = try TranscriptStore(at: path, forWriting: false)
                let found = try store.session(named: session)
                guard let directory = found.recording else {
                    throw ArchiveError(
                        .missing, "conversation \(found.number) was not recorded",
                        remedy: "Conversations are recorded with vivavoce talk --record DIR.")
                }
                return (directory, try store.lines(of: found.id))
            }
            return (session, try Self.lines(of: session, in: path))
        } catch {
            throw AssistantError(error)
        }
    }

    /// Lines of the conversation that was recorded there; none where no record is kept, or it was forgotten.
    private static func lines(of directory: String, in record: String) throws(ArchiveError) -> [ArchivedLine] {
        guard access(record, F_OK) == 0 else { return [] }
        let store = try TranscriptStore(at: record, forWriting: false)
        let name = directory.split(separator: "/").last
        let session = try store.sessions().last { $0.recording?.split(separator: "/").last == name }
        return try session.map { session throws(ArchiveError) in try store.lines(of: session.id) } ?? []
    }

    private func translating<Value>(_ body: () throws(DeviceError) -> Value) throws(AssistantError) -> Value {
        do throws(DeviceError) {
            return try body()
        } catch {
            throw AssistantError(.usage, error.message, remedy: error.remedy)
        }
    }
}

/// Where in a recording to begin, as people write it.
struct ReplayTime: Equatable {
    /// Since the recording's beginning.
    let offset: Int
    /// The time of day that it may mean as well, in seconds.
    let timeOfDay: Int?

    /// - Parameter text: seconds, m:ss, h:mm:ss or HH:MM:SS.
    init(_ text: String) throws(AssistantError) {
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = pieces.compactMap { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) : nil }
        let isWhole = numbers.count == pieces.count && (1...3).contains(numbers.count)
        guard isWhole, numbers.dropFirst().allSatisfy({ $0 < 60 }), numbers.allSatisfy({ $0 < 1_000_000 }) else {
            throw AssistantError(
                .usage, "--from takes a time, not '\(text)'", remedy: "Write seconds, m:ss, h:mm:ss or HH:MM:SS.")
        }
        offset = numbers.reduce(0) { 60 * $0 + $1 }
        timeOfDay = numbers.count == 3 && pieces[0].utf8.count == 2 && numbers[0] < 24 ? offset : nil
    }

    /// A time of day within the recording is meant as one; everything else counts from its beginning.
    ///
    /// - Returns: wall-clock time in milliseconds since 1970.
    func moment(in directory: String) throws(AssistantError) -> Int64 {
        let sound: RecordedSound
        do throws(ArchiveError) {
            sound = try RecordedSound(in: directory)
        } catch {
            throw AssistantError(error)
        }
        let (start, end) = (sound.start, sound.end)
        if let timeOfDay {
            let since = (timeOfDay - Self.secondOfDay(start) + 86_400) % 86_400
            let moment = (start / 1_000 + Int64(since)) * 1_000
            if moment < end { return max(start, moment) }
        }
        let moment = start + Int64(offset) * 1_000
        guard moment < end else {
            throw AssistantError(
                .badInput, "the recording is \((end - start) / 1_000) s long and ends before that",
                remedy: "Begin earlier with --from.")
        }
        return moment
    }

    /// In local time.
    private static func secondOfDay(_ milliseconds: Int64) -> Int {
        var seconds = time_t(milliseconds / 1_000)
        var local = tm()
        localtime_r(&seconds, &local)
        return Int(local.tm_hour) * 3_600 + Int(local.tm_min) * 60 + Int(local.tm_sec)
    }
}
