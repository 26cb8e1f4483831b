import Events
import LiveProtocol
import Testing

@testable import vivavoce

@Suite("What a terminal knows of a daemon when it comes", .timeLimit(.minutes(5)))
struct AttachTests {
    private func known(_ status: [String: JSONValue]) -> [Event] { RemoteTerminal.known(of: status) }

    @Test("a live one is live since when it says, and a line that is down is dialled")
    func live() {
        var status: [String: JSONValue] = [
            "state": "live", "model": "models/m", "liveSince": "2026-11-23T12:00:00.123Z", "mode": "hold",
            "muted": true,
        ]
        let events = known(status)
        #expect(
            events.first == Event(at: 1_795_435_200_123, session: nil, .sessionLive(model: "models/m", resumed: true)))
        #expect(
            events.dropFirst().map(\.body) == [
                .turnsMode(mode: "hold", because: "as the daemon has it"), .audioMuted(true),
            ])
        status["reconnecting"] = true
        #expect(known(status).map(\.body).contains(.sessionConnecting(attempt: 1)))
    }

    @Test("one that is idle, connects or sleeps is not said to start")
    func others() {
        let mode = Event.Body.turnsMode(mode: "open", because: "as the daemon has it")
        let idle = Event.Body.sessionEnded(reason: "no conversation is under way", code: nil, exit: 0)
        #expect(known(["state": "idle", "model": "m", "muted": false]).map(\.body) == [idle, mode])
        #expect(known(["state": "connecting"]).map(\.body) == [.sessionConnecting(attempt: 1), mode])
        let asleep = known(["state": "asleep", "model": "m", "liveSince": "2026-11-23T12:00:00.123Z"])
        #expect(
            asleep.map(\.body) == [
                .sessionLive(model: "m", resumed: true), .wakeAsleep(because: "as the daemon has it"), mode,
            ])
    }
}
