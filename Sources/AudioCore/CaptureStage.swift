/// What runs on captured sound before anybody else sees it: the seam for echo cancelling and its like.
///
/// Called on the capture thread once per frame, so every requirement must be RT safe. A device is generic over its
/// stage, so no existential stands in that path.
package protocol CaptureStage: Sendable {
    /// Changes one frame in place.
    ///
    /// - Parameters:
    ///   - frame: 10 ms, mono, 16,000 Hz: shape `[160]`.
    ///   - time: when its first sample stood at the converter, on the machine's monotonic clock since boot.
    mutating func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration)

    /// Hears a frame that must not be changed, a pipe's, so that `hearsVoice` is known all the same.
    ///
    /// - Parameters: as those of `process`.
    mutating func listen(to frame: Span<Int16>, capturedAt time: Duration)

    /// Whether somebody at the microphone speaks, as of the newest frame; nil while that is not known.
    var hearsVoice: Bool? { get }

    /// Samples by which the newest frame that it changed is later than what it was given.
    var delay: Int { get }
}

extension CaptureStage {
    package var delay: Int { 0 }
}

/// Leaves captured sound as it is.
package struct PassThrough: CaptureStage {
    package init() {}
    package mutating func process(_ frame: inout MutableSpan<Int16>, capturedAt time: Duration) {}
    package mutating func listen(to frame: Span<Int16>, capturedAt time: Duration) {}
    package var hearsVoice: Bool? { nil }
}
