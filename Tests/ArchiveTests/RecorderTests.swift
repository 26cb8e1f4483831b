import AudioCore
import Events
import Glibc
import Synchronization
import Testing

@testable import Archive

/// A conversation as the recorder meets it: two devices that bring their sound in time, and a clock that stands still
/// until the recorder sleeps. Bursts are said and played when the script has them.
private final class Stage: Sendable {
    static let speech = SampleRate(hertz: 48_000)

    /// Moments since the beginning, in milliseconds.
    struct Script {
        var said: [Int] = []
        var played: [Int] = []
        var length = 3_000
        /// Called before each step of 100 ms, with the time.
        var meanwhile: @Sendable (Int, Stage) -> Void = { _, _ in }
    }

    let time = RecordingTime()
    let taps = RecordingTaps()
    let events = Mutex<[Event.Body]>([])
    private let elapsed = Atomic<Int>(0)
    private let origin: Duration

    init() { origin = time.now }

    /// - Parameter first: what is asked of the recorder before anything is heard.
    func record(
        _ script: Script, _ configuration: Recorder.Configuration, first: (Recorder) -> Void = { _ in }
    ) async -> String {
        let clock = RecordingClock(
            monotonic: { self.time.now }, wall: { self.time.wall }, sleep: { _ in self.step(script) })
        let recorder = Recorder(configuration, hearing: taps, session: "s1", clock: clock) { event in
            self.events.withLock { $0.append(event) }
        }
        recorder.begin()
        first(recorder)
        await Task { await recorder.run() }.value
        return recorder.path
    }

    var warnings: [Problem] {
        events.withLock { $0.compactMap { if case .warning(let problem) = $0 { problem } else { nil } } }
    }

    var ended: (seconds: Double, lost: Int)? {
        events.withLock {
            for case .recordingEnded(_, let seconds, let lost) in $0 { return (seconds, lost) }
            return nil
        }
    }

    var starts: Int {
        events.withLock { $0.count { if case .recordingStarted = $0 { true } else { false } } }
    }

    /// 100 ms of the conversation.
    private func step(_ script: Script) {
        let now = elapsed.load(ordering: .relaxed)
        script.meanwhile(now, self)
        for period in stride(from: now, to: now + 100, by: 10) {
            let voice = sound(script.said, at: period, .voice)
            taps.voice.write(voice.span, rate: .voice, at: moment(period), position: period * 16)
            // The device holds 50 ms.
            let speech = sound(script.played, at: period + 50, Self.speech)
            taps.speech.write(speech.span, rate: Self.speech, at: moment(period + 50))
        }
        time.advance(by: .milliseconds(100))
        elapsed.store(now + 100, ordering: .relaxed)
        if now + 100 >= script.length { withUnsafeCurrentTask { $0?.cancel() } }
    }

    func moment(_ milliseconds: Int) -> Duration { origin + .milliseconds(milliseconds) }

    private func sound(_ bursts: [Int], at milliseconds: Int, _ rate: SampleRate) -> [Int16] {
        let burst = Burst.samples(rate)
        let each = rate.hertz / 100
        for start in bursts where (start..<start + 20).contains(milliseconds) {
            let offset = (milliseconds - start) * each / 10
            return Array(burst[offset..<offset + each])
        }
        return [Int16](repeating: 0, count: each)
    }
}

@Suite("The recorder")
struct RecorderTests {
    private let directory = TemporaryDirectory()

    private var configuration: Recorder.Configuration { Recorder.Configuration(directory: directory.path + "/records") }

    private func expect(_ places: [Int], at milliseconds: [Int]) {
        #expect(places.count == milliseconds.count, "\(places.map { $0 / 48 }) for \(milliseconds)")
        for (place, expected) in zip(places, milliseconds) {
            #expect(abs(place - expected * 48) < 2 * 48, "\(Double(place) / 48) ms for \(expected)")
        }
    }

    @Test("puts both speakers where they were heard, on the wall clock that the file tells")
    func placed() async throws {
        let stage = Stage()
        stage.taps.wanted.begin(from: 0)
        let wall = stage.time.wall
        let path = await stage.record(
            Stage.Script(said: [500, 1_730], played: [900, 1_750, 2_600]), configuration)
        let recording = try PlayedBack(path + "/audio.opus")
        #expect(recording.start == wall.milliseconds)
        expect(Burst.places(in: recording.left), at: [500, 1_730])
        expect(Burst.places(in: recording.right), at: [900, 1_750, 2_600])
        #expect(abs(recording.left.count - 3 * 48_000) <= 48)
        #expect(stage.warnings.isEmpty)
        let ended = try #require(stage.ended)
        #expect(abs(ended.seconds - 3) < 0.01)
        #expect(ended.lost == 0)
    }

    @Test("keeps of the voice what is sent, and silence of the rest")
    func unsent() async throws {
        let stage = Stage()
        stage.taps.wanted.begin(from: 700 * 16)
        let path = await stage.record(
            Stage.Script(said: [500, 1_000, 2_000]) { now, stage in
                if now == 1_500 { stage.taps.wanted.end(at: 1_500 * 16) }
            }, configuration)
        expect(Burst.places(in: try PlayedBack(path + "/audio.opus").left), at: [1_000])
    }

    @Test("is its owner's alone, and says where it is")
    func permissions() async throws {
        let stage = Stage()
        let path = await stage.record(Stage.Script(length: 500), configuration)
        #expect(path.hasSuffix("-s1"))
        #expect(path.contains("/records/2026-"))
        func mode(_ path: String) -> mode_t {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }
        #expect(mode(path) == 0o700)
        #expect(mode(path + "/audio.opus") == 0o600)
        #expect(stage.events.withLock { $0.first } == .recordingStarted(path: path))
    }

    @Test("has all but the last second in the file at every moment")
    func onDisk() async throws {
        let stage = Stage()
        let shortest = Mutex(Duration.seconds(9))
        let parent = directory.path + "/records"
        _ = await stage.record(
            Stage.Script(played: [100], length: 6_000) { now, stage in
                guard now >= 1_500, let name = TemporaryDirectory.contents(parent).first else { return }
                let frames = (try? PlayedBack("\(parent)/\(name)/audio.opus").left.count) ?? 0
                let behind = Duration.milliseconds(now) - SoundTrack.rate.duration(of: frames)
                shortest.withLock { $0 = min($0, .seconds(1) - behind) }
            }, configuration)
        #expect(shortest.withLock { $0 } > .zero)
    }

    @Test("begins another file when the wall clock is set, so that every file is right about the time")
    func clockSet() async throws {
        let stage = Stage()
        let path = await stage.record(
            Stage.Script(played: [1_000, 2_500]) { now, stage in
                if now == 2_000 { stage.time.setWall(forward: .seconds(3_600)) }
            }, configuration)
        let wall = stage.time.wall - .milliseconds(3_000)
        let second = try PlayedBack(path + "/audio-2.opus")
        let place = try #require(Burst.places(in: second.right).first)
        let heard = Duration.milliseconds(second.start) + SoundTrack.rate.duration(of: place) - wall
        #expect(abs((heard - .milliseconds(2_500)) / .milliseconds(1)) < 3)
        #expect(stage.starts == 1)
        #expect(stage.ended?.lost == 0)
    }

    @Test("goes on in another file when one is large enough, without a gap")
    func rotation() async throws {
        let stage = Stage()
        var configuration = configuration
        configuration.rotateMegabytes = 1
        configuration.kilobitsPerSecond = 256
        let played = Array(stride(from: 0, to: 60_000, by: 20))
        let path = await stage.record(Stage.Script(said: played, played: played, length: 60_000), configuration)
        #expect(TemporaryDirectory.contents(path) == ["audio-2.opus", "audio.opus"])
        let (first, second) = (try PlayedBack(path + "/audio.opus"), try PlayedBack(path + "/audio-2.opus"))
        #expect(second.start - first.start == Int64(first.left.count / 48))
        #expect(stage.ended?.lost == 0)
    }

    @Test("tells once that it cannot write, tries again, and counts what is missing")
    func unwritable() async throws {
        let stage = Stage()
        let parent = directory.path + "/records"
        // A file where the directory is to be.
        close(open(parent, O_CREAT | O_WRONLY, 0o600))
        let path = await stage.record(
            Stage.Script(played: [9_500], length: 10_000) { now, _ in
                if now == 5_000 { unlink(parent) }
            }, configuration)
        #expect(stage.warnings.map(\.code) == ["recording.missing"])
        #expect(stage.warnings.first?.remedy != nil)
        #expect(stage.starts == 1)
        let recording = try PlayedBack(path + "/audio.opus")
        let begun = Duration.milliseconds(recording.start) - (stage.time.wall - .milliseconds(10_000))
        let ended = try #require(stage.ended)
        #expect(abs(Int(begun.milliseconds) - ended.lost) < 20)
        #expect(abs(ended.seconds * 1_000 + Double(ended.lost) - 10_000) < 20)
        expect(Burst.places(in: recording.right), at: [9_500 - Int(begun.milliseconds)])
    }

    @Test("a recording that is gone with its disk is told from one that never was")
    func noRecording() throws {
        let gone = #expect(throws: ArchiveError.self) { _ = try RecordedSound(in: directory.path + "/gone") }
        #expect(gone?.code == .missing && gone?.remedy?.contains("Mount its disk") == true)
        let empty = #expect(throws: ArchiveError.self) { _ = try RecordedSound(in: directory.path) }
        #expect(empty?.code == .missing && empty?.remedy?.contains("talk --record") == true)
    }

    @Test("parts of an answer are kept beside the sound, and it is told where before the recording ends")
    func parts() async throws {
        let stage = Stage()
        let path = await stage.record(Stage.Script(said: [500]), Recorder.Configuration(directory: directory.path)) {
            $0.keep([1, 2, 3], mimeType: "image/jpeg")
            $0.keep([4], mimeType: "image/jpeg")
            $0.keep([5], mimeType: "Text/Plain; charset=utf-8")
            $0.keep([UInt8](repeating: 0, count: Recorder.mostWaiting + 1), mimeType: "video/mp4")
        }
        let told = stage.events.withLock { $0 }
        let kept = path + "/artifacts/"
        #expect(told.contains(.image(path: kept + "image.jpg", mimeType: "image/jpeg")))
        #expect(told.contains(.image(path: kept + "image-2.jpg", mimeType: "image/jpeg")))
        #expect(told.contains(.file(path: kept + "text.txt", mimeType: "Text/Plain; charset=utf-8")))
        #expect(stage.warnings.map(\.code) == ["part.notKept"] && stage.warnings.first?.remedy != nil)
        if case .recordingEnded? = told.last {} else { Issue.record("the recording's end is not told last") }
        #expect(TemporaryDirectory.contents(path + "/artifacts").count == 3)
    }

    @Test(
        "keeps what came beside the sound, whatever it is called",
        arguments: [
            ("image.png", "image.png"), ("../../etc/passwd", "etc-passwd"), ("", "unnamed"), (".hidden", "hidden"),
            ("a b\u{1b}[2J.jpg", "a-b--2J.jpg"),
        ])
    func artifacts(name: String, kept: String) throws {
        let place = RecordingDirectory(under: directory.path, start: 0, session: "s/../1")
        #expect(place.path == directory.path + "/1970-01-01T00-00-00Z-s-..-1")
        #expect(try place.keep([1, 2, 3], name: name) == place.path + "/artifacts/" + kept)
        #expect(try place.keep([4], name: name) != place.path + "/artifacts/" + kept)
        #expect(TemporaryDirectory.contents(place.path + "/artifacts").count == 2)
    }

    @Test("reads no file that is none, and says so")
    func reading() throws {
        let path = directory.path + "/audio.opus"
        #expect(throws: ArchiveError.self) { _ = try PlayedBack(path) }
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: ArchiveError.self) { _ = try PlayedBack(path) }
    }
}
