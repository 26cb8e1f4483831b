package import AudioCore
import AudioDevices
import Events
import LiveSession

/// The microphone and the loudspeaker of a conversation, as the engine and the conversation know them.
package final class Devices: AudioPorts {
    private let input: DeviceSpec
    private let output: DeviceSpec
    private let capture: Capture<PassThrough>
    private let playback: Playback<NoTap>
    package let voiceActivity: VoiceActivity
    private let voiceChanged: Doorbell

    /// Checks the names; opens nothing.
    ///
    /// - Throws: `.usage` for a name of no kind.
    init(
        _ names: Settings.Audio, voice: Voice, ring: SampleRing, speech: SpeechBuffer
    ) throws(DeviceError) {
        input = try DeviceSpec(parsing: names.input, for: .input)
        output = try DeviceSpec(parsing: names.output, for: .output)
        let voiceChanged = try Doorbell()
        self.voiceChanged = voiceChanged
        voiceActivity = VoiceActivity { voiceChanged.ring() }
        capture = try Capture(into: ring.makeProducer(), activity: voiceActivity, onPacket: { voice.arrived() })
        playback = try Playback(of: speech.makeReader(cushion: output.cushion))
    }

    /// Captures until the input ends, fails or is stopped.
    func runInput() async -> Result<CaptureEnd, DeviceError> {
        do throws(DeviceError) { return .success(try await capture.run(on: input)) } catch { return .failure(error) }
    }

    /// Plays until it fails or is stopped. - Returns: the failure, if it was one.
    func runOutput() async -> DeviceError? {
        do throws(DeviceError) { try await playback.run(on: output) } catch { return error }
        return nil
    }

    /// Ends both for good; the output falls silent.
    func stop() {
        capture.stop()
        playback.stop()
    }

    /// Wakes an output that has no clock of its own. Socket thread.
    var speechChanged: @Sendable (SpeechChange) -> Void { { [playback] in playback.speechChanged($0) } }

    /// Either end is a pipe, whose sound comes and goes whole.
    var hasPipe: Bool { input.isPipe || output.isPipe }

    /// Brings what the voice detector hears to the engine, until the task is cancelled.
    func tellVoice(to engine: SessionEngine) async {
        for await _ in voiceChanged.rings { engine.voiceChanged() }
    }

    /// Reports how devices were opened, until both notice streams end or the task is cancelled.
    func tellNotices(to engine: SessionEngine) async {
        await withDiscardingTaskGroup { group in
            group.addTask { [capture, input] in
                for await notice in capture.notices { engine.tell(notice, of: input, .input) }
            }
            group.addTask { [playback, output] in
                for await notice in playback.notices { engine.tell(notice, of: output, .output) }
            }
        }
    }

    // MARK: AudioPorts

    package var clock: PlaybackClock { playback.clock }
    package func sessionWentLive() { capture.open() }
    package func setMuted(_ isMuted: Bool) { capture.setMuted(isMuted) }

    package var levels: (input: Double, output: Double) {
        (Double(capture.meter.level.rms), Double(playback.meter.level.rms))
    }

    package var counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts) {
        (capture.counters.counts, playback.counters.counts)
    }
}

extension SessionEngine {
    fileprivate nonisolated func tell(_ notice: DeviceNotice, of device: DeviceSpec, _ direction: Direction) {
        switch notice {
        case .opened(let opened):
            tell(
                .audioDevice(
                    direction: direction, device: device.description, state: .open,
                    reason: "\(opened.rate), \(opened.channels) channels, period \(opened.period)"))
        case .notRealTime(let reason):
            tell(.warning(Problem(code: "audio.notRealTime", message: reason)))
        }
    }
}

extension DeviceSpec {
    fileprivate var isPipe: Bool {
        switch self {
        case .pipe, .standard: true
        case .alsa, .file, .tone, .silence, .null, .list: false
        }
    }

    /// Speech held before an answer starts to play: 100 ms for a device with a clock (pitfall 42), none for a pipe.
    fileprivate var cushion: Duration {
        switch self {
        case .pipe, .standard: .zero
        case .alsa, .file, .tone, .silence, .null, .list: .milliseconds(100)
        }
    }
}
