/// The names of the events, as programs know them.
package enum EventName: String, Sendable, Hashable, CaseIterable {
    case sessionConnecting = "session.connecting"
    case sessionLive = "session.live"
    case sessionEnded = "session.ended"
    case sessionRotating = "session.rotating"
    case sessionResumed = "session.resumed"
    case sessionStalled = "session.stalled"
    case turnsMode = "turns.mode"
    case wakeHeard = "wake.heard"
    case wakeAsleep = "wake.asleep"
    case turnStarted = "turn.started"
    case turnInterrupted = "turn.interrupted"
    case turnCompleted = "turn.completed"
    case transcriptPartial = "transcript.partial"
    case transcriptFinal = "transcript.final"
    case audioMuted = "audio.muted"
    case audioLevel = "audio.level"
    case audioDevice = "audio.device"
    case audioXrun = "audio.xrun"
    case audioUnderrun = "audio.underrun"
    case audioDropped = "audio.dropped"
    case recordingStarted = "recording.started"
    case recordingEnded = "recording.ended"
    case usage
    case image
    case file
    case code
    case codeResult = "code.result"
    case toolCall = "tool.call"
    case toolResult = "tool.result"
    case toolCancelled = "tool.cancelled"
    case grounding
    case settingsReloaded = "settings.reloaded"
    case warning
    case error
}

extension Event.Body {
    /// The event's name.
    package var kind: EventName {
        switch self {
        case .sessionConnecting: .sessionConnecting
        case .sessionLive: .sessionLive
        case .sessionEnded: .sessionEnded
        case .sessionRotating: .sessionRotating
        case .sessionResumed: .sessionResumed
        case .sessionStalled: .sessionStalled
        case .turnsMode: .turnsMode
        case .wakeHeard: .wakeHeard
        case .wakeAsleep: .wakeAsleep
        case .turnStarted: .turnStarted
        case .turnInterrupted: .turnInterrupted
        case .turnCompleted: .turnCompleted
        case .transcriptPartial: .transcriptPartial
        case .transcriptFinal: .transcriptFinal
        case .audioMuted: .audioMuted
        case .audioLevel: .audioLevel
        case .audioDevice: .audioDevice
        case .audioXrun: .audioXrun
        case .audioUnderrun: .audioUnderrun
        case .audioDropped: .audioDropped
        case .recordingStarted: .recordingStarted
        case .recordingEnded: .recordingEnded
        case .usage: .usage
        case .image: .image
        case .file: .file
        case .code: .code
        case .codeResult: .codeResult
        case .toolCall: .toolCall
        case .toolResult: .toolResult
        case .toolCancelled: .toolCancelled
        case .grounding: .grounding
        case .settingsReloaded: .settingsReloaded
        case .warning: .warning
        case .error: .error
        }
    }

    /// The event's name, such as `session.connecting`.
    package var name: String { kind.rawValue }
}
