/// How the service listens: when a turn starts and ends, whether speech interrupts, and what a turn holds.
package struct RealtimeInputOptions: Sendable, Equatable {
    package enum Sensitivity: String, Sendable, Hashable, CaseIterable {
        /// Speech is noticed, or its end concluded, sooner.
        case high = "HIGH"
        case low = "LOW"
    }

    package enum ActivityHandling: String, Sendable, Hashable, CaseIterable {
        /// Speech stops the answer (barge-in).
        case interrupts = "START_OF_ACTIVITY_INTERRUPTS"
        /// Speech during an answer waits and is answered after it.
        case noInterruption = "NO_INTERRUPTION"
    }

    package enum TurnCoverage: String, Sendable, Hashable, CaseIterable {
        case onlyActivity = "TURN_INCLUDES_ONLY_ACTIVITY"
        /// Every frame is billed and kept, also those between turns.
        case allInput = "TURN_INCLUDES_ALL_INPUT"
        case audioActivityAndAllVideo = "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"
    }

    /// True when the client marks activity itself: `activityStart` and `activityEnd` are taken then, and
    /// `audioStreamEnd` is not. Audio outside the marks closes the session (pitfall 20).
    package var isDetectionDisabled: Bool?
    package var startSensitivity: Sensitivity?
    package var endSensitivity: Sensitivity?
    /// Speech needed before a start counts; whole milliseconds.
    package var prefixPadding: Duration?
    /// Silence needed before an end counts; whole milliseconds (pitfall 33).
    package var silence: Duration?
    package var activityHandling: ActivityHandling?
    package var turnCoverage: TurnCoverage?
    package var timestampsInterimTranscripts: Bool?

    package init() {}
}
