/// One message from a client, checked for form. What it means at this moment is the session's business.
enum ClientMessage: Equatable, Sendable {
    case setup(SetupRequest)
    case clientContent(ClientContent)
    case audio(PCM)
    case video(mimeType: String, byteCount: Int)
    case text(String)
    case activityStart
    case activityEnd
    case audioStreamEnd
    case toolResponse([FunctionResponse])
    case contextUpdate

    /// Microphone sound as it came: mono, signed 16 bit.
    struct PCM: Equatable, Sendable {
        let samples: [Int16]
        /// In Hz; 16,000 when the client named none.
        let rate: Int
    }

    struct ClientContent: Equatable, Sendable {
        let turns: [Turn]
        let isTurnComplete: Bool
    }

    struct Turn: Equatable, Sendable {
        /// "user" or "model".
        let role: String
        /// The text parts, joined by spaces.
        let text: String
        /// Parts that are not text: pictures, sound.
        let mediaCount: Int
    }

    struct FunctionResponse: Equatable, Sendable {
        let id: String?
        let name: String?
        let response: JSON
        let scheduling: Scheduling?
        let willContinue: Bool
    }

    enum Scheduling: String, Sendable {
        case silent = "SILENT"
        case whenIdle = "WHEN_IDLE"
        case interrupt = "INTERRUPT"
    }

    /// The name that scenarios and the log use.
    var kind: String {
        switch self {
        case .setup: "setup"
        case .clientContent: "clientContent"
        case .audio: "audio"
        case .video: "video"
        case .text: "text"
        case .activityStart: "activityStart"
        case .activityEnd: "activityEnd"
        case .audioStreamEnd: "audioStreamEnd"
        case .toolResponse: "toolResponse"
        case .contextUpdate: "contextUpdate"
        }
    }
}
