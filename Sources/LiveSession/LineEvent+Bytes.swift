import LiveProtocol

// How much memory the words of the service take while they wait; what is small and of a fixed size counts little.

extension LineEvent {
    /// About how many bytes the event holds. Costs time in proportion to them.
    var bytes: Int {
        guard case .received(let events, _) = self else { return 0 }
        return events.reduce(0) { $0 + 256 + $1.bytes }
    }
}

extension LiveEvent {
    fileprivate var bytes: Int {
        switch self {
        case .transcription(let piece):
            piece.words.reduce(piece.text.utf8.count) { $0 + 64 + $1.text.utf8.count }
                + (piece.language?.utf8.count ?? 0) + (piece.speakerLabel?.utf8.count ?? 0)
        case .text(let text, _): text.utf8.count
        case .blob(let mimeType, let bytes): mimeType.utf8.count + bytes.count
        case .file(let uri, let mimeType): uri.utf8.count + (mimeType?.utf8.count ?? 0)
        case .code(let language, let source, let id):
            language.utf8.count + source.utf8.count + (id?.utf8.count ?? 0)
        case .codeResult(let outcome, let output, let id):
            outcome.utf8.count + output.utf8.count + (id?.utf8.count ?? 0)
        case .grounding(let value), .urlContext(let value): value.bytes
        case .unknown(let path, let value): path.utf8.count + value.bytes
        case .speechState(let name), .interactionStatus(.unknown(let name)), .voiceActivity(.unknown(let name)):
            name.utf8.count
        case .turnCompleted(let reason): reason?.name.utf8.count ?? 0
        case .toolCalled(let calls): calls.reduce(0) { $0 + $1.bytes }
        case .toolCallMentioned(let call): call.bytes
        case .toolCallsCancelled(let ids): ids.reduce(0) { $0 + 16 + $1.utf8.count }
        case .usage(let usage):
            [usage.promptByModality, usage.cachedByModality, usage.responseByModality, usage.toolUseByModality].joined()
                .reduce(0) { $0 + 32 + $1.modality.utf8.count }
                + (usage.trafficType?.utf8.count ?? 0) + (usage.serviceTier?.utf8.count ?? 0)
        case .setupCompleted(let text): text?.utf8.count ?? 0
        case .resumption(let handle, _, _): handle?.utf8.count ?? 0
        case .serviceError(_, let message): message.utf8.count
        case .speech, .interrupted, .generationCompleted, .waitingForInput, .interactionStatus, .goAway, .voiceActivity:
            0
        }
    }
}

extension ToolCall {
    fileprivate var bytes: Int {
        128 + name.utf8.count + (id?.utf8.count ?? 0) + arguments.bytes + (partialArguments?.bytes ?? 0)
    }
}

extension JSONValue {
    /// A tree takes more than its text: an element of three characters is one of 24 bytes.
    fileprivate var bytes: Int {
        switch self {
        case .null, .bool, .integer, .number: 24
        case .string(let text): 24 + text.utf8.count
        case .array(let elements): elements.reduce(24) { $0 + $1.bytes }
        case .object(let members): members.reduce(24) { $0 + 16 + $1.name.utf8.count + $1.value.bytes }
        }
    }
}
