import AudioCore
import Synchronization

/// What the microphone's sound goes through before anybody else hears it: echo cancelling, high pass, noise
/// suppression, gain control, voice detection, in frames of 10 ms at 16 kHz.
///
/// Everything is made at `init`. The capture thread alone touches it from then on, so every call is RT safe; others read
/// `status`. Each stage can be left out, and costs neither time nor delay then.
package final class FrontEnd: CaptureStage, @unchecked Sendable {
    // @unchecked: one owner at a time, as the seam asks.

    /// Which stages there are.
    package struct Configuration: Equatable, Sendable {
        package var cancelsEcho = true
        package var highPass = true
        package var suppressesNoise = true
        /// Off unless asked for: it distorts, and moves the level under whatever judges by it.
        package var controlsGain = false

        package init(
            cancelsEcho: Bool = true, highPass: Bool = true, suppressesNoise: Bool = true, controlsGain: Bool = false
        ) {
            self.cancelsEcho = cancelsEcho
            self.highPass = highPass
            self.suppressesNoise = suppressesNoise
            self.controlsGain = controlsGain
        }
    }

    /// Which of the stages that there are the sound goes through now.
    package struct Stages: Equatable, Sendable {
        package var cancelsEcho: Bool
        package var suppressesNoise: Bool

        package init(cancelsEcho: Bool = true, suppressesNoise: Bool = true) {
            self.cancelsEcho = cancelsEcho
            self.suppressesNoise = suppressesNoise
        }
    }

    /// Frames for which a voice over the loudspeaker counts before the detector says so, too: that one hears the sound
    /// that is sent, which is later.
    private static let advance = 12

    /// What the echo canceller has found out; never changes without one.
    package let status: EchoStatus
    /// Samples at 16 kHz by which the sound leaves later than it came.
    package let latency: Int
    private let echo: EchoControl?
    private var reader: ReferenceReader
    private let voice: VoiceProcessor?
    /// The same without noise suppression.
    private let plainVoice: VoiceProcessor?
    private let goesThroughEcho = Atomic<Bool>(true)
    private let goesThroughNoise = Atomic<Bool>(true)
    private var detector: VoiceDetector
    /// Frames since somebody began to speak over the loudspeaker.
    private var openFor = 0
    /// One frame each of the microphone, the reference and the output, as floats.
    private let frames = LaneStore(lanes: 3 * EchoCanceller.frame / Lane.scalarCount)

    /// - Parameters:
    ///   - reference: what leaves the loudspeaker; this takes its reading end.
    ///   - status: where findings are published.
    /// - Throws: when a library refuses a stage.
    package init(
        _ configuration: Configuration = Configuration(), reference: EchoReference, status: EchoStatus = EchoStatus()
    ) throws(FrontEndError) {
        self.status = status
        reader = reference.makeReader()
        echo = configuration.cancelsEcho ? EchoControl() : nil
        voice = try VoiceProcessor(configuration, suppressesNoise: configuration.suppressesNoise)
        plainVoice = try VoiceProcessor(configuration, suppressesNoise: false)
        detector = try VoiceDetector()
        latency = (echo == nil ? 0 : EchoControl.latency) + (voice?.latency ?? 0)
    }

    package private(set) var hearsVoice: Bool?
    package private(set) var delay = 0

    /// Goes through these stages from the next frame on, as far as they were configured. Any thread.
    package func use(_ stages: Stages) {
        goesThroughEcho.store(stages.cancelsEcho, ordering: .relaxed)
        goesThroughNoise.store(stages.suppressesNoise, ordering: .relaxed)
    }

    /// The loudspeaker is heard, or just was, and no voice over it.
    package var hearsLoudspeakerOnly: Bool { echo.map { $0.isPlaying && !$0.decision.isOpen } ?? false }

    package func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration) {
        var isAdmissible = true
        var isOpen = false
        delay = 0
        if let echo, goesThroughEcho.load(ordering: .relaxed) {
            cancel(&frame, with: echo, capturedAt: time)
            delay += EchoControl.latency
            isAdmissible = !hearsLoudspeakerOnly
            isOpen = echo.decision.isOpen
        }
        openFor = isOpen ? openFor + 1 : 0
        let voice = goesThroughNoise.load(ordering: .relaxed) ? voice : plainVoice
        voice?.process(&frame)
        delay += voice?.latency ?? 0
        detect(frame.span, isAdmissible)
        if (1...Self.advance).contains(openFor) { hearsVoice = true }
    }

    package func listen(to frame: Span<Int16>, capturedAt time: Duration) { detect(frame, true) }

    private func detect(_ frame: Span<Int16>, _ isAdmissible: Bool) {
        detector.hear(frame, isAdmissible: isAdmissible)
        hearsVoice = detector.hearsVoice
    }

    private func cancel(_ frame: inout MutableSpan<Int16>, with echo: EchoControl, capturedAt time: Duration) {
        let count = EchoCanceller.frame
        precondition(frame.count == count, "a frame of \(frame.count) samples")
        let microphone = frames.floats
        let (reference, output) = (microphone + count, microphone + 2 * count)
        for index in 0..<count { microphone[index] = Float(frame[index]) / 32_768 }
        reader.read(at: time, into: reference)
        echo.process(microphone: microphone, reference: reference, into: output)
        for index in 0..<count { frame[index] = Int16(sample: output[index]) }
        status.publish(
            lag: echo.lag, drift: reader.drift, returnLoss: echo.decision.returnLoss, grade: echo.decision.grade)
    }
}
