import Testing

@testable import Rehearsal

@Suite("Client messages", .timeLimit(.minutes(5)))
struct WireTests {
    private func decode(_ text: String) throws(Refusal) -> ClientMessage {
        try WireDecoder.decode(Array(text.utf8))
    }

    @Test(
        "both casings and both base64 alphabets mean the same, padded or not",
        arguments: [
            #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=24000","data":"+//+AQ=="}}}"#,
            #"{"realtime_input":{"audio":{"data":"-__-AQ==","mime_type":"audio/pcm; rate=24000"}}}"#,
            #"{"realtime_input":{"audio":{"data":"-__-AQ","mimeType":"AUDIO/PCM;rate=24000"}}}"#,
            #"{"realtimeInput":{"mediaChunks":[{"data":"+//+AQ","mime_type":"audio/pcm;rate=24000"},{}]}}"#,
        ])
    func casing(text: String) throws {
        let message = try decode(text)
        #expect(message == .audio(ClientMessage.PCM(samples: [-5, 510], rate: 24_000)))
    }

    @Test("without a rate, sound has 16,000 samples a second")
    func defaultRate() throws {
        let message = try decode(#"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"AAE="}}}"#)
        #expect(message == .audio(ClientMessage.PCM(samples: [256], rate: 16_000)))
    }

    @Test(
        "what the real service refuses with 1007 is refused with 1007",
        arguments: [
            "", "{", "[]", "null", "{}", #"{"unheardOf":{}}"#, #"{"setup":{"model":"models/x"},"clientContent":{}}"#,
            #"{"realtimeInput":{}}"#, #"{"realtimeInput":{"text":"a","activityEnd":{}}}"#,
            #"{"realtimeInput":{"turnComplete":true}}"#, #"{"realtimeInput":{"audioStreamEnd":false}}"#,
            #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"A"}}}"#,
            #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"A*=="}}}"#,
            #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"AAEC"}}}"#,
            #"{"realtimeInput":{"audio":{"mimeType":"audio/wav","data":"AAE="}}}"#,
            #"{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=7","data":"AAE="}}}"#,
            #"{"realtimeInput":{"video":{"mimeType":"audio/pcm","data":"AAE="}}}"#,
            #"{"clientContent":{"turns":[{"role":"system","parts":[{"text":"x"}]}]}}"#,
            #"{"clientContent":{"turns":[{"parts":[{"functionResponse":{}}]}]}}"#,
            #"{"toolResponse":{"functionResponses":[{"id":"1","response":"bare"}]}}"#,
            #"{"toolResponse":{}}"#, #"{"setup":{}}"#, #"{"setup":{"model":7}}"#,
            #"{"setup":{"model":"models/gemini-3.8-live","systemInstruction":"bare"}}"#,
            #"{"setup":{"model":"models/gemini-3.8-live","tools":[{"functionDeclarations":[{"name":"a b"}]}]}}"#,
            #"{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"stopSequences":["x"]}}}"#,
        ])
    func refuses(text: String) {
        let error = #expect(throws: Refusal.self) { try decode(text) }
        #expect(error?.code == 1007)
    }

    @Test("a refusal names the member as the protocol spells it")
    func namesTheMember() {
        let error = #expect(throws: Refusal.self) {
            try decode(#"{"setup":{"model":"models/x","generationConfig":{"voice":"Puck"}}}"#)
        }
        let words = #"Unknown name "voice" at 'setup.generation_config': Cannot find field."#
        #expect(error?.reason.hasSuffix(words) == true)
    }

    @Test("hostile texts are refused, not crashed upon: 100,000 brackets, half a surrogate, invalid UTF-8, any cut")
    func hostile() {
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: Refusal.self) { try WireDecoder.decode(brackets) }
        #expect(throws: Refusal.self) { try decode(#"{"realtimeInput":{"text":"\ud800"}}"#) }
        #expect(throws: Refusal.self) {
            try WireDecoder.decode(Array(#"{"a":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8))
        }
        let whole = Array(#"{"clientContent":{"turns":[{"parts":[{"text":"a\u00e9\n"}]}],"turnComplete":true}}"#.utf8)
        for end in 0..<whole.count { #expect(throws: Refusal.self) { try WireDecoder.decode(Array(whole[..<end])) } }
        #expect(throws: Never.self) { try WireDecoder.decode(whole) }
    }

    @Test("what the writer writes the reader reads, plain and pretty")
    func roundTrip() throws {
        let value: JSON = [
            "text": "a \"quoted\" \\ line\n\u{1}é🎉", "numbers": [0, -1.5, 9_007_199_254_740_991],
            "flags": [true, .null],
            "empty": [:], "none": [],
        ]
        #expect(try JSONReader.read(JSONWriter.write(value)) == value)
        #expect(try JSONReader.read(JSONWriter.write(value, pretty: true)) == value)
    }

    @Test("base64 comes back whole at every length", arguments: 0..<12)
    func base64(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 200) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}

@Suite("Setups and models", .timeLimit(.minutes(5)))
struct SetupTests {
    enum Verdict: Equatable {
        case accepted
        case neverAnswered
        case closed(UInt16)
    }

    private func verdict(_ members: String, model: String, version: String = "v1beta") -> Verdict {
        do throws(Refusal) {
            let text = #"{"setup":{"model":"models/\#(model)"\#(members.isEmpty ? "" : ","+members)}}"#
            guard case .setup(let setup) = try WireDecoder.decode(Array(text.utf8)) else { return .closed(0) }
            return try setup.check(version: version) == nil ? .neverAnswered : .accepted
        } catch {
            return .closed(error.code)
        }
    }

    static let newest = "gemini-3.8-live"
    static let older = "gemini-3.1-flash-live-preview"
    static let native = "gemini-2.5-flash-native-audio-preview-12-2025"
    static let robotics = "gemini-robotics-er-2-streaming-preview"

    @Test(
        "each model takes what its own page says, and nothing else",
        arguments: [
            (newest, "", Verdict.accepted), ("no-such-model", "", .closed(1008)),
            (newest, #""generationConfig":{"responseModalities":["TEXT"]}"#, .closed(1007)),
            (newest, #""generationConfig":{"responseModalities":["AUDIO","TEXT"]}"#, .closed(1007)),
            (newest, #""generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}"#, .closed(1007)),
            (older, #""generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}"#, .accepted),
            (older, #""generationConfig":{"thinkingConfig":{"thinkingBudget":0}}"#, .closed(1007)),
            (native, #""generationConfig":{"thinkingConfig":{"thinkingBudget":"0"}}"#, .accepted),
            (newest, #""proactivity":{"proactiveAudio":false}"#, .closed(1007)),
            (newest, #""proactivity":{"proactiveAudio":true}"#, .accepted),
            (newest, #""generationConfig":{"enableAffectiveDialog":true}"#, .closed(1007)),
            (older, #""proactivity":{"proactiveAudio":true}"#, .neverAnswered),
            (older, #""generationConfig":{"enableAffectiveDialog":true}"#, .neverAnswered),
            (native, #""proactivity":{"proactiveAudio":true}"#, .closed(1007)),
            (newest, #""tools":[{"codeExecution":{}}]"#, .closed(1007)),
            (newest, #""tools":[{"googleSearch":{}}]"#, .accepted),
            (newest, #""tools":[{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"}]}]"#, .accepted),
            (
                "gemini-3.8-live-extended-thinking",
                #""tools":[{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"}]}]"#, .closed(1007)
            ),
            (robotics, #""generation_config":{"response_modalities":["TEXT"]}"#, .accepted),
            (robotics, "", .closed(1007)),
            (
                newest, #""contextWindowCompression":{"triggerTokens":"25600","slidingWindow":{"targetTokens":12800}}"#,
                .accepted
            ),
            (newest, #""contextWindowCompression":{"triggerTokens":"many"}"#, .closed(1007)),
        ])
    func models(model: String, members: String, expected: Verdict) {
        #expect(verdict(members, model: model) == expected)
    }

    @Test("2.5 knows proactivity on v1alpha")
    func alpha() {
        #expect(verdict(#""proactivity":{"proactiveAudio":true}"#, model: Self.native, version: "v1alpha") == .accepted)
    }
}
