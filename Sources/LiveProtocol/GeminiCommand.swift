/// Puts commands into the service's words, one top-level member a message (gemini-live §3).
struct GeminiCommand {
    let family: ModelFamily
    let backend: Backend

    func encoded(_ command: LiveCommand) -> [UInt8]? {
        message(of: command).map { $0.serialized() }
    }

    private func message(of command: LiveCommand) -> JSONValue? {
        switch command {
        case .text(let text): family.takesText ? ["realtimeInput": ["text": .string(text)]] : nil
        case .image(let mimeType, let bytes):
            family.takesImages ? ["realtimeInput": ["video": blob(mimeType, bytes)]] : nil
        case .activityStart: ["realtimeInput": ["activityStart": [:]]]
        case .activityEnd: ["realtimeInput": ["activityEnd": [:]]]
        case .audioStreamEnd: ["realtimeInput": ["audioStreamEnd": true]]
        case .turns(let turns, let isComplete): content(turns, isComplete: isComplete)
        case .stopGenerating:
            // Content that is not complete makes the service wait for more (gemini-live §3.3, pitfall 52).
            family.content == .always ? ["clientContent": ["turnComplete": false]] : nil
        case .toolResults(let results): toolResponse(results)
        case .contextUpdate(let instruction, let tools): contextUpdate(instruction, tools)
        }
    }

    private func content(_ turns: [ConversationTurn], isComplete: Bool) -> JSONValue? {
        guard family.content != .never else { return nil }
        var members: [JSONValue.Member] = []
        if !turns.isEmpty {
            let contents = turns.map { turn -> JSONValue in
                ["role": .string(turn.speaker.rawValue), "parts": .array(turn.parts.map(part))]
            }
            members.append(.init("turns", .array(contents)))
        }
        members.append(.init("turnComplete", .bool(isComplete)))
        return ["clientContent": .object(members)]
    }

    private func toolResponse(_ results: [ToolResult]) -> JSONValue? {
        guard !results.isEmpty, !family.functions.behaviors.isEmpty else { return nil }
        return ["toolResponse": ["functionResponses": .array(results.map(functionResponse))]]
    }

    private func functionResponse(_ result: ToolResult) -> JSONValue {
        let response: JSONValue =
            switch result.response {
            case .object: result.response
            default: ["output": result.response]  // anything else is refused (pitfall 26)
            }
        // A model that waits for every result takes neither word; Vertex AI does not know the second one.
        let canGoOn = family.functions.behaviors.contains(.nonBlocking)
        let mayContinue = canGoOn && backend == .developer
        return .object(ofPresent: [
            "id": result.id.map(JSONValue.string),
            "name": .string(result.name),
            "response": response,
            "scheduling": family.functions.takesScheduling ? result.scheduling.map { .string($0.rawValue) } : nil,
            "willContinue": mayContinue ? result.willContinue.map(JSONValue.bool) : nil,
            "parts": result.parts.isEmpty ? nil : .array(result.parts.map(part)),
        ])
    }

    private func contextUpdate(_ instruction: String?, _ tools: JSONValue?) -> JSONValue? {
        guard family.takesContextUpdates, instruction != nil || tools != nil else { return nil }
        let wrapped: JSONValue? = tools.map { tools in
            // An array is the tools themselves, wrapped once more on the wire; none of them clears what there was.
            guard case .array(let list) = tools else { return tools }
            return list.isEmpty ? [:] : ["tools": tools]
        }
        return [
            "contextUpdate": .object(ofPresent: [
                "systemInstruction": instruction.map { ["parts": [["text": .string($0)]]] },
                "tools": wrapped,
            ])
        ]
    }

    private func part(_ part: ConversationTurn.Part) -> JSONValue {
        switch part {
        case .text(let text): ["text": .string(text)]
        case .blob(let mimeType, let bytes): ["inlineData": blob(mimeType, bytes)]
        case .file(let uri, let mimeType): ["fileData": ["fileUri": .string(uri), "mimeType": .string(mimeType)]]
        }
    }

    private func blob(_ mimeType: String, _ bytes: [UInt8]) -> JSONValue {
        ["mimeType": .string(mimeType), "data": .base64(bytes)]
    }
}
