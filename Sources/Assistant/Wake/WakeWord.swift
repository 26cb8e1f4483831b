/// Something that listens for the wake word while the assistant is asleep.
package protocol WakeWord: Sendable {
    /// Listens until the task is cancelled. What it hears comes from the `WakeEar` that it was made with, and only while
    /// that is open.
    ///
    /// - Parameter onHeard: called on a thread of the detector's own; must not block.
    /// - Throws: why it cannot listen at all. What may pass is tried again instead, and told as a warning.
    func run(onHeard: @escaping @Sendable (WakeHeard) -> Void) async throws(AssistantError)
}

/// The wake word was heard.
package struct WakeHeard: Equatable, Sendable {
    /// What the detector says about it, for people: one line.
    package var because: String
    /// How long ago the word ended; nil when the detector does not say.
    package var backBy: Duration?

    package init(because: String, backBy: Duration? = nil) {
        self.because = because
        self.backBy = backBy
    }
}
