import CWebRTCAudio

/// High pass, noise suppression and gain control of webrtc-audio-processing 0.3, in frames of 10 ms at 16 kHz.
///
/// The frame length and the rate are fixed here, so the library cannot be given a rate that it refuses (−7), which a
/// caller who ignores the code takes for silence well processed.
final class VoiceProcessor {
    /// Samples by which the noise suppressor's overlapping windows delay the sound; 0 without it.
    let latency: Int
    private let state: OpaquePointer

    /// - Throws: when the library refuses a stage.
    init(highPass: Bool, suppressesNoise: Bool, controlsGain: Bool) throws(FrontEndError) {
        var code: CInt = 0
        let stages = vv_voice_stages(
            high_pass: highPass, noise_suppression: suppressesNoise, gain_control: controlsGain)
        guard let made = vv_voice_processor_create(stages, &code) else {
            throw FrontEndError(.voice, "no voice processing", webRTC: code)
        }
        state = made
        latency = suppressesNoise ? 96 : 0
    }

    /// - Returns: nil when nothing of it is wanted.
    convenience init?(_ configuration: FrontEnd.Configuration, suppressesNoise: Bool) throws(FrontEndError) {
        guard suppressesNoise || configuration.highPass || configuration.controlsGain else { return nil }
        try self.init(
            highPass: configuration.highPass, suppressesNoise: suppressesNoise,
            controlsGain: configuration.controlsGain)
    }

    deinit { vv_voice_processor_free(state) }

    /// Changes one frame, shape `[160]`, in place. RT safe.
    func process(_ frame: inout MutableSpan<Int16>) {
        precondition(frame.count == EchoCanceller.frame, "a frame of \(frame.count) samples")
        let code = frame.withUnsafeMutableBufferPointer { vv_voice_processor_process(state, $0.baseAddress) }
        precondition(code == 0, "webrtc-audio-processing refused a valid frame with code \(code)")
    }
}
