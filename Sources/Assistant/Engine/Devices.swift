import Archive
package import AudioCore
import AudioDevices
import AudioFrontEnd
import Events
package import LiveSession
import Synchronization

/// The microphone and the loudspeaker of a conversation, as the engine and the conversation know them: each kept going by
/// a supervisor, whatever is unplugged, and exchanged while the conversation goes on.
package final class Devices: AudioPorts {
    /// Speech held before the first answer starts to play, and between what it follows the network's jitter (pitfall 42).
    /// A pipe takes speech as it comes whatever this is, so it serves any device that is gone over to.
    private static let cushion = Duration.milliseconds(100)
    private static let cushions = Duration.milliseconds(40)...(.milliseconds(400))

    private let input: DeviceSpec
    private let output: DeviceSpec
    /// What was asked for last, each way.
    private let wanted: Mutex<(input: DeviceSpec, output: DeviceSpec)>
    private let capture: Capture<FrontEnd>
    private let playback: Playback<EchoTap>
    private let stages: SoundStages
    private let wakeWordAwaited: @Sendable (Bool) -> Void
    private let inputSupervisor: DeviceSupervisor
    private let outputSupervisor: DeviceSupervisor
    private let volume: OutputVolume
    private let follower: DefaultFollower
    // Bounded at its sources: a device reports changes, each once.
    private let reports = AsyncStream.makeStream(of: DirectedReport.self, bufferingPolicy: .unbounded)
    package let voiceActivity: VoiceActivity
    private let voiceChanged: Doorbell

    /// Checks the names; opens nothing but the mixer, where one is named.
    ///
    /// - Parameters:
    ///   - tap: hears along.
    ///   - recording: hears both along, where the conversation is recorded.
    ///   - awaitWakeWord: told when the wake word is waited for, and when it is no longer.
    /// - Throws: `.usage` for a name of no kind, for a file that is to be read and written, and for a control that the
    ///   mixer has not.
    init(
        _ settings: Settings.Audio, voice: Voice, ring: SampleRing, speech: SpeechBuffer, tap: VoiceTap,
        recording: RecordingTaps? = nil,
        awaitWakeWord: @escaping @Sendable (Bool) -> Void
    ) throws(DeviceError) {
        input = try DeviceSpec(parsing: settings.input, for: .input)
        output = try DeviceSpec(parsing: settings.output, for: .output)
        try DeviceSpec.check(input: input, output: output)
        wanted = Mutex((input, output))
        wakeWordAwaited = awaitWakeWord
        let voiceChanged = try Doorbell()
        self.voiceChanged = voiceChanged
        voiceActivity = VoiceActivity { voiceChanged.ring() }
        // What runs between the device and the ring, and who hears what leaves, are named here and nowhere else.
        let reference = EchoReference()
        let frontEnd: FrontEnd
        do throws(FrontEndError) {
            frontEnd = try FrontEnd(settings.frontEnd, reference: reference)
        } catch {
            throw DeviceError(.other, error.description, remedy: "Install libwebrtc-audio-processing1 anew")
        }
        let stages = SoundStages(settings, input: input, output: output, for: frontEnd)
        self.stages = stages
        let capture = try Capture(
            into: ring.makeProducer(), stage: frontEnd, tap: tap, tape: recording?.voice,
            activity: voiceActivity,
            onPacket: { voice.arrived() })
        let playback = try Playback(
            of: speech.makeReader(cushion: Self.cushion, within: Self.cushions), tap: reference.makeTap(),
            tape: recording?.speech)
        let feed = reports.continuation
        self.capture = capture
        self.playback = playback
        inputSupervisor = DeviceSupervisor(DeviceSupervisor.Device(capture)) {
            feed.yield(DirectedReport(direction: .input, report: $0))
        }
        outputSupervisor = DeviceSupervisor(DeviceSupervisor.Device(playback)) {
            feed.yield(DirectedReport(direction: .output, report: $0))
        }
        volume = try OutputVolume(settings, on: output) { playback.setVolume($0) }
        follower = DefaultFollower(input: inputSupervisor, output: outputSupervisor) { stages.found($0) }
    }

    /// Captures until the input ends, cannot be had, or is stopped; one that was lost is opened again meanwhile.
    func runInput() async -> Result<CaptureEnd, DeviceError> {
        do throws(DeviceError) {
            return await inputSupervisor.run(on: try await stable(input, .input))
        } catch {
            return .failure(error)
        }
    }

    /// Plays until the output cannot be had, or is stopped. - Returns: why it cannot be had, if that was it.
    func runOutput() async -> DeviceError? {
        do throws(DeviceError) {
            _ = try await outputSupervisor.run(on: try await stable(output, .output)).get()
            return nil
        } catch {
            return error
        }
    }

    /// Follows what is plugged in and out, until the task is cancelled.
    func follow() async { await follower.run() }

    /// Ends both for good; the output falls silent.
    func stop() {
        inputSupervisor.stop()
        outputSupervisor.stop()
        capture.stop()
        playback.stop()
    }

    /// Goes over to another device while the conversation goes on.
    ///
    /// - Throws: `.usage` for a name of no kind, and for a file that the other direction reads or writes. One that cannot
    ///   be opened is told later, as a warning, and the one before is gone back to.
    func change(_ direction: Direction, to name: String) async throws(DeviceError) {
        let spec = try DeviceSpec(parsing: name, for: direction == .input ? .input : .output)
        guard spec != .list else {
            throw DeviceError(.usage, "\(name) is no device", remedy: "vivavoce devices lists what there is")
        }
        try want(spec, direction)
        let supervisor = direction == .input ? inputSupervisor : outputSupervisor
        supervisor.change(to: try await stable(spec, direction))
    }

    private func want(_ device: DeviceSpec, _ direction: Direction) throws(DeviceError) {
        try wanted.withLock { wanted throws(DeviceError) in
            var both = wanted
            if direction == .input { both.input = device } else { both.output = device }
            try DeviceSpec.check(input: both.input, output: both.output)
            wanted = both
        }
    }

    /// A card that was given by its number gets its name, and that is told: the number is another's after the next plug.
    ///
    /// - Throws: when the system has no thread left.
    private func stable(_ device: DeviceSpec, _ direction: Direction) async throws(DeviceError) -> DeviceSpec {
        guard let stable = try await CardLookup().stableName(of: device) else { return device }
        let reason = "given as \(device), by the number that the card has now"
        reports.continuation.yield(
            DirectedReport(
                direction: direction, report: .state(.changed, device: stable.description, reason: reason)))
        return stable
    }

    /// Does not wait.
    ///
    /// - Parameter volume: linear, 0 … 1.
    func setVolume(_ volume: Double) { self.volume.set(volume) }

    /// Keeps the mixer at the volume that is wanted, where one is named, until the task is cancelled.
    func keepVolume() async {
        await volume.run { [reports] error in
            reports.continuation.yield(DirectedReport(direction: .output, report: .problem(error)))
        }
    }

    /// Wakes an output that has no clock of its own. Socket thread.
    var speechChanged: @Sendable (SpeechChange) -> Void { { [playback] in playback.speechChanged($0) } }

    /// Either end is a pipe, whose sound comes and goes whole.
    var hasPipe: Bool { input.isPipe || output.isPipe }

    /// Brings what the voice detector hears to the engine, until the task is cancelled.
    func tellVoice(to engine: SessionEngine) async {
        for await _ in voiceChanged.rings { engine.voiceChanged() }
    }

    /// Tells what becomes of the devices, until the task is cancelled.
    func tellReports(to engine: SessionEngine) async {
        for await directed in reports.stream {
            engine.tell(directed)
            if let device = directed.working { stages.changed(directed.direction, to: device) }
            if directed.direction == .output, let device = directed.working ?? directed.opened {
                volume.goesOut(to: device)
            }
            guard case .opened(let opened) = directed.report else { continue }
            follower.opened(opened, directed.direction)
        }
    }

    /// Plays a chime on an output that has a clock. Any thread; does not wait.
    func play(_ cue: Chime) { playback.play(cue) }

    /// Periods of the device that runs or should; nil where none is due, as of a pipe, a muted microphone, or a device at
    /// rest.
    var captured: Int? { capture.isSteady && !capture.isAtRest ? capture.counters.counts.periods : nil }
    var played: Int? { playback.isSteady && !playback.isAtRest ? playback.counters.counts.periods : nil }

    // MARK: AudioPorts

    package var clock: PlaybackClock { playback.clock }
    package var now: Duration { MonotonicClock().now }
    package func sessionWentLive() { capture.open() }
    package func setMuted(_ isMuted: Bool) { capture.setMuted(isMuted) }
    package func rest(_ devices: TurnKeeper.Rest) {
        capture.setResting(devices.contains(.microphone))
        capture.setHurried(!devices.contains(.haste))
        playback.setMayRest(devices.contains(.loudspeaker))
    }
    package func awaitWakeWord(_ isAwaited: Bool) { wakeWordAwaited(isAwaited) }

    package var levels: (input: Double, output: Double) {
        (Double(capture.meter.level.rms), Double(playback.meter.level.rms))
    }

    package var counts: (input: DeviceCounters.Counts, output: DeviceCounters.Counts) {
        (capture.counters.counts, playback.counters.counts)
    }
}
