package import Events

/// Events in words, for people. Everything that came from outside is sanitized.
package enum TranscriptWords {
    /// What was said, with its speaker: `you: …` or `model: …`.
    ///
    /// Of speech that was cut off, what was heard comes first, and what was not heard stands in brackets.
    package static func line(_ line: TranscriptLine) -> String {
        "\(name(line.speaker)): \(said(line))"
    }

    static func name(_ speaker: Party) -> String {
        switch speaker {
        case .user: "you"
        case .model: "model"
        }
    }

    private static func said(_ line: TranscriptLine) -> String {
        let text = trimmed(TerminalText.sanitized(line.text))
        guard let heard = line.heard.map({ trimmed(TerminalText.sanitized($0)) }), heard != text else { return text }
        let unheard = text.hasPrefix(heard) ? trimmed(String(text.dropFirst(heard.count))) : text
        guard !unheard.isEmpty else { return "\(heard)—" }
        return heard.isEmpty ? "[not heard: \(unheard)]" : "\(heard)— [not heard: \(unheard)]"
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }

    /// What else the model gave, as a line of the transcript; nil for other events.
    package static func content(_ body: Event.Body) -> String? {
        switch body {
        case .image(let path, let mimeType), .file(let path, let mimeType): "model: [\(mimeType): \(path)]"
        case .code(let language, let source): "model: [\(language): \(source)]"
        case .codeResult(let outcome, let output): "model: [\(outcome): \(output)]"
        default: nil
        }
    }

    /// How much a notice matters, for those who asked for quiet.
    package enum Weight: Comparable, Sendable {
        /// Shown by the status line where there is one.
        case state
        case notice
        case warning
        case error
    }

    /// What a person should be told beside the conversation itself; nil for events that need no words.
    package static func notice(_ body: Event.Body) -> (weight: Weight, text: String)? {
        switch body {
        case .sessionConnecting(let attempt):
            (.state, attempt > 1 ? "connecting, attempt \(attempt)" : "connecting")
        case .sessionLive(let model, let resumed): (.state, "\(resumed ? "live again" : "live"): \(model)")
        case .sessionEnded(let reason, let code, let exit):
            (exit == 0 ? .state : .error, "ended: \(reason)\(code.map { " (code \($0))" } ?? "")")
        case .sessionRotating(let because):
            (weight(of: because), "changing to a new connection (\(because.rawValue))")
        case .sessionResumed(let because, let gap, let lost, _):
            (
                lost > 0 ? .notice : weight(of: because),
                "resumed after \(gap) ms\(lost > 0 ? ", \(lost) ms of speech lost" : "")"
            )
        case .sessionStalled: (.notice, "the service has stopped answering")
        case .audioDevice(let direction, let device, .lost, let reason):
            (.warning, "\(direction.rawValue) \(device) is gone\(reason.map { ": \($0)" } ?? "")")
        case .audioDevice(let direction, let device, .reopened, _):
            (.notice, "\(direction.rawValue) \(device) is back")
        case .audioDevice(let direction, let device, .changed, let reason):
            (.notice, "\(direction.rawValue) is now \(device)\(reason.map { ": \($0)" } ?? "")")
        case .audioDevice(let direction, let device, .silent, let reason):
            (.warning, "\(direction.rawValue) \(device) is silent\(reason.map { ": \($0)" } ?? "")")
        case .audioDropped(let direction, let milliseconds, let because):
            (.warning, "\(milliseconds) ms of \(direction == .input ? "your speech" : "the answer") lost: \(because)")
        case .recordingStarted(let path):
            (.error, "recording to \(path); say so to whoever is in the room")
        case .recordingEnded(let path, let seconds, let lost):
            (.notice, "\(recorded(seconds, lost)) in \(path)")
        case .settingsReloaded(let report): (.notice, words(for: report))
        case .warning(let problem): (.warning, "warning: \(text(of: problem))")
        case .error(let problem): (.error, "error: \(text(of: problem))")
        default: nil
        }
    }

    /// Of a notice of that weight, in a log.
    static func priority(of body: Event.Body, _ weight: Weight) -> LogPriority {
        // Nobody may overlook it, and nothing is wrong.
        if case .recordingStarted = body { return .notice }
        return switch weight {
        case .state: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }

    /// What a log can be searched by: the event, the conversation, of problems the code, of devices which it is. Nothing else:
    /// other members hold what is said, which belongs into no log.
    static func fields(of event: Event) -> [JournalField] {
        let members: [JournalField] =
            switch event.body {
            case .warning(let problem), .error(let problem): [JournalField("code", problem.code)]
            case .audioDevice(let direction, let device, let state, _):
                [
                    JournalField("direction", direction.rawValue), JournalField("device", device),
                    JournalField("state", state.rawValue),
                ]
            default: []
            }
        let session = event.session.map { [JournalField("session", $0)] } ?? []
        return [JournalField("event", event.body.name)] + session + members
    }

    private static func words(for report: ReloadReport) -> String {
        let groups = [
            ("changed", report.applied), ("from the next turn on", report.nextTurn),
            ("for the next conversation", report.nextSession), ("when started again", report.restart),
            ("kept", report.kept),
        ]
        let said = groups.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }
        return "settings read again" + (said.isEmpty ? ", nothing changed" : "; " + said.joined(separator: "; "))
    }

    private static func recorded(_ seconds: Double, _ lost: Int) -> String {
        let time = StatusLine.clock(.seconds(seconds))
        return lost > 0 ? "recorded \(time), \(lost) ms of it lost," : "recorded \(time)"
    }

    /// A planned change is nothing to be told of: nobody notices it.
    private static func weight(of because: RotationCause) -> Weight {
        switch because {
        case .goAway, .timer: .state
        case .drop, .stall, .request: .notice
        }
    }

    private static func text(of problem: Problem) -> String {
        problem.remedy.map { "\(problem.message)\n  \($0)" } ?? problem.message
    }
}
