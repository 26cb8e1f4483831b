// The members that are small: read as a tree each, then taken apart by name. A member of null is one that is not
// there. What is not known, or not of the shape it should have, is reported by the caller as unknown and kept.

extension GeminiMessage {
    /// Takes a top-level member. - Returns: false when it is not known.
    mutating func take(_ value: JSONValue, named name: String, content: inout [LiveEvent]) -> Bool {
        if value == .null { return true }
        switch name {
        case "setupComplete": return takeSetupComplete(value, content: &content)
        case "toolCall": return takeToolCall(value, content: &content)
        case "toolCallCancellation":
            guard let ids = value["ids"]?.asArray else { return value == [:] }
            cancelledCalls += ids.compactMap(\.asString)
        case "usageMetadata": return takeUsage(value, content: &content)
        case "goAway":
            guard value.asObject != nil else { return false }
            goAway = .goAway(timeLeft: value["timeLeft"]?.asDuration)
        case "sessionResumptionUpdate":
            guard value.asObject != nil else { return false }
            let handle = value["newHandle"]?.asString
            resumption = .resumption(
                handle: handle == "" ? nil : handle, isResumable: value["resumable"]?.asBool ?? false,
                lastConsumedMessage: value["lastConsumedClientMessageIndex"]?.asInteger)
        case "voiceActivity":
            guard let type = (value["type"] ?? value["voiceActivityType"])?.asString else { return false }
            content.append(.voiceActivity(VoiceActivity(wireName: type, at: value["audioOffset"]?.asDuration)))
        case "voiceActivityDetectionSignal":
            guard let type = value["vadSignalType"]?.asString else { return false }
            content.append(.voiceActivity(VoiceActivity(wireName: type, at: nil)))
        case "interactionStatus": return takeInteractionStatus(value)
        case "error":
            let code = value["code"]?.asInteger.flatMap { Int(exactly: $0) }
            guard let message = (value["message"] ?? value["status"] ?? value).asString else { return false }
            serviceError = .serviceError(code: code, message: message)
        default: return false
        }
        return true
    }

    /// Takes a member of `serverContent`. - Returns: false when it is not known.
    mutating func takeServerContent(_ value: JSONValue, named name: String, content: inout [LiveEvent]) -> Bool {
        if value == .null { return true }
        switch name {
        case "interrupted": return take(value) { $0.isInterrupted = $0.isInterrupted || $1 }
        case "generationComplete": return take(value) { $0.isGenerationComplete = $0.isGenerationComplete || $1 }
        case "turnComplete": return take(value) { $0.isTurnComplete = $0.isTurnComplete || $1 }
        case "turnCompleteReason":
            guard let reason = value.asString else { return false }
            turnCompletion = TurnCompletion(name: reason)
        case "waitingForInput":
            guard let isWaiting = value.asBool else { return false }
            content.append(.waitingForInput(isWaiting))
        case "inputTranscription": return takeTranscription(value, of: .user, at: name, content: &content)
        case "outputTranscription": return takeTranscription(value, of: .model, at: name, content: &content)
        case "interimInputTranscription":
            return takeTranscription(value, of: .user, isInterim: true, at: name, content: &content)
        case "groundingMetadata": content.append(.grounding(value))
        case "urlContextMetadata": content.append(.urlContext(value))
        case "interactionStatus": return takeInteractionStatus(value)
        case "speechState":
            guard let state = value.asString else { return false }
            content.append(.speechState(state))
        default: return false
        }
        return true
    }

    private mutating func take(_ value: JSONValue, _ set: (inout GeminiMessage, Bool) -> Void) -> Bool {
        guard let flag = value.asBool else { return false }
        set(&self, flag)
        return true
    }

    private mutating func takeSetupComplete(_ value: JSONValue, content: inout [LiveEvent]) -> Bool {
        guard let members = value.asObject else { return false }
        setupCompletion = .setupCompleted(sessionID: value["sessionId"]?.asString)
        report(members, except: ["sessionId"], at: "setupComplete", content: &content)
        return true
    }

    private mutating func takeToolCall(_ value: JSONValue, content: inout [LiveEvent]) -> Bool {
        guard let members = value.asObject else { return false }
        let calls = value["functionCalls"]?.asArray
        for call in calls ?? [] {
            if let call = ToolCall(call) {
                toolCalls.append(call)
            } else {
                content.append(.unknown(path: "toolCall.functionCalls", value: call))
            }
        }
        report(members, except: calls == nil ? [] : ["functionCalls"], at: "toolCall", content: &content)
        return true
    }

    private mutating func takeInteractionStatus(_ value: JSONValue) -> Bool {
        guard let name = value.asString else { return false }
        interactionStatus = InteractionStatus(wireName: name)
        return true
    }

    private mutating func takeTranscription(
        _ value: JSONValue, of speaker: Speaker, isInterim: Bool = false, at name: String,
        content: inout [LiveEvent]
    ) -> Bool {
        guard let members = value.asObject else { return false }
        var transcription = Transcription(speaker: speaker, text: value["text"]?.asString ?? "")
        transcription.isInterim = isInterim
        transcription.isFinished = value["finished"]?.asBool ?? false
        transcription.language = value["languageCode"]?.asString
        transcription.speakerLabel = value["speakerLabel"]?.asString
        transcription.start = value["startOffset"]?.asDuration
        transcription.end = value["endOffset"]?.asDuration
        transcription.words = (value["words"]?.asArray ?? []).compactMap { word in
            word["word"]?.asString.map {
                .init(text: $0, start: word["startOffset"]?.asDuration, end: word["endOffset"]?.asDuration)
            }
        }
        content.append(.transcription(transcription))
        var known = ["finished", "languageCode", "speakerLabel", "startOffset", "endOffset", "words"]
        if value["text"]?.asString != nil { known.append("text") }
        report(members, except: known, at: "serverContent.\(name)", content: &content)
        return true
    }

    private mutating func takeUsage(_ value: JSONValue, content: inout [LiveEvent]) -> Bool {
        guard let members = value.asObject else { return false }
        var usage = Usage()
        for member in members where member.value != .null {
            if !usage.take(member.value, named: member.name) {
                content.append(.unknown(path: "usageMetadata.\(member.name)", value: member.value))
            }
        }
        self.usage = usage
        return true
    }

    /// Reports members of a known object that are not known themselves.
    private func report(
        _ members: [JSONValue.Member], except known: [String], at path: String, content: inout [LiveEvent]
    ) {
        for member in members where member.value != .null && !known.contains(member.name) {
            content.append(.unknown(path: "\(path).\(member.name)", value: member.value))
        }
    }
}

// MARK: - Values by their names on the wire

extension Usage {
    /// - Returns: false when the member is not known.
    fileprivate mutating func take(_ value: JSONValue, named name: String) -> Bool {
        switch name {
        case "promptTokenCount": return set(\.prompt, value)
        case "cachedContentTokenCount": return set(\.cached, value)
        // Vertex AI uses the second spelling (gemini-live §4.3).
        case "responseTokenCount", "candidatesTokenCount": return set(\.response, value)
        case "toolUsePromptTokenCount": return set(\.toolUse, value)
        case "thoughtsTokenCount": return set(\.thoughts, value)
        case "totalTokenCount": return set(\.total, value)
        case "promptTokensDetails": return set(\.promptByModality, value)
        case "cacheTokensDetails": return set(\.cachedByModality, value)
        case "responseTokensDetails", "candidatesTokensDetails": return set(\.responseByModality, value)
        case "toolUsePromptTokensDetails": return set(\.toolUseByModality, value)
        case "trafficType": trafficType = value.asString
        case "serviceTier": serviceTier = value.asString
        default: return false
        }
        return true
    }

    private mutating func set(_ count: WritableKeyPath<Usage, Int>, _ value: JSONValue) -> Bool {
        guard let tokens = value.asInteger.flatMap({ Int(exactly: $0) }) else { return false }
        self[keyPath: count] = tokens
        return true
    }

    private mutating func set(_ counts: WritableKeyPath<Usage, [ModalityCount]>, _ value: JSONValue) -> Bool {
        guard let details = value.asArray else { return false }
        self[keyPath: counts] = details.compactMap { detail in
            detail["modality"]?.asString.map {
                ModalityCount(modality: $0, tokens: Int(detail["tokenCount"]?.asInteger ?? 0))
            }
        }
        return true
    }
}

extension ToolCall {
    /// nil when the value is no call: one without a name can neither be carried out nor answered.
    init?(_ value: JSONValue) {
        guard let name = value["name"]?.asString else { return nil }
        self.init(
            id: value["id"]?.asString, name: name, arguments: value["args"] ?? [:],
            partialArguments: value["partialArgs"], willContinue: value["willContinue"]?.asBool)
    }
}

extension InteractionStatus {
    fileprivate init(wireName: String) {
        self =
            switch wireName {
            case "IN_PROGRESS": .inProgress
            case "IDLE": .idle
            case "REQUIRES_ACTION": .requiresAction
            default: .unknown(wireName)
            }
    }
}

extension VoiceActivity {
    fileprivate init(wireName: String, at offset: Duration?) {
        self =
            switch wireName {
            case "ACTIVITY_START", "VAD_SIGNAL_TYPE_SOS": .started(at: offset)
            case "ACTIVITY_END", "VAD_SIGNAL_TYPE_EOS": .ended(at: offset)
            default: .unknown(wireName)
            }
    }
}

extension JSONValue {
    /// A protocol buffers duration such as `"50s"` or `"0.360s"`; nil for anything else, and beyond 10,000 years.
    var asDuration: Duration? {
        guard case .string(let text) = self, text.utf8.last == UInt8(ascii: "s") else { return nil }
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let parts = text.utf8.dropLast().dropFirst(isNegative ? 1 : 0)
            .split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = Self.digits(parts[0], atMost: 12), seconds <= 315_576_000_000 else { return nil }
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            guard let fraction = Self.digits(parts[1], atMost: 9) else { return nil }
            nanoseconds = (parts[1].count..<9).reduce(fraction) { number, _ in number * 10 }
        }
        let duration = Duration.seconds(seconds) + .nanoseconds(nanoseconds)
        return isNegative ? .zero - duration : duration
    }

    private static func digits(_ text: some Collection<UInt8>, atMost count: Int) -> Int64? {
        guard !text.isEmpty, text.count <= count else { return nil }
        var number: Int64 = 0
        for byte in text {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
