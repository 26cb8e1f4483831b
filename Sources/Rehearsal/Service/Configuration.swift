/// How a rehearsal service behaves; the defaults are what the real service does, but for its time limits.
package struct RehearsalConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port: UInt16 = 0
    package var session = RehearsalSession.Options()
    package var format = WireFormat()
    /// The only key that is let in; nil lets in any key, and none.
    package var requiredKey: String?
    /// A token's uses are counted when sessions are resumed, too, which the real service is said to do at times.
    package var countsResumptions = false
    /// Answers every upgrade with this HTTP status instead.
    package var refusal: Int?
    package var handleLifetime = Duration.seconds(7_200)
    package var scenario: Scenario?
    /// Faults at random; not together with a scenario.
    package var chaos: Chaos?
    /// A connection that is stalled or half open is reset after so long, so that a soak of hours does not collect them.
    package var longestSilence = Duration.seconds(120)
    /// Answers with tones as long as their words are many, at a fraction of the cost of speech.
    package var hasQuickVoice = false
    /// In bytes; the default is what clients of the real service are told to expect of it, in both directions.
    package var largestMessage = 16 << 20
    /// A file for a JSON line about every message.
    package var logPath: String?
    /// A WAV file for what the first connection's microphone sent; later connections add their number to the name.
    package var savedInputPath: String?
    /// Gets a line about whatever a person running the service may want to know, and about every fault.
    package var report: @Sendable (String) -> Void = { _ in }

    package init() {}

    /// Switches the documented time limits on: ten minutes for a connection with a minute's warning, a quarter of an hour
    /// for a session without compression and two minutes for one with pictures, two hours for a handle.
    package mutating func setDocumentedLimits() {
        session.connectionLimit = .seconds(600)
        session.goAwayBefore = .seconds(60)
        session.sessionLimit = .seconds(900)
        session.videoSessionLimit = .seconds(120)
        handleLifetime = .seconds(7_200)
    }

    /// Makes all of the service's own times shorter, so that hours pass in minutes. What a client does is not scaled.
    package mutating func divideTimes(by scale: Double) {
        session.connectionLimit = session.connectionLimit.map { $0 / scale }
        session.goAwayBefore = session.goAwayBefore.map { $0 / scale }
        session.sessionLimit = session.sessionLimit.map { $0 / scale }
        session.videoSessionLimit = session.videoSessionLimit.map { $0 / scale }
        handleLifetime = handleLifetime / scale
    }

    /// Whether a relay must stand in front of the service, for what only a transport can do wrong.
    var needsRelay: Bool {
        chaos != nil || scenario?.connections.joined().contains { $0.kind.needsRelay } == true
    }
}
