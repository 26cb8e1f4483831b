import LiveProtocol

/// Runs cases by number: each depends on the seed and its number only, so a failing one can be run alone.
package struct Fuzzer: Sendable {
    /// What a case found wrong, with all that it takes to see it again.
    package struct Failure: Error, CustomStringConvertible {
        package var seed: UInt64
        package var number: Int
        package var problem: String
        package var message: [UInt8]

        package var description: String {
            "seed \(seed), case \(number): \(problem)\n\(String(decoding: message.prefix(4000), as: UTF8.self))"
        }
    }

    package let seed: UInt64
    private let dialect = GeminiDialect()

    package init(seed: UInt64) { self.seed = seed }

    /// Runs one case: of every twenty, six are valid messages, nine damaged ones, three JSON of our own names in the
    /// wrong places, and two voice packets that go out and come back.
    package func run(_ number: Int) throws(Failure) {
        var random = SeededGenerator(seed: seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
        switch number % 20 {
        case 0..<6: try checkValid(number, random)
        case 6..<15:
            var generator = MessageGenerator(random)
            var message = generator.next().bytes
            _ = random.next()
            Mutation.apply(to: &message, &random)
            try checkAny(number, message)
        case 15..<18: try checkStructured(number, &random)
        default: try checkVoice(number, &random)
        }
    }

    /// Messages made to break a reader: each must fail or pass in time linear in its length.
    ///
    /// - Parameter long: bytes of the longest strings among them.
    package static func hostileMessages(long: Int = 20_000_000) -> [[UInt8]] {
        func repeated(_ text: String, _ count: Int) -> [UInt8] { Array(String(repeating: text, count: count).utf8) }
        func speech(_ data: [UInt8]) -> [UInt8] {
            let head = #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":""#
            return Array(head.utf8) + data + Array(#""}}]},"turnComplete":true}}"#.utf8)
        }
        return [
            repeated("[", 100_000), repeated("{\"a\":", 100_000), repeated("{\"serverContent\":", 100_000),
            repeated("[]", 100_000), Array(#"{"a":"#.utf8) + repeated("[", 100_000) + repeated("]", 100_000) + [0x7D],
            Array(#"{"a":["#.utf8) + repeated("[],", 100_000) + Array("[]]}".utf8),
            Array(#"{"a":""#.utf8) + [UInt8](repeating: 0x61, count: long) + Array(#""}"#.utf8),
            Array(#"{"a":""#.utf8) + [UInt8](repeating: 0xFF, count: long / 20) + Array(#""}"#.utf8),
            Array(#"{"a":""#.utf8) + repeated("\\ud800", long / 20) + Array(#""}"#.utf8),
            Array(#"{"a":""#.utf8) + repeated("\\", long / 20 + 1),
            Array(#"{"a":"#.utf8) + repeated("1", long / 20) + [0x7D],
            Array(#"{"a":1e"#.utf8) + repeated("9", long / 20) + [0x7D], speech([UInt8](repeating: 0x41, count: long)),
            speech([UInt8](repeating: 0x41, count: long) + [0x21]), speech(repeated("\\/", long / 20)),
            speech([0x3D, 0x3D]),
            speech([0x41]), speech([0x41, 0x41]), speech([0x41, 0x41, 0x41]), speech([0x41, 0x41, 0x41, 0x41]),
            speech([0x00]), speech([0x80, 0xFF, 0xC3]), [], [0xEF, 0xBB, 0xBF], [0xEF, 0xBB], [0],
            repeated(" ", long / 20),
            repeated(#"{"goAway":{}}"#, 2), Array(#"{"":{}}"#.utf8), Array(#"{"a":-}"#.utf8), Array(#"{"a":NaN}"#.utf8),
        ]
    }

    /// Runs every hostile message. - Returns: how many there are.
    @discardableResult
    package func runHostile(long: Int = 20_000_000) throws(Failure) -> Int {
        let messages = Self.hostileMessages(long: long)
        for (index, message) in messages.enumerated() { try checkAny(-1 - index, message) }
        return messages.count
    }

    /// Checks what holds for every message, whoever made it: for a fuzzer's, and for those that one found.
    package static func check(_ message: [UInt8]) throws(Failure) { try Fuzzer(seed: 0).checkAny(0, message) }
}

// MARK: - Checks

extension Fuzzer {
    private struct Outcome {
        var events: [LiveEvent] = []
        var record: CheckingSink.Record
        var failure: DecodingFailure?
    }

    /// Decodes, and checks what holds for every message whatever it is.
    private func decode(_ number: Int, _ message: [UInt8]) throws(Failure) -> Outcome {
        let sink = CheckingSink()
        var events: [LiveEvent] = []
        var failure: DecodingFailure?
        do { try dialect.decode(message.span, speech: sink, events: &events) } catch { failure = error }
        let record = sink.record
        func require(_ holds: Bool, _ problem: @autoclosure () -> String) throws(Failure) {
            if !holds { throw Failure(seed: seed, number: number, problem: problem(), message: message) }
        }
        try require(record.misuse == nil, record.misuse ?? "")
        var samples = 0
        var rank = 0
        var has = (interrupted: false, end: false)
        for event in events {
            try require(event.rank >= rank, "\(event) comes too late")
            rank = event.rank
            if case .speech(let count) = event {
                try require(count > 0 && samples == 0, "speech announced twice, or without samples")
                samples = count
            }
            if event == .interrupted { has.interrupted = true }
            if event.endsSpeech { has.end = true }
        }
        try require(samples == record.samples.count, "\(samples) samples announced, \(record.samples.count) given")
        try require(has.interrupted == record.wasInterrupted, "event and sink differ on the interruption")
        try require(has.end == record.hasEnded, "event and sink differ on the end of speech")
        try require(failure?.offset.map { 0...message.count ~= $0 } ?? true, "failure outside the message")
        return Outcome(events: events, record: record, failure: failure)
    }

    private func checkValid(_ number: Int, _ random: SeededGenerator) throws(Failure) {
        var generator = MessageGenerator(random)
        let expected = generator.next()
        let outcome = try decode(number, expected.bytes)
        let transcripts = outcome.events.compactMap { event -> String? in
            if case .transcription(let transcription) = event { transcription.text } else { nil }
        }
        let agrees =
            outcome.failure == nil && outcome.record.samples == (expected.isInterrupted ? [] : expected.samples)
            && outcome.record.wasInterrupted == expected.isInterrupted && transcripts == expected.transcripts
            && outcome.events.contains(.generationCompleted) == expected.isGenerationComplete
            && outcome.events.contains(.turnCompleted(reason: nil)) == expected.isTurnComplete
        guard agrees else {
            throw Failure(
                seed: seed, number: number, problem: "a valid message was read as \(outcome)", message: expected.bytes)
        }
    }

    /// A message that may be anything: it is dropped whole when it is no JSON object, and only then.
    private func checkAny(_ number: Int, _ message: [UInt8]) throws(Failure) {
        let outcome = try decode(number, message)
        var isObject = false
        if let value = try? JSONValue(parsing: message.span) {
            isObject = value.asObject != nil
            // Numbers may come back as others spell them, and damaged text repaired; a second time nothing changes.
            let text = value.serialized()
            guard let readBack = try? JSONValue(parsing: text.span), readBack.serialized() == text else {
                throw Failure(seed: seed, number: number, problem: "written and read, it differs", message: message)
            }
        }
        let isUntouched =
            outcome.events.isEmpty && outcome.record.samples.isEmpty && !outcome.record.wasInterrupted
            && !outcome.record.hasEnded
        guard isObject || (outcome.failure != nil && isUntouched) else {
            throw Failure(seed: seed, number: number, problem: "something came of no JSON object", message: message)
        }
        guard !isObject || outcome.failure?.isAboutMedia ?? true else {
            throw Failure(seed: seed, number: number, problem: "a JSON object was dropped", message: message)
        }
    }

    private func checkStructured(_ number: Int, _ random: inout SeededGenerator) throws(Failure) {
        let value = JSONValue.object([.init("serverContent", misplaced(&random, depth: 6)), randomMember(&random, 4)])
        let message = value.serialized()
        let outcome = try decode(number, message)
        let readBack = try? JSONValue(parsing: message.span)
        guard readBack == value, outcome.failure?.isAboutMedia ?? true else {
            throw Failure(seed: seed, number: number, problem: "read back as \(outcome)", message: message)
        }
    }

    private func checkVoice(_ number: Int, _ random: inout SeededGenerator) throws(Failure) {
        let count = random.once(in: 50) ? random.below(2000) : random.below(60)
        let samples = (0..<count).map { _ in Int16(truncatingIfNeeded: random.next()) }
        let seam = random.below(count + 1)
        var frame: [UInt8] = []
        let voice = samples.span
        dialect.appendVoice(voice.extracting(first: seam), voice.extracting(droppingFirst: seam), to: &frame)
        let message = try? JSONValue(parsing: frame.span)
        guard let data = message?["realtimeInput"]?["audio"]?["data"]?.asString else {
            throw Failure(seed: seed, number: number, problem: "voice is no message", message: frame)
        }
        let answer = JSONValue.object([
            .init(
                "serverContent",
                ["modelTurn": ["parts": [["inlineData": ["mimeType": "audio/pcm;rate=16000", "data": .string(data)]]]]])
        ])
        let outcome = try decode(number, answer.serialized())
        guard outcome.failure == nil, outcome.record.samples == samples else {
            throw Failure(seed: seed, number: number, problem: "voice came back changed", message: frame)
        }
        try checkDamagedSpeech(number, &random, samples: samples, data: data)
    }

    /// One character that is no base64: the samples before it are delivered, and it is reported.
    private func checkDamagedSpeech(
        _ number: Int, _ random: inout SeededGenerator, samples: [Int16], data: String
    ) throws(Failure) {
        guard !samples.isEmpty else { return }
        var text = Array(data.utf8)
        let offset = random.below(samples.count * 8 / 3)  // before any padding
        text[offset] = random.pick([0x20, 0x21, 0x2A, 0x3A, 0x40, 0x5B, 0x60, 0x7B, 0x80, 0xFF])
        let head = Array(#"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":""#.utf8)
        let message = head + text + Array(#"","mimeType":"audio/pcm"}}]}}}"#.utf8)
        let outcome = try decode(number, message)
        guard outcome.failure?.offset == head.count + offset,
            outcome.record.samples == Array(samples.prefix(offset * 6 / 16))
        else {
            throw Failure(seed: seed, number: number, problem: "damage was read as \(outcome)", message: message)
        }
    }

    /// JSON of the protocol's own names, in places where they do not belong.
    private func misplaced(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch random.below(depth > 0 ? 9 : 5) {
        case 0: random.pick([.integer(0), .integer(.min), .number(0.5), .number(1e300), .null])
        case 1: .bool(random.once(in: 2))
        case 2...4:
            .string(random.pick(["", "AAAA", "AA==", "!", "audio/pcm", "audio/pcm;rate=1", "50s", "IDLE", "é"]))
        case 5: .array((0..<random.below(4)).map { _ in misplaced(&random, depth: depth - 1) })
        default: .object((0..<random.below(5)).map { _ in randomMember(&random, depth - 1) })
        }
    }

    private func randomMember(_ random: inout SeededGenerator, _ depth: Int) -> JSONValue.Member {
        JSONValue.Member(random.pick(Self.names), misplaced(&random, depth: depth))
    }

    private static let names = [
        "serverContent", "modelTurn", "parts", "inlineData", "mimeType", "data", "text", "thought", "interrupted",
        "turnComplete", "generationComplete", "turnCompleteReason", "inputTranscription", "outputTranscription",
        "interimInputTranscription", "finished", "words", "startOffset", "groundingMetadata", "interactionStatus",
        "toolCall", "functionCalls", "toolCallCancellation", "ids", "name", "args", "id", "usageMetadata",
        "totalTokenCount", "promptTokensDetails", "modality", "tokenCount", "goAway", "timeLeft",
        "sessionResumptionUpdate", "newHandle", "resumable", "voiceActivity", "type", "audioOffset", "error", "code",
        "message", "setupComplete", "sessionId", "executableCode", "codeExecutionResult", "functionCall", "fileData",
        "waitingForInput", "speechState", "brandNew", "",
    ]
}

extension DecodingFailure {
    /// Damage that leaves the rest of a message standing.
    fileprivate var isAboutMedia: Bool { problem.contains("base64") || problem.contains("half a sample") }
}

extension LiveEvent {
    /// Where the event stands in a message (`GeminiDialect.decode`).
    fileprivate var rank: Int {
        switch self {
        case .setupCompleted: 0
        case .interrupted: 1
        case .toolCallsCancelled: 2
        case .speech: 3
        case .transcription, .text, .blob, .file, .code, .codeResult, .grounding, .urlContext, .waitingForInput,
            .speechState, .toolCallMentioned, .voiceActivity, .unknown:
            4
        case .toolCalled: 5
        case .generationCompleted: 6
        case .usage: 7
        case .interactionStatus: 8
        case .turnCompleted: 9
        case .resumption: 10
        case .goAway: 11
        case .serviceError: 12
        }
    }

    fileprivate var endsSpeech: Bool {
        switch self {
        case .generationCompleted, .turnCompleted: true
        default: false
        }
    }
}
