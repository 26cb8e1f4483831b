import AudioCore
package import AudioFrontEnd
import Synchronization

/// Plays chirps and speech-like noise on one device, listens on another, and finds out what of it is heard: the parts
/// of a conversation, but for the service.
package struct EchoProbe: Sendable {
    /// What came out.
    package struct Report: Equatable, Sendable {
        package var findings: ProbeFindings
        /// Times that a device ran dry or over: what was measured then is doubtful.
        package var xruns: Int

        package init(findings: ProbeFindings, xruns: Int) {
            self.findings = findings
            self.xruns = xruns
        }
    }

    /// How long two devices may take to open, and to fall behind.
    private static let patience = Duration.seconds(15)
    /// Recorded beyond the sound: what the devices hold of it.
    private static let margin = Duration.milliseconds(600)

    private let input: DeviceSpec
    private let output: DeviceSpec
    private let volume: Float
    private let configuration: FrontEnd.Configuration

    /// - Parameters:
    ///   - volume: linear, 0 … 1.
    ///   - configuration: the stages besides the echo canceller, which there always is.
    /// - Throws: `.usage` for a device without a clock: what is read from a file or pipe, or written to one, is not in
    ///   a room.
    package init(
        input: DeviceSpec, output: DeviceSpec, volume: Float = 1, configuration: FrontEnd.Configuration = .init()
    ) throws(DeviceError) {
        for device in [input, output] where device.hasEnd || device == .list {
            throw DeviceError(
                .usage, "an echo cannot be measured on \(device)",
                remedy: "Name a sound device (vivavoce devices), or give recordings with --far, --mic and --out")
        }
        self.input = input
        self.output = output
        self.volume = volume
        var configuration = configuration
        configuration.cancelsEcho = true
        self.configuration = configuration
    }

    /// Takes 17 s, and longer for devices that open slowly.
    ///
    /// - Throws: why a device could not be opened or went away, that nothing was played (a volume of 0), or that
    ///   nothing was heard (a muted microphone).
    package func run() async throws(DeviceError) -> Report {
        let sound = ProbeSound(rate: .speech)
        let reference = EchoReference()
        let frontEnd: FrontEnd
        do throws(FrontEndError) {
            frontEnd = try FrontEnd(configuration, reference: reference)
        } catch {
            throw DeviceError(.other, error.description, remedy: "Install libwebrtc-audio-processing1 anew")
        }
        let full = try Doorbell()
        let recorder = ProbeRecorder(frontEnd, reference: reference, lasting: sound.length + Self.margin) {
            full.ring()
        }
        let speech = SpeechBuffer()
        var writer = speech.makeWriter()
        writer.append(sound.samples.span)
        writer.endOfSpeech()
        speech.hold()
        // Nobody reads the ring: the recorder has it all.
        let capture = try Capture(into: SampleRing(minimumCapacity: 320).makeProducer(), stage: recorder)
        let playback = try Playback(of: speech.makeReader(), tap: reference.makeTap())
        playback.setVolume(volume)
        try await record(capture, playback, until: full) {
            recorder.begin()
            speech.letGoOn()
        }
        let xruns = capture.counters.counts.xruns + playback.counters.counts.xruns
        do throws(ProbeFailure) {
            return Report(findings: try ProbeAnalysis(recorder.recording, of: sound).findings(), xruns: xruns)
        } catch {
            throw DeviceError(of: error, input: input, output: output)
        }
    }

    private enum Outcome: Sendable {
        case captured(Result<CaptureEnd, DeviceError>)
        case played(Result<Void, DeviceError>)
        case recorded
        case late
    }

    /// Runs both devices until all is recorded.
    ///
    /// - Parameter begin: called once both work, on a device's thread; RT safe.
    private func record(
        _ capture: Capture<ProbeRecorder>, _ playback: Playback<EchoTap>, until full: Doorbell,
        begin: @escaping @Sendable () -> Void
    ) async throws(DeviceError) {
        let both = BothWork(then: begin)
        let (input, output) = (input, output)
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do throws(DeviceError) {
                    let end = try await capture.run(on: input) { if $0 == .works { both.works(.input) } }
                    return .captured(.success(end))
                } catch {
                    return .captured(.failure(error))
                }
            }
            group.addTask {
                do throws(DeviceError) {
                    try await playback.run(on: output) { if $0 == .works { both.works(.output) } }
                    return .played(.success(()))
                } catch {
                    return .played(.failure(error))
                }
            }
            group.addTask {
                for await _ in full.rings { return .recorded }
                return .late
            }
            group.addTask {
                try? await Task.sleep(for: ProbeSound(rate: .speech).length + Self.patience)
                return .late
            }
            let first = await group.next()
            capture.stop()
            playback.stop()
            group.cancelAll()
            await group.waitForAll()
            return first
        }
        switch outcome {
        case .captured(.failure(let error)), .played(.failure(let error)): throw error
        case .recorded: return
        case .captured(.success), .played(.success), .late, nil:
            throw DeviceError(
                .stalled, "\(input) and \(output) did not both work for long enough to be measured",
                remedy: "Try again, or others: vivavoce devices lists them")
        }
    }
}

/// Waits for both directions.
private final class BothWork: Sendable {
    private let working = Atomic<UInt8>(0)
    private let then: @Sendable () -> Void

    init(then: @escaping @Sendable () -> Void) { self.then = then }

    /// RT safe; more than once for a device counts once.
    func works(_ direction: DeviceDirection) {
        let bit: UInt8 = direction == .input ? 1 : 2
        let change = working.bitwiseOr(bit, ordering: .acquiringAndReleasing)
        if change.oldValue != 3, change.newValue == 3 { then() }
    }
}

extension DeviceError {
    fileprivate init(of failure: ProbeFailure, input: DeviceSpec, output: DeviceSpec) {
        switch failure {
        case .nothingPlayed:
            self.init(
                .other, "\(output) was given nothing that could be heard", remedy: "Raise --volume (audio.volume)")
        case .nothingCaptured:
            self.init(
                .other, "\(input) brought nothing but zeros while \(output) played",
                remedy: "Unmute the microphone, or choose another with --input: vivavoce devices lists them")
        }
    }
}
