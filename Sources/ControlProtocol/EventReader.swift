package import Events
import FoundationEssentials
package import LiveProtocol

/// Reads the members of an event's JSON, by name.
private struct Members {
    let json: [String: JSONValue]

    func text(_ name: String) -> String? { json[name]?.asString }

    func integer(_ name: String) -> Int? { json[name]?.asInteger.map { Int(clamping: $0) } }

    func number(_ name: String) -> Double? {
        switch json[name] {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    func bool(_ name: String) -> Bool? { json[name]?.asBool }

    func choice<Choice: RawRepresentable>(_ name: String) -> Choice? where Choice.RawValue == String {
        text(name).flatMap(Choice.init)
    }

    /// Milliseconds since 1970.
    func time(_ name: String) -> Int64? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return text(name).flatMap { try? Date($0, strategy: style) }
            .map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) }
    }

    /// A member as it stood there, in JSON.
    func verbatim(_ name: String) -> String? {
        json[name].map { String(decoding: $0.serialized(), as: UTF8.self) }
    }

    func texts(_ name: String) -> [String]? {
        json[name]?.asArray?.compactMap(\.asString)
    }

    func members(_ name: String) -> Members? { json[name]?.members.map(Members.init) }

    func counts(_ name: String) -> [String: Int]? {
        json[name]?.members?.compactMapValues { $0.asInteger.map { Int(clamping: $0) } }
    }
}

extension Event {
    /// An event as `--json` and the control socket write it; nil for one of a kind that this version does not know, or
    /// that lacks what it should have.
    package init?(_ json: JSONValue) {
        guard let object = json.members else { return nil }
        let members = Members(json: object)
        guard let name: EventName = members.choice("event"), let at = members.time("at"),
            let body = Body(name, members)
        else { return nil }
        self.init(at: at, session: members.text("session"), body)
    }
}

extension Event.Body {
    fileprivate init?(_ name: EventName, _ members: Members) {
        switch name {
        case .sessionConnecting, .sessionLive, .sessionEnded, .sessionRotating, .sessionResumed, .sessionStalled:
            self.init(session: name, members)
        case .turnsMode, .turnStarted, .turnInterrupted, .turnCompleted, .transcriptPartial, .transcriptFinal:
            self.init(turn: name, members)
        case .audioMuted, .audioLevel, .audioDevice, .audioXrun, .audioUnderrun, .audioDropped:
            self.init(audio: name, members)
        case .image, .file, .code, .codeResult, .toolCall, .toolResult, .toolCancelled, .grounding:
            self.init(content: name, members)
        case .wakeHeard, .wakeAsleep, .recordingStarted, .recordingEnded, .usage, .settingsReloaded, .warning, .error:
            self.init(other: name, members)
        }
    }

    private init?(session name: EventName, _ members: Members) {
        switch name {
        case .sessionConnecting:
            guard let attempt = members.integer("attempt") else { return nil }
            self = .sessionConnecting(attempt: attempt)
        case .sessionLive:
            guard let model = members.text("model"), let resumed = members.bool("resumed") else { return nil }
            self = .sessionLive(model: model, resumed: resumed)
        case .sessionEnded:
            guard let reason = members.text("reason"), let exit = members.integer("exit") else { return nil }
            self = .sessionEnded(reason: reason, code: members.integer("code"), exit: exit)
        case .sessionRotating:
            guard let because: RotationCause = members.choice("because") else { return nil }
            self = .sessionRotating(because: because)
        case .sessionResumed:
            guard let because: RotationCause = members.choice("because"), let gap = members.integer("gapMilliseconds"),
                let lost = members.integer("lostMilliseconds"), let how = members.text("how")
            else { return nil }
            self = .sessionResumed(because: because, gapMilliseconds: gap, lostMilliseconds: lost, how: how)
        default:
            guard let stage = members.integer("stage") else { return nil }
            self = .sessionStalled(stage: stage)
        }
    }

    private init?(turn name: EventName, _ members: Members) {
        if name == .turnsMode {
            guard let mode = members.text("mode"), let because = members.text("because") else { return nil }
            self = .turnsMode(mode: mode, because: because)
            return
        }
        guard let turn = members.integer("turn") else { return nil }
        let heard = members.integer("heardMilliseconds")
        if name == .turnInterrupted {
            self = .turnInterrupted(turn: turn, heardMilliseconds: heard ?? 0)
            return
        }
        guard let speaker: Party = members.choice("speaker") else { return nil }
        switch name {
        case .turnStarted: self = .turnStarted(turn: turn, speaker: speaker)
        case .turnCompleted:
            self = .turnCompleted(
                turn: turn, speaker: speaker, reason: members.text("reason") ?? "", heardMilliseconds: heard)
        default:
            let line = TranscriptLine(
                turn: turn, speaker: speaker, text: members.text("text") ?? "", language: members.text("language"),
                heard: members.text("heard"), isTyped: members.bool("typed") ?? false, begin: members.time("begin"),
                end: members.time("end"))
            self = name == .transcriptFinal ? .transcriptFinal(line) : .transcriptPartial(line)
        }
    }

    private init?(audio name: EventName, _ members: Members) {
        switch name {
        case .audioMuted:
            guard let isMuted = members.bool("muted") else { return nil }
            self = .audioMuted(isMuted)
        case .audioLevel: self = .audioLevel(input: members.number("input"), output: members.number("output"))
        case .audioUnderrun:
            guard let count = members.integer("count") else { return nil }
            self = .audioUnderrun(count: count)
        default:
            guard let direction: Direction = members.choice("direction") else { return nil }
            self.init(audio: name, of: direction, members)
        }
    }

    private init?(audio name: EventName, of direction: Direction, _ members: Members) {
        switch name {
        case .audioDevice:
            guard let device = members.text("device"), let state: DeviceState = members.choice("state") else {
                return nil
            }
            self = .audioDevice(direction: direction, device: device, state: state, reason: members.text("reason"))
        case .audioXrun:
            guard let count = members.integer("count"), let ours = members.integer("ours"),
                let late = members.integer("late")
            else { return nil }
            self = .audioXrun(direction: direction, count: count, ours: ours, lateMilliseconds: late)
        default:
            guard let milliseconds = members.integer("milliseconds"), let because = members.text("because") else {
                return nil
            }
            self = .audioDropped(direction: direction, milliseconds: milliseconds, because: because)
        }
    }

    private init?(content name: EventName, _ members: Members) {
        switch name {
        case .image, .file:
            guard let path = members.text("path"), let mimeType = members.text("mimeType") else { return nil }
            self = name == .image ? .image(path: path, mimeType: mimeType) : .file(path: path, mimeType: mimeType)
        case .code:
            guard let language = members.text("language"), let source = members.text("source") else { return nil }
            self = .code(language: language, source: source)
        case .codeResult:
            guard let outcome = members.text("outcome"), let output = members.text("output") else { return nil }
            self = .codeResult(outcome: outcome, output: output)
        case .toolCancelled:
            guard let ids = members.texts("ids") else { return nil }
            self = .toolCancelled(ids: ids)
        case .grounding:
            guard let metadata = members.verbatim("metadata") else { return nil }
            self = .grounding(metadata)
        default:
            guard let tool = members.text("name"),
                let value = members.verbatim(name == .toolCall ? "arguments" : "response")
            else { return nil }
            let id = members.text("id")
            self =
                name == .toolCall
                ? .toolCall(id: id, name: tool, arguments: value) : .toolResult(id: id, name: tool, response: value)
        }
    }

    private init?(other name: EventName, _ members: Members) {
        switch name {
        case .wakeHeard, .wakeAsleep:
            guard let because = members.text("because") else { return nil }
            self = name == .wakeHeard ? .wakeHeard(because: because) : .wakeAsleep(because: because)
        case .recordingStarted, .recordingEnded:
            guard let path = members.text("path") else { return nil }
            self =
                name == .recordingStarted
                ? .recordingStarted(path: path)
                : .recordingEnded(
                    path: path, seconds: members.number("seconds") ?? 0,
                    lostMilliseconds: members.integer("lostMilliseconds") ?? 0)
        case .settingsReloaded: self = .settingsReloaded(ReloadReport(members))
        case .usage:
            guard let turn = members.members("turnTokens"), let session = members.members("sessionTokens") else {
                return nil
            }
            self = .usage(UsageReport(turn: .init(turn), session: .init(session)))
        default:
            guard let code = members.text("code"), let message = members.text("message") else { return nil }
            let problem = Problem(code: code, message: message, remedy: members.text("remedy"))
            self = name == .warning ? .warning(problem) : .error(problem)
        }
    }
}

extension ReloadReport {
    fileprivate init(_ members: Members) {
        self.init()
        applied = members.texts("applied") ?? []
        nextTurn = members.texts("nextTurn") ?? []
        nextSession = members.texts("nextSession") ?? []
        restart = members.texts("restart") ?? []
        kept = members.texts("kept") ?? []
    }
}

extension UsageReport.Tokens {
    fileprivate init(_ members: Members) {
        self.init(
            input: members.counts("input") ?? [:], output: members.counts("output") ?? [:],
            total: members.integer("total") ?? 0)
    }
}
