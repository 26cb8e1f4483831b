/// What was heard and what left while a `ProbeSound` was played. All sound is mono at 16 kHz.
package struct ProbeRecording: Equatable, Sendable {
    /// As the device brought it, and as the front end made it: shape `[frames * 160]`, both.
    package var microphone: [Int16]
    package var processed: [Int16]
    /// Samples by which `processed` is later than `microphone`.
    package var latency: Int
    /// Whether a voice was heard, by frame.
    package var hearsVoice: [Bool]
    /// When the first sample of each frame was captured, ns on the machine's clock.
    package var capturedAt: [Int64]
    /// What left the loudspeaker, after the volume: shape `[n]`.
    package var loudspeaker: [Int16]
    /// When its first sample left, ns on the same clock, as it was known at each frame.
    package var leftAt: [Int64]
    /// What the canceller had found at the end.
    package var canceller: EchoStatus.Reading

    package init(
        microphone: [Int16], processed: [Int16], latency: Int, hearsVoice: [Bool], capturedAt: [Int64],
        loudspeaker: [Int16], leftAt: [Int64], canceller: EchoStatus.Reading
    ) {
        self.microphone = microphone
        self.processed = processed
        self.latency = latency
        self.hearsVoice = hearsVoice
        self.capturedAt = capturedAt
        self.loudspeaker = loudspeaker
        self.leftAt = leftAt
        self.canceller = canceller
    }
}
