import Assistant
import Events
import LiveSession
import Testing

/// What a silent conversation of a few seconds comes to.
@Suite(.timeLimit(.minutes(5)))
struct TrialTests {
    private static let well: [Event.Body] = [
        .sessionConnecting(attempt: 1), .sessionLive(model: "models/m", resumed: false),
        .audioDevice(direction: .input, device: "mic", state: .open, reason: nil),
        .audioDevice(direction: .output, device: "box", state: .open, reason: nil),
        .audioLevel(input: -60, output: nil),
        .audioLevel(input: -48.4, output: nil), .audioLevel(input: -55, output: nil),
    ]

    private func findings(
        _ bodies: [Event.Body], _ outcome: Outcome = Outcome(exit: .success, reason: "over")
    ) -> [String: Finding] {
        var trial = Trial(on: Settings().audio)
        for (index, body) in bodies.enumerated() {
            trial.note(Event(at: Int64(index) * 100, session: "s", body))
        }
        return Dictionary(uniqueKeysWithValues: trial.findings(outcome).map { ($0.check, $0) })
    }

    @Test("where all is well, it says how long the service took, and how loud the room is")
    func well() {
        let found = findings(Self.well)
        #expect(found.values.allSatisfy { $0.state == .ok })
        #expect(found["service"]?.words == "it was ready after 100 ms")
        #expect(found["model"]?.words == "models/m")
        #expect(found["microphone"]?.words == "mic, -48 dBFS at most")
    }

    @Test("a service that is not reached fails with the last words of the trouble, and as a conversation would")
    func unreached() {
        let found = findings(
            [
                .sessionConnecting(attempt: 1), .warning(Problem(code: "a", message: "first")),
                .error(Problem(code: "b", message: "refused", remedy: "Give another key.")),
            ], Outcome(exit: .refused, reason: "r"))
        #expect(found["service"] == Finding("service", .failed, "refused", remedy: "Give another key.", exit: .refused))
        #expect(found["microphone"]?.state == .skipped && found["sound"] == nil)
        #expect(found["model"]?.state == .skipped)
        #expect(findings([.sessionConnecting(attempt: 1)])["service"]?.exit == .unavailable, "nothing came in time")
    }

    @Test("a microphone of zeros, a silent one, a lost loudspeaker and xruns are told apart")
    func devices() {
        func with(_ bodies: Event.Body...) -> [String: Finding] { findings(Self.well + bodies) }
        let zeros = with(.audioDevice(direction: .input, device: "mic", state: .silent, reason: nil))
        #expect(zeros["microphone"]?.state == .warning && zeros["microphone"]?.remedy != nil)
        let quiet = findings(Self.well.filter { if case .audioLevel = $0 { false } else { true } })
        #expect(quiet["microphone"]?.state == .warning && quiet["microphone"]?.remedy != nil)
        let lost = with(.audioDevice(direction: .output, device: "box", state: .lost, reason: "unplugged"))
        #expect(lost["loudspeaker"]?.state == .failed && lost["loudspeaker"]?.words == "box: unplugged")
        #expect(
            with(.audioXrun(direction: .output, count: 2, ours: 1, lateMilliseconds: 9))["sound"]?.state == .warning)
    }

    @Test("nothing of it goes up or is kept")
    func settings() {
        var set = Settings()
        set.archive.recordings = "/r"
        let trial = Trial.settings(set)
        #expect(trial.turns.mode == .hold && !trial.archive.isStoreOn && trial.archive.recordings == nil)
        #expect(trial.until == .elapsed(.seconds(3)))
    }
}
