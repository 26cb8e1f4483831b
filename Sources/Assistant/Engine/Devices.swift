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

    /// Checks the names; opens nothing.
    ///
    /// - Throws: `.usage` for a name of no kind.
    init(
        _ names: Settings.Audio, voice: Voice, ring: SampleRing, speech: SpeechBuffer
    ) throws(DeviceError) {
        input = try DeviceSpec(parsing: names.input, for: .input)
        output = try DeviceSpec(parsing: names.output, for: .output)
        capture = try Capture(into: ring.makeProducer(), onPacket: { voice.arrived() })
        playback = try Playback(of: speech.makeReader(cushion: output.cushion, within: output.cushions))
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

    /// Plays a chime on an output that has a clock. Any thread; does not wait.
    func play(_ cue: Chime) { playback.play(cue) }

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
    /// Between these the cushion follows the network's jitter (pitfall 42); a pipe has none.
    fileprivate var cushions: ClosedRange<Duration>? {
        cushion > .zero ? .milliseconds(40)...(.milliseconds(400)) : nil
    }

    /// Speech held before the first answer starts to play: 100 ms for a device with a clock, none for a pipe.
    fileprivate var cushion: Duration {
        switch self {
        case .pipe, .standard: .zero
        case .alsa, .file, .tone, .silence, .null, .list: .milliseconds(100)
        }
    }
}
