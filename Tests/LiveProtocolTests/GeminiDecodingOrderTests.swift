import LiveProtocol
import LiveProtocolFuzzing
import Testing

@Suite("Order and damage in one message", .timeLimit(.minutes(5)))
struct GeminiDecodingOrderTests {
    private static let audio =
        #""modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AQA="}}]}"#

    @Test(
        "interrupted stops the sink first and drops its own message's speech, wherever it stands (rule 5, pitfall 28)")
    func interruption() {
        for message in [
            #"{"serverContent":{"interrupted":true,\#(Self.audio)}}"#,
            #"{"serverContent":{\#(Self.audio),"interrupted":true}}"#,
            #"{"serverContent":{\#(Self.audio)},"serverContent":{"interrupted":true}}"#,
        ] {
            let decoded = decode(message)
            #expect(decoded.calls == [.interrupt])
            #expect(decoded.events == [.interrupted])
        }
    }

    @Test("everything in a message is handled, in one order, whatever the order of its members (pitfall 28)")
    func everything() {
        let members = [
            #""turnComplete":true"#, #""generationComplete":true"#, Self.audio,
            #""outputTranscription":{"text":"hi"}"#,
        ]
        let siblings = [
            #""sessionResumptionUpdate":{"newHandle":"h","resumable":true}"#, #""goAway":{"timeLeft":"9s"}"#,
            #""usageMetadata":{"totalTokenCount":9}"#, #""toolCall":{"functionCalls":[{"id":"1","name":"f"}]}"#,
            #""toolCallCancellation":{"ids":["0"]}"#, #""interactionStatus":"IDLE""#, #""error":"e""#,
            #""setupComplete":{}"#,
        ]
        var usage = Usage()
        usage.total = 9
        let expected: [LiveEvent] = [
            .setupCompleted(sessionID: nil), .toolCallsCancelled(ids: ["0"]), .speech(samples: 1),
            .transcription(Transcription(speaker: .model, text: "hi")),
            .toolCalled([ToolCall(id: "1", name: "f", arguments: [:])]), .generationCompleted, .usage(usage),
            .interactionStatus(.idle), .turnCompleted(reason: nil),
            .resumption(handle: "h", isResumable: true, lastConsumedMessage: nil),
            .goAway(timeLeft: .seconds(9)), .serviceError(code: nil, message: "e"),
        ]
        var random = SeededGenerator(seed: 28)
        for _ in 0..<200 {
            let content = #""serverContent":{\#(members.shuffled(using: &random).joined(separator: ","))}"#
            let message = "{\((siblings + [content]).shuffled(using: &random).joined(separator: " , "))}"
            let decoded = decode(message)
            #expect(decoded.failure == nil)
            #expect(decoded.events == expected, "\(message)")
            #expect(decoded.calls == [.append([1], rate: 24_000), .endOfSpeech])
        }
    }

    @Test("an interruption comes before cancellations and content")
    func interruptionAmongOthers() {
        #expect(
            events(
                of:
                    #"{"serverContent":{"outputTranscription":{"text":"a"},"turnComplete":true,"interrupted":true},"toolCallCancellation":{"ids":["1"]}}"#
            ) == [
                .interrupted, .toolCallsCancelled(ids: ["1"]),
                .transcription(Transcription(speaker: .model, text: "a")),
                .turnCompleted(reason: nil),
            ])
    }

    @Test("events that were there before stay, in front")
    func appends() throws {
        var events: [LiveEvent] = [.generationCompleted]
        try GeminiDialect().decode(
            Array(#"{"serverContent":{\#(Self.audio),"interrupted":true}}"#.utf8).span, speech: RecordingSink(),
            events: &events)
        #expect(events == [.generationCompleted, .interrupted])
        #expect(throws: DecodingFailure.self) {
            try GeminiDialect().decode(
                Array(#"{"toolCallCancellation":{"ids":["1"]},"brandNew":1"#.utf8).span, speech: RecordingSink(),
                events: &events)
        }
        #expect(events == [.generationCompleted, .interrupted])
    }

    @Test("many parts of speech in one message are one event and reach the sink in order")
    func manyParts() {
        let parts = (0..<20).map { #"{"inlineData":{"mimeType":"audio/pcm","data":"\#(["AQA=", "AgA="][$0 % 2])"}}"# }
        let decoded = decode(#"{"serverContent":{"modelTurn":{"parts":[\#(parts.joined(separator: ","))]}}}"#)
        #expect(decoded.events == [.speech(samples: 20)])
        #expect(decoded.samples == (0..<20).map { Int16($0 % 2 + 1) })
    }

    @Test("speech that a message holds under further names is played once (pitfall 45)")
    func aliases() {
        let blob = #"{"mimeType":"audio/pcm","data":"AQA="}"#
        let part = #"{"inlineData":\#(blob),"inline_data":\#(blob),"audio":\#(blob),"data":"AQA="}"#
        let decoded = decode(
            #"{"data":"AQA=","audio":\#(blob),"serverContent":{"data":"AQA=","modelTurn":{"data":"AQA=","parts":[\#(part)]}}}"#
        )
        #expect(decoded.failure == nil)
        #expect(decoded.calls == [.append([1], rate: 24_000)])
        #expect(decoded.events.filter { $0 == .speech(samples: 1) }.count == 1)
        #expect(!decoded.events.contains { if case .blob = $0 { true } else { false } })
    }

    @Test("damaged speech is played up to the damage, reported, and costs nothing else")
    func damage() {
        for (data, samples, offset) in [
            ("AQAC!AMA", [Int16(1)], 4), ("AQACAAMABAAFAAYA*", [1, 2, 3, 4, 5, 6], 16), ("AQACA", [1], 5),
            ("A===", [], 1),
        ] {
            let prefix = #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":""#
            let decoded = decode(prefix + data + #""}}]},"outputTranscription":{"text":"b"},"turnComplete":true}}"#)
            #expect(decoded.failure?.offset == prefix.utf8.count + offset)
            #expect(decoded.samples == samples)
            #expect(decoded.events.contains(.transcription(Transcription(speaker: .model, text: "b"))))
            #expect(decoded.events.last == .turnCompleted(reason: nil))
            #expect(decoded.calls.last == .endOfSpeech)
        }
    }

    @Test("half a sample is dropped and reported")
    func oddByte() {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AQAC"}}]}}}"#)
        #expect(decoded.samples == [1])
        #expect(decoded.events == [.speech(samples: 1)])
        #expect(decoded.failure?.problem.contains("half a sample") == true)
    }

    @Test("damaged media that is not speech is reported, and the rest delivered")
    func damagedBlob() {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"image/png","data":"?"}},{"text":"a"}]}}}"#
        )
        #expect(decoded.events == [.text("a", isThought: false)])
        #expect(decoded.failure != nil)
    }

    @Test(
        "a message that is not JSON delivers nothing at all",
        arguments: [
            "", " ", "[]", "7", "\"text\"", "{", #"{"serverContent""#, #"{"serverContent":{"interrupted":true}"#,
            #"{"serverContent":{"interrupted":true}}x"#, #"{"serverContent":{"interrupted":tru}}"#,
            #"{"serverContent":{"interrupted":true,}}"#, #"{,"a":1}"#, #"{"a" 1}"#, #"{"a":NaN}"#, #"{"a":-}"#,
            #"{"a":1.}"#, #"{"a":1e}"#, #"{"a":[1 2]}"#, #"{"a":"open}"#, #"{"a":"open\"#, #"{"a":]}"#, "{\"a\":1}\0",
        ])
    func malformed(message: String) {
        let decoded = decode(message)
        #expect(decoded.failure != nil)
        #expect(decoded.events.isEmpty)
        #expect(decoded.calls.isEmpty)
    }

    @Test("a hundred thousand brackets are a failure, not a crash")
    func deepNesting() {
        for message in [
            String(repeating: "[", count: 100_000), #"{"a":"# + String(repeating: "[", count: 100_000),
            String(repeating: #"{"serverContent":"#, count: 100_000),
            #"{"serverContent":{"modelTurn":{"parts":"# + String(repeating: "[", count: 100_000),
            #"{"serverContent":{"modelTurn":{"role":"# + String(repeating: #"{"a":["#, count: 100_000),
        ] {
            let decoded = decode(message)
            #expect(decoded.failure != nil)
            #expect(decoded.events.isEmpty)
        }
    }

    @Test("nesting up to the limit is read, one more level is not")
    func nestingLimit() {
        func nested(_ levels: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        #expect(decode(nested(63)).failure == nil)
        #expect(decode(nested(64)).failure != nil)
    }

    @Test("a byte order mark and any whitespace are skipped")
    func whitespace() {
        #expect(decode([0xEF, 0xBB, 0xBF] + Array(#"{"setupComplete":{}}"#.utf8)).events.count == 1)
        #expect(events(of: "\r\n\t { \"setupComplete\" : { \r } \t } \n").count == 1)
    }

    @Test("escapes inside names, types and base64 are understood")
    func escapes() {
        let decoded = decode(
            #"{"server\u0043ontent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio\/pcm;rate\u003d16000","data":"\/\/8B\u0041A\u003d="}}]}}}"#
        )
        #expect(decoded.failure == nil)
        #expect(decoded.calls == [.append([-1, 1], rate: 16_000)])
    }

    @Test("text comes through whole: pairs of surrogates, and lone ones and bad UTF-8 repaired")
    func strings() {
        #expect(
            events(of: #"{"serverContent":{"outputTranscription":{"text":"\ud83d\ude00 \u00e9\n\"\\\/\b\f\t\r"}}}"#)
                == [
                    .transcription(Transcription(speaker: .model, text: "😀 é\n\"\\/\u{8}\u{C}\t\r"))
                ])
        #expect(
            events(
                of: #"{"serverContent":{"outputTranscription":{"text":"\ud83d \ude00 \ud83dx \ud83d\u0041 \uZZZZ"}}}"#)
                == [
                    .transcription(
                        Transcription(
                            speaker: .model, text: "\u{FFFD} \u{FFFD} \u{FFFD}x \u{FFFD}A \u{FFFD}ZZZZ"))
                ])
        let bad =
            Array(#"{"serverContent":{"outputTranscription":{"text":"a"#.utf8) + [0xFF, 0xC3] + Array(#""}}}"#.utf8)
        #expect(decode(bad).events == [.transcription(Transcription(speaker: .model, text: "a\u{FFFD}\u{FFFD}"))])
    }

    @Test("of members given twice the last one counts, and both events of them stand")
    func duplicates() {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"!!","mimeType":"audio/pcm","data":"AQA=","mimeType":"audio/pcm;rate=8000"}}]}},"goAway":{"timeLeft":"1s","timeLeft":"2s"},"goAway":{"timeLeft":"3s"}}"#
        )
        #expect(decoded.failure == nil)
        #expect(decoded.calls == [.append([1], rate: 8000)])
        #expect(decoded.events == [.speech(samples: 1), .goAway(timeLeft: .seconds(3))])
    }

    @Test("a message of twenty megabytes in one string is read")
    func huge() {
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: 20_000_000)
        let decoded = decode(Array(#"{"thing":""#.utf8) + text + Array(#"","setupComplete":{}}"#.utf8))
        #expect(decoded.failure == nil)
        #expect(decoded.events.count == 2)
    }
}
