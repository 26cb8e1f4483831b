/// One message of the service while it is read: content goes straight to the caller's events, in the order of the
/// bytes; what must be handled before or after it waits here until the whole message is known.
struct GeminiMessage {
    /// Where reading stands.
    var cursor: JSONCursor
    var pieces = SpeechPieces()

    // Before content.
    var setupCompletion: LiveEvent?
    var isInterrupted = false
    var cancelledCalls: [String] = []
    // After content.
    var toolCalls: [ToolCall] = []
    var isGenerationComplete = false
    var usage: Usage?
    var interactionStatus: InteractionStatus?
    var isTurnComplete = false
    var turnCompletion: TurnCompletion?
    var resumption: LiveEvent?
    var goAway: LiveEvent?
    var serviceError: LiveEvent?

    /// The first thing wrong that did not keep the rest from being read.
    private(set) var damage: DecodingFailure?

    init(_ text: Span<UInt8>) { cursor = JSONCursor(text) }

    mutating func note(_ damage: DecodingFailure) {
        if self.damage == nil { self.damage = damage }
    }
}

// MARK: - Reading

extension GeminiMessage {
    /// Reads the whole message. - Throws: when it is no JSON object; nothing may be delivered then.
    mutating func read(_ text: Span<UInt8>, content: inout [LiveEvent]) throws(DecodingFailure) {
        guard try cursor.kind(in: text) == .object else {
            throw DecodingFailure("message is not an object", offset: cursor.offset)
        }
        try cursor.enter(in: text)
        var isFirst = true
        while let name = try cursor.nextName(in: text, isFirst: &isFirst) {
            if name == "serverContent", try cursor.kind(in: text) == .object {
                try readServerContent(text, content: &content)
            } else {
                let value = try cursor.value(in: text)
                if !take(value, named: name, content: &content) {
                    content.append(.unknown(path: name, value: value))
                }
            }
        }
        try cursor.expectEnd(in: text)
    }

    private mutating func readServerContent(
        _ text: Span<UInt8>, content: inout [LiveEvent]
    ) throws(DecodingFailure) {
        try cursor.enter(in: text)
        var isFirst = true
        while let name = try cursor.nextName(in: text, isFirst: &isFirst) {
            if name == "modelTurn", try cursor.kind(in: text) == .object {
                try readModelTurn(text, content: &content)
            } else {
                let value = try cursor.value(in: text)
                if !takeServerContent(value, named: name, content: &content) {
                    content.append(.unknown(path: "serverContent.\(name)", value: value))
                }
            }
        }
    }

    private mutating func readModelTurn(
        _ text: Span<UInt8>, content: inout [LiveEvent]
    ) throws(DecodingFailure) {
        try cursor.enter(in: text)
        var isFirst = true
        while let name = try cursor.nextName(in: text, isFirst: &isFirst) {
            if name == "parts", try cursor.kind(in: text) == .array {
                try cursor.enter(in: text)
                var isFirstPart = true
                while try cursor.hasElement(in: text, isFirst: &isFirstPart) {
                    try readPart(text, content: &content)
                }
            } else if name == "role" {
                try cursor.skipValue(in: text)
            } else {
                let value = try cursor.value(in: text)
                guard value != .null else { continue }
                content.append(.unknown(path: "serverContent.modelTurn.\(name)", value: value))
            }
        }
    }

    private mutating func readPart(_ text: Span<UInt8>, content: inout [LiveEvent]) throws(DecodingFailure) {
        guard try cursor.kind(in: text) == .object else {
            content.append(.unknown(path: "serverContent.modelTurn.parts", value: try cursor.value(in: text)))
            return
        }
        try cursor.enter(in: text)
        var part = Part()
        var isFirst = true
        while let name = try cursor.nextName(in: text, isFirst: &isFirst) {
            if name == "inlineData", try cursor.kind(in: text) == .object {
                try readInlineData(text, into: &part, content: &content)
            } else if name == "thoughtSignature" {
                try cursor.skipValue(in: text)  // kilobytes that only a request would carry back; live ones do not
            } else {
                let value = try cursor.value(in: text)
                if !part.take(value, named: name, content: &content) {
                    content.append(.unknown(path: "serverContent.modelTurn.parts.\(name)", value: value))
                }
            }
        }
        finish(part, text, content: &content)
    }

    /// Remembers where type and data lie: either may come first, and neither is copied.
    private mutating func readInlineData(
        _ text: Span<UInt8>, into part: inout Part, content: inout [LiveEvent]
    ) throws(DecodingFailure) {
        try cursor.enter(in: text)
        var isFirst = true
        while let name = try cursor.nextName(in: text, isFirst: &isFirst) {
            let kind = try cursor.kind(in: text)
            if name == "data", kind == .string {
                part.data = try cursor.string(in: text)
            } else if name == "mimeType", kind == .string {
                part.mimeType = try cursor.string(in: text)
            } else {
                let value = try cursor.value(in: text)
                guard value != .null else { continue }
                content.append(.unknown(path: "serverContent.modelTurn.parts.inlineData.\(name)", value: value))
            }
        }
    }
}

// MARK: - Parts

extension GeminiMessage {
    /// What a part holds until it is closed: `thought` may stand behind the text that it marks.
    fileprivate struct Part {
        var isThought = false
        var text: String?
        var data: JSONCursor.StringToken?
        var mimeType: JSONCursor.StringToken?

        /// - Returns: false when the member is not known, or not of the shape it should have.
        mutating func take(_ value: JSONValue, named name: String, content: inout [LiveEvent]) -> Bool {
            if value == .null { return true }
            switch name {
            case "text":
                guard let string = value.asString else { return false }
                text = string
            case "thought":
                guard let flag = value.asBool else { return false }
                isThought = flag
            case "executableCode":
                guard let source = value["code"]?.asString else { return false }
                let language = value["language"]?.asString ?? ""
                content.append(.code(language: language, source: source, id: value["id"]?.asString))
            case "codeExecutionResult":
                guard let outcome = value["outcome"]?.asString else { return false }
                let output = value["output"]?.asString ?? ""
                content.append(.codeResult(outcome: outcome, output: output, id: value["id"]?.asString))
            case "fileData":
                guard let uri = value["fileUri"]?.asString else { return false }
                content.append(.file(uri: uri, mimeType: value["mimeType"]?.asString))
            case "functionCall":
                guard let call = ToolCall(value) else { return false }
                content.append(.toolCallMentioned(call))
            default: return false
            }
            return true
        }
    }

    private mutating func finish(_ part: Part, _ text: Span<UInt8>, content: inout [LiveEvent]) {
        if let words = part.text, !words.isEmpty { content.append(.text(words, isThought: part.isThought)) }
        guard let data = part.data else { return }
        let rate = part.mimeType.flatMap { cursor.withBytes(of: $0, in: text, SpeechFormat.rate(ofMIMEType:)) }
        if let rate, !part.isThought {  // sound that belongs to a thought is not speech (pitfall 23)
            pieces.append(.init(text: data, rate: rate))
        } else if let bytes = cursor.withBytes(of: data, in: text, Base64.decodeBytes) {
            let mimeType = part.mimeType.map { cursor.decoded($0, in: text) } ?? "application/octet-stream"
            content.append(.blob(mimeType: mimeType, bytes: bytes))
        } else {
            note(DecodingFailure("media is not base64", offset: data.range.lowerBound))
        }
    }
}

// MARK: - Delivering

extension GeminiMessage {
    /// Hands out what was read: speech to its sink, and everything else around the content, in handling order.
    mutating func deliver(
        _ text: Span<UInt8>, contentStart: Int, speech: any MediaSink, events: inout [LiveEvent]
    ) {
        if isInterrupted { speech.interrupt() }
        let start = speech.position
        if !isInterrupted { deliverSpeech(text, to: speech) }
        if isGenerationComplete || isTurnComplete { speech.endOfSpeech() }
        // What the sink took of it, at the sink's rate: the wire's may be another, and a sink may refuse.
        let samples = speech.position - start

        var index = contentStart
        if let setupCompletion { events.insert(setupCompletion, before: &index) }
        if isInterrupted { events.insert(.interrupted, before: &index) }
        if !cancelledCalls.isEmpty { events.insert(.toolCallsCancelled(ids: cancelledCalls), before: &index) }
        if samples > 0 { events.insert(.speech(samples: samples), before: &index) }

        if !toolCalls.isEmpty { events.append(.toolCalled(toolCalls)) }
        if isGenerationComplete { events.append(.generationCompleted) }
        if let usage { events.append(.usage(usage)) }
        if let interactionStatus { events.append(.interactionStatus(interactionStatus)) }
        if isTurnComplete { events.append(.turnCompleted(reason: turnCompletion)) }
        if let resumption { events.append(resumption) }
        if let goAway { events.append(goAway) }
        if let serviceError { events.append(serviceError) }
    }

    private mutating func deliverSpeech(_ text: Span<UInt8>, to speech: any MediaSink) {
        for index in 0..<pieces.count {
            let piece = pieces[index]
            let outcome = cursor.withBytes(of: piece.text, in: text) { bytes in
                Base64.decodeSamples(bytes) { speech.append($0, rate: piece.rate) }
            }
            if let offset = outcome.faultOffset {
                note(
                    DecodingFailure(
                        "speech is not base64; what came before is played",
                        offset: piece.text.range.lowerBound + offset))
            } else if outcome.hasOddByte {
                note(
                    DecodingFailure(
                        "speech ends in half a sample, which is dropped", offset: piece.text.range.upperBound))
            }
        }
    }
}

extension [LiveEvent] {
    /// Puts an event in at `index`, which moves behind it. Without content there it is an append, the usual case.
    fileprivate mutating func insert(_ event: LiveEvent, before index: inout Int) {
        if index == count { append(event) } else { insert(event, at: index) }
        index += 1
    }
}
