import Events
import Testing

@testable import ControlProtocol

/// An event and the line it must become, but for the members that every event has.
struct EventExample: Sendable, CustomTestStringConvertible {
    let body: Event.Body
    let name: String
    let members: String

    init(_ body: Event.Body, _ name: String, _ members: String) {
        self.body = body
        self.name = name
        self.members = members
    }

    var testDescription: String { "\(name) \(members)" }

    static let all: [EventExample] = [
        EventExample(.sessionConnecting(attempt: 2), "session.connecting", #""attempt":2"#),
        EventExample(
            .sessionLive(model: "models/m", resumed: false), "session.live", #""model":"models/m","resumed":false"#),
        EventExample(
            .sessionEnded(reason: "asked", code: nil, exit: 0), "session.ended", #""reason":"asked","exit":0"#),
        EventExample(
            .sessionEnded(reason: "API key not valid", code: 1007, exit: 77), "session.ended",
            #""reason":"API key not valid","code":1007,"exit":77"#),
        EventExample(.sessionRotating(because: .goAway), "session.rotating", #""because":"goAway""#),
        EventExample(
            .sessionResumed(because: .drop, gapMilliseconds: 420, lostMilliseconds: 0, how: "handle"),
            "session.resumed", #""because":"drop","gapMilliseconds":420,"lostMilliseconds":0,"how":"handle""#),
        EventExample(.sessionStalled(stage: 1), "session.stalled", #""stage":1"#),
        EventExample(
            .turnsMode(mode: "wake", because: "asked"), "turns.mode", #""mode":"wake","because":"asked""#),
        EventExample(.wakeHeard(because: "hello vivavoce"), "wake.heard", #""because":"hello vivavoce""#),
        EventExample(.wakeAsleep(because: "quiet"), "wake.asleep", #""because":"quiet""#),
        EventExample(.audioMuted(true), "audio.muted", #""muted":true"#),
        EventExample(.turnStarted(turn: 3, speaker: .user), "turn.started", #""turn":3,"speaker":"user""#),
        EventExample(
            .turnInterrupted(turn: 4, heardMilliseconds: 1250), "turn.interrupted",
            #""turn":4,"heardMilliseconds":1250"#),
        EventExample(
            .turnCompleted(turn: 4, speaker: .model, reason: "interrupted", heardMilliseconds: 1250),
            "turn.completed", #""turn":4,"speaker":"model","reason":"interrupted","heardMilliseconds":1250"#),
        EventExample(
            .turnCompleted(turn: 3, speaker: .user, reason: "complete", heardMilliseconds: nil), "turn.completed",
            #""turn":3,"speaker":"user","reason":"complete""#),
        EventExample(
            .transcriptPartial(TranscriptLine(turn: 3, speaker: .user, text: "what is")), "transcript.partial",
            #""turn":3,"speaker":"user","text":"what is""#),
        EventExample(
            .transcriptFinal(
                TranscriptLine(turn: 4, speaker: .model, text: "It is noon.", language: "en-GB", heard: "It is")),
            "transcript.final",
            #""turn":4,"speaker":"model","text":"It is noon.","language":"en-GB","heard":"It is""#),
        EventExample(.recordingStarted(path: "/r/x"), "recording.started", #""path":"/r/x""#),
        EventExample(
            .recordingEnded(path: "/r/x", seconds: 12.34, lostMilliseconds: 5), "recording.ended",
            #""path":"/r/x","seconds":12.3,"lostMilliseconds":5"#),
        EventExample(.audioLevel(input: -23.456, output: nil), "audio.level", #""input":-23.5"#),
        EventExample(.audioLevel(input: -.infinity, output: -0.04), "audio.level", #""output":0.0"#),
        EventExample(
            .audioDevice(direction: .output, device: "alsa:hw:1", state: .lost, reason: "unplugged"), "audio.device",
            #""direction":"output","device":"alsa:hw:1","state":"lost","reason":"unplugged""#),
        EventExample(
            .audioDevice(direction: .input, device: "default", state: .open, reason: nil), "audio.device",
            #""direction":"input","device":"default","state":"open""#),
        EventExample(
            .audioXrun(direction: .input, count: 7, ours: 2, lateMilliseconds: 91), "audio.xrun",
            #""direction":"input","count":7,"ours":2,"late":91"#),
        EventExample(.audioUnderrun(count: 2), "audio.underrun", #""count":2"#),
        EventExample(
            .audioDropped(direction: .input, milliseconds: 40, because: "the network was slow"), "audio.dropped",
            #""direction":"input","milliseconds":40,"because":"the network was slow""#),
        EventExample(
            .usage(
                UsageReport(
                    turn: .init(input: ["TEXT": 3, "AUDIO": 25], output: ["AUDIO": 100], total: 128),
                    session: .init(input: ["AUDIO": 50], output: [:], total: 256))),
            "usage",
            #""turnTokens":{"input":{"AUDIO":25,"TEXT":3},"output":{"AUDIO":100},"total":128},"#
                + #""sessionTokens":{"input":{"AUDIO":50},"output":{},"total":256}"#),
        EventExample(
            .image(path: "/tmp/a b.png", mimeType: "image/png"), "image",
            #""path":"/tmp/a b.png","mimeType":"image/png""#),
        EventExample(
            .file(path: "/tmp/a.pdf", mimeType: "application/pdf"), "file",
            #""path":"/tmp/a.pdf","mimeType":"application/pdf""#),
        EventExample(
            .code(language: "PYTHON", source: "print(\"1\")\n"), "code",
            #""language":"PYTHON","source":"print(\"1\")\n""#),
        EventExample(
            .codeResult(outcome: "OUTCOME_OK", output: "1\n"), "code.result",
            #""outcome":"OUTCOME_OK","output":"1\n""#),
        EventExample(
            .toolCall(id: "c1", name: "lamp", arguments: "{\n  \"on\": true, \"say\": \"a b\" }\n"), "tool.call",
            #""id":"c1","name":"lamp","arguments":{"on":true,"say":"a b"}"#),
        EventExample(
            .toolResult(id: nil, name: "lamp", response: "broken {"), "tool.result",
            #""name":"lamp","response":"broken {""#),
        EventExample(.toolCancelled(ids: ["c1", "c\"2"]), "tool.cancelled", #""ids":["c1","c\"2"]"#),
        EventExample(.grounding(#"{"q":[1, 2.5e-3]}"#), "grounding", #""metadata":{"q":[1,2.5e-3]}"#),
        EventExample(
            .settingsReloaded(.example), "settings.reloaded",
            #""applied":["audio.volume"],"nextTurn":[],"nextSession":["persona.voice","service.model"],"restart":[],"#
                + #""kept":["turns.mode (--mode)"]"#),
        EventExample(
            .warning(Problem(code: "setup.fieldLeftOut", message: "m", remedy: "r")), "warning",
            #""code":"setup.fieldLeftOut","message":"m","remedy":"r""#),
        EventExample(
            .error(Problem(code: "input.lost", message: "m")), "error", #""code":"input.lost","message":"m""#),
    ]
}

extension ReloadReport {
    fileprivate static var example: ReloadReport {
        var report = ReloadReport()
        report.applied = ["audio.volume"]
        report.nextSession = ["persona.voice", "service.model"]
        report.kept = ["turns.mode (--mode)"]
        return report
    }
}

@Suite("Events as JSON lines", .timeLimit(.minutes(5)))
struct EventJSONTests {
    static let noon: Int64 = 1_795_435_200_123  // 2026-11-23T12:00:00.123Z

    @Test("each event becomes exactly the line that interface.md describes", arguments: EventExample.all)
    func writes(example: EventExample) {
        let event = Event(at: Self.noon, session: "s1", example.body)
        #expect(
            event.json
                == #"{"event":"\#(example.name)","at":"2026-11-23T12:00:00.123Z","session":"s1",\#(example.members)}"#)
    }

    @Test("what is written can be read again, and is the same then", arguments: EventExample.all)
    func reads(example: EventExample) throws {
        let written = Event(at: Self.noon, session: "s1", example.body)
        let notification = ControlClient.Notification(name: example.name, event: Array(written.json.utf8))
        let read = try #require(notification.decoded)
        #expect((read.at, read.session, read.body.name) == (written.at, "s1", example.name))
        let again = try #require(ControlClient.Notification(name: example.name, event: Array(read.json.utf8)).decoded)
        #expect(again == read)
        // Members of foreign JSON come in another order.
        #expect(read.json.utf8.count == written.json.utf8.count || example.name.hasPrefix("tool."))
    }

    @Test("the examples leave no event out")
    func examplesAreComplete() {
        let vocabulary: Set = [
            "session.connecting", "session.live", "session.ended", "session.rotating", "session.resumed",
            "session.stalled", "turns.mode", "wake.heard", "wake.asleep", "turn.started", "turn.interrupted",
            "turn.completed", "transcript.partial", "transcript.final", "audio.muted", "audio.level", "audio.device",
            "audio.xrun", "audio.underrun", "audio.dropped", "recording.started", "recording.ended", "usage", "image",
            "file", "code", "code.result", "tool.call", "tool.result", "tool.cancelled", "grounding",
            "settings.reloaded", "warning", "error",
        ]
        #expect(Set(EventExample.all.map(\.name)) == vocabulary)
        #expect(Set(EventExample.all.map(\.body.name)) == vocabulary)
        #expect(Set(EventName.allCases.map(\.rawValue)) == vocabulary)
    }

    @Test("an event outside a session has no session member")
    func leavesOutSession() {
        let event = Event(at: 0, session: nil, .sessionStalled(stage: 1))
        #expect(event.json == #"{"event":"session.stalled","at":"1970-01-01T00:00:00.000Z","stage":1}"#)
    }

    @Test("no text can end the line or reach a terminal as a control character")
    func escapesControls() {
        let hostile = "a\u{1B}[2J\u{0}\n\r\t\"\\\u{7F}\u{9B}\u{85}\u{2028}\u{2029}é🎤"
        let event = Event(at: 0, session: nil, .error(Problem(code: "c", message: hostile)))
        #expect(
            event.json.hasSuffix(
                #""message":"a\u001b[2J\u0000\n\r\t\"\\\u007f\u009b\u0085\u2028\u2029é🎤"}"#))
    }
}

@Suite("JSON that came in as text", .timeLimit(.minutes(5)))
struct JSONTextTests {
    @Test(
        "one whole value is kept, without the white space between its tokens",
        arguments: [
            ("{}", "{}"), (" [ ] ", "[]"), ("null", "null"), ("-0.5E+3", "-0.5E+3"), ("0", "0"),
            (#"{"a" : [ 1 , {"b":"x \" y"} ] }"#, #"{"a":[1,{"b":"x \" y"}]}"#), (#""\u00e9 \n""#, #""\u00e9 \n""#),
            ("\t{\r\n\"a\":true}\n", #"{"a":true}"#),
        ])
    func keeps(text: String, compact: String) {
        #expect(JSONText.compact(text).map { String(decoding: $0, as: UTF8.self) } == compact)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", " ", "{", "}", "{]", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "{\"a\":1,}", "01", "1.", ".5", "-",
            "1e",
            "tru", "nulll", "'a'", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "1 2", "{}{}", "NaN",
        ])
    func refuses(text: String) {
        #expect(JSONText.compact(text) == nil)
    }

    @Test(
        "one member of an object is taken out as it was written",
        arguments: [
            (#"{"a":1,"event":{"b" : "\u00e9", "c":[1.0e2]},"d":2}"#, #"{"b":"\u00e9","c":[1.0e2]}"#),
            (#" {"event" : null } "#, "null"), (#"{"event":1,"event":2}"#, "2"), (#"{"a":{"event":1}}"#, nil),
            (#"{"a":"\"event\":1"}"#, nil), ("{}", nil), (#"["event"]"#, nil), (#"{"event":}"#, nil), ("", nil),
        ] as [(String, String?)])
    func member(text: String, value: String?) {
        #expect(JSONText.member("event", of: text) == value)
    }

    @Test("nesting is bounded, so that hostile input cannot exhaust the stack")
    func boundsDepth() {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(JSONText.compact(deep) != nil)
        #expect(JSONText.compact("[" + deep + "]") == nil)
        #expect(JSONText.compact(String(repeating: "[", count: 1_000_000)) == nil)
    }
}

@Suite("Timestamps", .timeLimit(.minutes(5)))
struct TimestampTests {
    @Test(
        "leap years, century rules and times before 1970 come out right",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"), (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
            (253_402_300_800_000, "10000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func formats(milliseconds: Int64, text: String) {
        #expect(Timestamp.iso8601(milliseconds) == text)
    }
}
