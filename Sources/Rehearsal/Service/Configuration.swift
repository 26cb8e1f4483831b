/// How a rehearsal service behaves; the defaults are what the real service does.
package struct RehearsalConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port: UInt16 = 0
    package var session = RehearsalSession.Options()
    package var format = WireFormat()
    /// The only key that is let in; nil lets in any key, and none.
    package var requiredKey: String?
    /// Answers every upgrade with this HTTP status instead.
    package var refusal: Int?
    package var handleLifetime = Duration.seconds(7_200)
    package var scenario: Scenario?
    /// In bytes; the default is what clients of the real service are told to expect of it, in both directions.
    package var largestMessage = 16 << 20
    /// A file for a JSON line about every message.
    package var logPath: String?
    /// A WAV file for what the first connection's microphone sent; later connections add their number to the name.
    package var savedInputPath: String?
    /// Gets a line about whatever a person running the service may want to know.
    package var report: @Sendable (String) -> Void = { _ in }

    package init() {}
}
