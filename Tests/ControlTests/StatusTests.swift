import ControlProtocol
import Events
import FoundationEssentials
import LiveProtocol
import LiveSession
import Testing

@testable import ControlServer

/// What `status` says after which events.
@Suite(.timeLimit(.minutes(5)))
struct StatusTests {
    private func status(after bodies: Event.Body...) -> [String: JSONValue] { status(after: bodies) }

    private func status(after bodies: [Event.Body]) -> [String: JSONValue] {
        var status = AssistantStatus(version: "v")
        for body in bodies { status.note(Event(at: 1_795_435_200_123, session: "s1", body)) }
        return status.json(upFor: 5).members ?? [:]
    }

    private static let live = Event.Body.sessionLive(model: "models/m", resumed: false)

    @Test("a conversation that connects, is live, sleeps, wakes and ends")
    func states() {
        #expect(status()["state"] == "idle")
        #expect(status(after: .sessionConnecting(attempt: 1))["state"] == "connecting")
        let live = status(after: .sessionConnecting(attempt: 1), Self.live)
        #expect((live["state"], live["model"], live["session"]) == ("live", "models/m", "s1"))
        #expect(live["liveSince"] == "2026-11-23T12:00:00.123Z")
        #expect(status(after: Self.live, .wakeAsleep(because: "quiet"))["state"] == "asleep")
        #expect(status(after: Self.live, .wakeAsleep(because: "quiet"), .wakeHeard(because: "word"))["state"] == "live")
        let ended = status(after: Self.live, .sessionEnded(reason: "asked", code: nil, exit: 0))
        #expect(ended["state"] == "idle" && ended["session"] == nil && ended["liveSince"] == nil)
    }

    @Test("a line that is dialled again does not make a live session one that connects")
    func reconnects() {
        let status = status(
            after: Self.live, .sessionConnecting(attempt: 1),
            .sessionResumed(because: .drop, gapMilliseconds: 1, lostMilliseconds: 0, how: "handle"))
        #expect(status["state"] == "live" && status["reconnections"] == 1)
    }

    @Test("a line that is down is said to be, until it is up again, or nobody wants it")
    func lineDown() {
        #expect(status(after: .sessionConnecting(attempt: 1))["reconnecting"] == nil, "it never was up")
        let up = [Event.Body.sessionConnecting(attempt: 1), Self.live]
        for down in [Event.Body.sessionRotating(because: .drop), .sessionConnecting(attempt: 2)] {
            let status = status(after: up + [down])
            #expect(status["state"] == "live" && status["reconnecting"] == true)
        }
        let ends: [Event.Body] = [
            .sessionResumed(because: .drop, gapMilliseconds: 1, lostMilliseconds: 0, how: "handle"),
            .sessionLive(model: "models/m", resumed: true), .wakeAsleep(because: "quiet"),
            .sessionEnded(reason: "lost", code: nil, exit: 75),
        ]
        for end in ends {
            #expect(status(after: up + [.sessionRotating(because: .drop), end])["reconnecting"] == nil, "\(end)")
        }
    }

    @Test("the mode is the one that is set, until a conversation tells of another")
    func mode() {
        var status = AssistantStatus(version: "v")
        #expect(status.json(upFor: 0, mode: .wake).members?["mode"] == "wake")
        status.note(Event(at: 0, session: nil, .turnsMode(mode: "hold", because: "asked")))
        #expect(status.json(upFor: 0, mode: .wake).members?["mode"] == "hold")
        #expect(StatusBoard(version: "v", mode: { .half }, cost: { nil }).status["mode"] == "half")
    }

    @Test("who speaks, on what, in which mode, and what went wrong last")
    func members() {
        let status = status(
            after: Self.live, .turnStarted(turn: 3, speaker: .model), .audioMuted(true),
            .turnsMode(mode: "hold", because: "asked"),
            .audioDevice(direction: .output, device: "default", state: .lost, reason: "unplugged"),
            .warning(Problem(code: "c", message: "m", remedy: "r")))
        #expect((status["speaker"], status["turns"], status["muted"], status["mode"]) == ("model", 3, true, "hold"))
        #expect(status["output"] == ["device": "default", "state": "lost"])
        #expect(status["lastProblem"]?["code"] == "c" && status["lastProblem"]?["remedy"] == "r")
        #expect(self.status(after: .warning(Problem(code: "c", message: "m")))["lastProblem"]?["remedy"] == nil)
        #expect(
            self.status(
                after: .turnStarted(turn: 3, speaker: .model),
                .turnCompleted(
                    turn: 3, speaker: .model, reason: "complete", heardMilliseconds: 5))["speaker"] == nil)
    }

    @Test("what was spent is as the board is told, and left out where nobody counts")
    func cost() {
        let cost: JSONValue = ["currency": "EUR", "session": .number(0.5)]
        #expect(StatusBoard(version: "v", cost: { cost }).status["cost"] == cost)
        #expect(StatusBoard(version: "v", cost: { nil }).status["cost"] == nil)
    }

    @Test("the schema of the socket knows every event, and no other")
    func schema() throws {
        let path = #filePath.replacing("Tests/ControlTests/StatusTests.swift", with: "docs/control.schema.json")
        let schema = try #require(JSONValue(line: Data(contentsOf: URL(filePath: path))))
        guard case .array(let names)? = schema["$defs"]?["eventName"]?["enum"] else {
            Issue.record("the schema has no names of events")
            return
        }
        #expect(Set(names.compactMap(\.asString)) == Set(EventName.allCases.map(\.rawValue)))
    }
}
