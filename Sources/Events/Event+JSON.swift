extension Event {
    /// The event as one JSON object on one line, without the line end.
    ///
    /// Members come in the order of interface.md's table; what is nil is left out.
    package var json: String { String(decoding: jsonBytes, as: UTF8.self) }

    /// `json` as UTF-8.
    package var jsonBytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("event", body.name)
            writer.member("at", Timestamp.iso8601(at))
            writer.member("session", ifPresent: session)
            body.writeMembers(to: &writer)
        }
        return writer.bytes
    }
}

extension Event.Body {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .sessionConnecting, .sessionLive, .sessionEnded, .sessionRotating, .sessionResumed, .sessionStalled:
            writeSessionMembers(to: &writer)
        case .turnsMode(let mode, let because):
            writer.member("mode", mode)
            writer.member("because", because)
        case .wakeHeard(let because), .wakeAsleep(let because): writer.member("because", because)
        case .turnStarted, .turnInterrupted, .turnCompleted, .transcriptPartial, .transcriptFinal:
            writeTurnMembers(to: &writer)
        case .audioMuted, .audioLevel, .audioDevice, .audioXrun, .audioUnderrun,
            .audioDropped:
            writeAudioMembers(to: &writer)
        case .recordingStarted(let path): writer.member("path", path)
        case .recordingEnded(let path, let seconds, let lost):
            writer.member("path", path)
            writer.member("seconds", tenths: seconds)
            writer.member("lostMilliseconds", lost)
        case .usage(let report):
            // Not `turn` and `session`: those names are a number and a string in every other event.
            writer.object("turnTokens") { report.turn.writeMembers(to: &$0) }
            writer.object("sessionTokens") { report.session.writeMembers(to: &$0) }
        case .image, .file, .code, .codeResult, .toolCall, .toolResult, .toolCancelled, .grounding:
            writeContentMembers(to: &writer)
        case .settingsReloaded(let report):
            writer.member("applied", report.applied)
            writer.member("nextTurn", report.nextTurn)
            writer.member("nextSession", report.nextSession)
            writer.member("restart", report.restart)
            writer.member("kept", report.kept)
        case .warning(let problem), .error(let problem):
            writer.member("code", problem.code)
            writer.member("message", problem.message)
            writer.member("remedy", ifPresent: problem.remedy)
        }
    }

    private func writeSessionMembers(to writer: inout JSONWriter) {
        switch self {
        case .sessionConnecting(let attempt):
            writer.member("attempt", attempt)
        case .sessionLive(let model, let resumed):
            writer.member("model", model)
            writer.member("resumed", resumed)
        case .sessionEnded(let reason, let code, let exit):
            writer.member("reason", reason)
            writer.member("code", ifPresent: code)
            writer.member("exit", exit)
        case .sessionRotating(let because):
            writer.member("because", because.rawValue)
        case .sessionResumed(let because, let gap, let lost, let how):
            writer.member("because", because.rawValue)
            writer.member("gapMilliseconds", gap)
            writer.member("lostMilliseconds", lost)
            writer.member("how", how)
        case .sessionStalled(let stage):
            writer.member("stage", stage)
        default: preconditionFailure("\(name) is not about the session")
        }
    }

    private func writeTurnMembers(to writer: inout JSONWriter) {
        switch self {
        case .turnStarted(let turn, let speaker):
            writer.member("turn", turn)
            writer.member("speaker", speaker.rawValue)
        case .turnInterrupted(let turn, let heard):
            writer.member("turn", turn)
            writer.member("heardMilliseconds", heard)
        case .turnCompleted(let turn, let speaker, let reason, let heard):
            writer.member("turn", turn)
            writer.member("speaker", speaker.rawValue)
            writer.member("reason", reason)
            writer.member("heardMilliseconds", ifPresent: heard)
        case .transcriptPartial(let line), .transcriptFinal(let line):
            writer.member("turn", line.turn)
            writer.member("speaker", line.speaker.rawValue)
            writer.member("text", line.text)
            writer.member("language", ifPresent: line.language)
            writer.member("heard", ifPresent: line.heard)
            if line.isTyped { writer.member("typed", true) }
            writer.member("begin", ifPresent: line.begin.map(Timestamp.iso8601))
            writer.member("end", ifPresent: line.end.map(Timestamp.iso8601))
        default: preconditionFailure("\(name) is not about a turn")
        }
    }

    private func writeAudioMembers(to writer: inout JSONWriter) {
        switch self {
        case .audioMuted(let isMuted): writer.member("muted", isMuted)
        case .audioLevel(let input, let output):
            if let input, input.isFinite { writer.member("input", tenths: input) }
            if let output, output.isFinite { writer.member("output", tenths: output) }
        case .audioDevice(let direction, let device, let state, let reason):
            writer.member("direction", direction.rawValue)
            writer.member("device", device)
            writer.member("state", state.rawValue)
            writer.member("reason", ifPresent: reason)
        case .audioXrun(let direction, let count, let ours, let late):
            writer.member("direction", direction.rawValue)
            writer.member("count", count)
            writer.member("ours", ours)
            writer.member("late", late)
        case .audioUnderrun(let count): writer.member("count", count)
        case .audioDropped(let direction, let milliseconds, let because):
            writer.member("direction", direction.rawValue)
            writer.member("milliseconds", milliseconds)
            writer.member("because", because)
        default: preconditionFailure("\(name) is not about audio")
        }
    }

    private func writeContentMembers(to writer: inout JSONWriter) {
        switch self {
        case .image(let path, let mimeType), .file(let path, let mimeType):
            writer.member("path", path)
            writer.member("mimeType", mimeType)
        case .code(let language, let source):
            writer.member("language", language)
            writer.member("source", source)
        case .codeResult(let outcome, let output):
            writer.member("outcome", outcome)
            writer.member("output", output)
        case .toolCall(let id, let name, let arguments):
            writer.member("id", ifPresent: id)
            writer.member("name", name)
            writer.member("arguments", embedding: arguments)
        case .toolResult(let id, let name, let response):
            writer.member("id", ifPresent: id)
            writer.member("name", name)
            writer.member("response", embedding: response)
        case .toolCancelled(let ids):
            writer.member("ids", ids)
        case .grounding(let metadata):
            writer.member("metadata", embedding: metadata)
        default: preconditionFailure("\(name) carries no content")
        }
    }
}

extension UsageReport.Tokens {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("input", input)
        writer.member("output", output)
        writer.member("total", total)
    }
}
