/// Who listens to what leaves the loudspeaker: the seam for an echo canceller's reference and for recordings.
///
/// Called on the playback thread once per period, so the requirement must be RT safe.
package protocol ReferenceTap: Sendable {
    /// Sound on its way out, after resampling and volume, silence included.
    ///
    /// - Parameters:
    ///   - frames: mono, shape `[n]`, what was written in this period.
    ///   - rate: the device's.
    ///   - time: when the first of them leaves the device by its own report, on the machine's monotonic clock since
    ///     boot.
    mutating func willLeave(_ frames: Span<Int16>, rate: SampleRate, at time: Duration)

    /// What was announced for `time` and later was dropped: an interruption emptied the device.
    mutating func dropped(from time: Duration)
}

/// Nobody listens.
package struct NoTap: ReferenceTap {
    package init() {}
    package mutating func willLeave(_ frames: Span<Int16>, rate: SampleRate, at time: Duration) {}
    package mutating func dropped(from time: Duration) {}
}
