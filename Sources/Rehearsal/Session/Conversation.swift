/// What was said so far: the memory that a resumption handle brings back, and what usage is counted from.
struct Conversation: Equatable, Sendable {
    struct Turn: Equatable, Sendable {
        /// "user" or "model".
        let role: String
        let text: String
    }

    private(set) var turns: [Turn] = []
    /// Tokens in the context, by the documented rates.
    private(set) var textTokens = 0
    private(set) var audioTokens = 0
    private(set) var videoTokens = 0
    /// Since the conversation began.
    private(set) var videoFrames = 0

    /// 25 tokens per second of sound and 258 per frame: the Live API guide. Four characters per token: its rule of thumb.
    private static let tokensPerFrame = 258
    private static let samplesPerToken = 16_000 / 25

    var lastQuestion: String? { turns.last { $0.role == "user" }?.text }
    var lastAnswer: String? { turns.last { $0.role == "model" }?.text }

    mutating func add(role: String, text: String) {
        guard !text.isEmpty else { return }
        turns.append(Turn(role: role, text: text))
        textTokens += Self.tokens(in: text)
    }

    mutating func addSound(samples: Int) { audioTokens += samples / Self.samplesPerToken }

    mutating func addFrame() {
        videoFrames += 1
        videoTokens += Self.tokensPerFrame
    }

    static func tokens(in text: String) -> Int { (text.utf8.count + 3) / 4 }

    /// `usageMetadata` of one response.
    /// - Parameters:
    ///   - responseMilliseconds: sound that the response held.
    ///   - responseText: its words: the answer itself when `isSpoken` is false, else its transcript.
    func usage(responseMilliseconds: Int, responseText: String, isSpoken: Bool) -> JSON {
        let prompt = textTokens + audioTokens + videoTokens
        let spoken = responseMilliseconds / 40
        let written = Self.tokens(in: responseText)
        let response = isSpoken ? spoken : written
        let counted = [("TEXT", textTokens), ("AUDIO", audioTokens), ("VIDEO", videoTokens)].filter { $0.1 > 0 }
        return [
            "promptTokenCount": .number(Double(prompt)),
            "responseTokenCount": .number(Double(response)),
            "totalTokenCount": .number(Double(prompt + response)),
            "promptTokensDetails": .array(counted.map { Self.detail($0.0, $0.1) }),
            "responseTokensDetails": [Self.detail(isSpoken ? "AUDIO" : "TEXT", response)],
        ]
    }

    private static func detail(_ modality: String, _ count: Int) -> JSON {
        ["modality": .string(modality), "tokenCount": .number(Double(count))]
    }
}
