import LiveProtocol
import Testing

/// Messages as the service writes them, byte for byte, one kind at a time.
@Suite("Decoding messages of the service", .timeLimit(.minutes(5)))
struct GeminiDecodingTests {
    @Test("setupComplete opens the session, with or without an id, pretty-printed or not")
    func setupComplete() {
        #expect(events(of: "{\n  \"setupComplete\": {}\n}\n") == [.setupCompleted(sessionID: nil)])
        #expect(events(of: #"{"setupComplete":{"sessionId":"s-1"}}"#) == [.setupCompleted(sessionID: "s-1")])
        #expect(
            events(of: #"{"setupComplete":{"sessionId":"s","voiceConsentSignature":{"signature":"x"}}}"#) == [
                .setupCompleted(sessionID: "s"),
                .unknown(path: "setupComplete.voiceConsentSignature", value: ["signature": "x"]),
            ])
    }

    @Test("speech goes to the sink with the rate its type names, and the event counts it")
    func speech() {
        let decoded = decode(
            """
            {
              "serverContent": {
                "modelTurn": {
                  "parts": [
                    {
                      "inlineData": {
                        "mimeType": "audio/pcm;rate=24000",
                        "data": "AQD//wCA/38="
                      }
                    }
                  ]
                }
              }
            }

            """)
        #expect(decoded.failure == nil)
        #expect(decoded.calls == [.append([1, -1, -32768, 32767], rate: 24_000)])
        #expect(decoded.events == [.speech(samples: 4)])
    }

    @Test(
        "the rate of speech is read from its type, and is 24,000 when there is none",
        arguments: [
            ("audio/pcm", 24_000), ("audio/pcm;rate=16000", 16_000), ("audio/pcm; rate=48000", 48_000),
            ("AUDIO/PCM;Rate=8000", 8_000), ("audio/pcm;channels=1;rate=22050", 22_050),
            (#"audio/pcm;rate=\"44100\""#, 44_100), (#"audio\/pcm;rate=16000"#, 16_000),
            ("audio/pcm;rate=", 24_000), ("audio/pcm;rate=0", 24_000), ("audio/pcm;rate=99999999999999999999", 24_000),
        ])
    func rates(mimeType: String, rate: Int) {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"\#(mimeType)","data":"AQA="}}]}}}"#)
        #expect(decoded.calls == [.append([1], rate: rate)])
    }

    @Test(
        "sound that is not raw PCM, and everything else inline, is a blob and never played",
        arguments: ["audio/pcmu", "audio/opus", "video/mp4", "image/png", "audio/pc"])
    func blobs(mimeType: String) {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"\#(mimeType)","data":"AQID"}}]}}}"#)
        #expect(decoded.calls.isEmpty)
        #expect(decoded.events == [.blob(mimeType: mimeType, bytes: [1, 2, 3])])
    }

    @Test("data without a type is a blob, and data may come before its type")
    func memberOrder() {
        #expect(
            events(of: #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"AQID"}}]}}}"#)
                == [.blob(mimeType: "application/octet-stream", bytes: [1, 2, 3])])
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"AQA=","mimeType":"audio/pcm"}}],"role":"model"}}}"#
        )
        #expect(decoded.calls == [.append([1], rate: 24_000)])
    }

    @Test("the flags of a turn become events, and end the speech")
    func flags() {
        #expect(events(of: #"{"serverContent":{"generationComplete":true}}"#) == [.generationCompleted])
        #expect(events(of: #"{"serverContent":{"turnComplete":true}}"#) == [.turnCompleted(reason: nil)])
        #expect(decode(#"{"serverContent":{"generationComplete":true}}"#).calls == [.endOfSpeech])
        #expect(decode(#"{"serverContent":{"turnComplete":true}}"#).calls == [.endOfSpeech])
        #expect(decode(#"{"serverContent":{"interrupted":true}}"#).calls == [.interrupt])
        #expect(
            events(of: #"{"serverContent":{"turnComplete":true,"turnCompleteReason":"RESPONSE_REJECTED"}}"#)
                == [.turnCompleted(reason: TurnCompletion(name: "RESPONSE_REJECTED"))])
        #expect(events(of: #"{"serverContent":{"waitingForInput":true}}"#) == [.waitingForInput(true)])
        #expect(events(of: #"{"serverContent":{"interrupted":false,"turnComplete":false}}"#).isEmpty)
    }

    @Test("an empty serverContent is nothing, and so are members of null")
    func nothing() {
        #expect(events(of: #"{"serverContent":{}}"#).isEmpty)
        #expect(events(of: "{}").isEmpty)
        #expect(events(of: #"{"serverContent":null,"usageMetadata":null,"goAway":null}"#).isEmpty)
        #expect(events(of: #"{"serverContent":{"modelTurn":{"parts":[{}],"role":null},"interrupted":null}}"#).isEmpty)
    }

    @Test("transcripts carry their speaker, and an interim one says so")
    func transcripts() {
        #expect(
            events(of: #"{"serverContent":{"inputTranscription":{"text":"turn the "}}}"#)
                == [.transcription(Transcription(speaker: .user, text: "turn the "))])
        #expect(
            events(of: #"{"serverContent":{"outputTranscription":{"text":" It is on.","finished":true}}}"#) == [
                .transcription(
                    Transcription(speaker: .model, text: " It is on.").with { $0.isFinished = true })
            ])
        #expect(
            events(of: #"{"serverContent":{"interimInputTranscription":{"text":"turn"}}}"#) == [
                .transcription(Transcription(speaker: .user, text: "turn").with { $0.isInterim = true })
            ])
        let full = #"""
            {"serverContent":{"inputTranscription":{"text":"hi there","languageCode":"en-US","speakerLabel":"A",
            "startOffset":"0.360s","endOffset":"1.5s","words":[{"word":"hi","startOffset":"0.360s","endOffset":"0.5s"},
            {"word":"there","startOffset":"1s"}]}}}
            """#
        #expect(
            events(of: full) == [
                .transcription(
                    Transcription(speaker: .user, text: "hi there").with {
                        $0.language = "en-US"
                        $0.speakerLabel = "A"
                        $0.start = .milliseconds(360)
                        $0.end = .milliseconds(1500)
                        $0.words = [
                            .init(text: "hi", start: .milliseconds(360), end: .milliseconds(500)),
                            .init(text: "there", start: .seconds(1)),
                        ]
                    })
            ])
    }

    @Test("every kind of part survives, and a thought is marked wherever the mark stands (pitfall 23)")
    func parts() {
        let message = #"""
            {"serverContent":{"modelTurn":{"role":"model","parts":[
            {"text":"Planning","thought":true},{"thought":true,"text":"more","thoughtSignature":"c2ln"},
            {"text":"","thoughtSignature":"c2ln"},{"text":"Hello"},
            {"executableCode":{"language":"PYTHON","code":"print(1)","id":"c1"}},
            {"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}},
            {"functionCall":{"id":"f1","name":"set_light","args":{"on":true}}},
            {"fileData":{"fileUri":"https://x/y","mimeType":"image/png"}},
            {"functionResponse":{"name":"set_light","response":{"output":"ok"}}},
            {"audioTranscription":{"text":"x"}},{"somethingNew":7},"not a part"]}}}
            """#
        #expect(
            events(of: message) == [
                .text("Planning", isThought: true), .text("more", isThought: true), .text("Hello", isThought: false),
                .code(language: "PYTHON", source: "print(1)", id: "c1"),
                .codeResult(outcome: "OUTCOME_OK", output: "1\n", id: nil),
                .toolCallMentioned(ToolCall(id: "f1", name: "set_light", arguments: ["on": true])),
                .file(uri: "https://x/y", mimeType: "image/png"),
                .unknown(
                    path: "serverContent.modelTurn.parts.functionResponse",
                    value: ["name": "set_light", "response": ["output": "ok"]]),
                .unknown(path: "serverContent.modelTurn.parts.audioTranscription", value: ["text": "x"]),
                .unknown(path: "serverContent.modelTurn.parts.somethingNew", value: 7),
                .unknown(path: "serverContent.modelTurn.parts", value: "not a part"),
            ])
    }

    @Test("the sound of a thought is not played (pitfall 23)")
    func soundOfThought() {
        let decoded = decode(
            #"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AQA="},"thought":true}]}}}"#
        )
        #expect(decoded.calls.isEmpty)
        #expect(decoded.events == [.blob(mimeType: "audio/pcm", bytes: [1, 0])])
    }

    @Test("a tool call carries all its calls; a call without id has none, one without name is no call (pitfall 26)")
    func toolCalls() {
        let message = #"""
            {"toolCall":{"functionCalls":[{"id":"fc-1","name":"set_light","args":{"on":true,"level":0.5}},
            {"name":"now"},{"id":"fc-3","args":{}},
            {"id":"fc-4","name":"long","partialArgs":[{"jsonPath":"$.a"}],"willContinue":true}]}}
            """#
        #expect(
            events(of: message) == [
                .unknown(path: "toolCall.functionCalls", value: ["id": "fc-3", "args": [:]]),
                .toolCalled([
                    ToolCall(id: "fc-1", name: "set_light", arguments: ["on": true, "level": 0.5]),
                    ToolCall(id: nil, name: "now", arguments: [:]),
                    ToolCall(
                        id: "fc-4", name: "long", arguments: [:], partialArguments: [["jsonPath": "$.a"]],
                        willContinue: true),
                ]),
            ])
        #expect(
            events(of: #"{"toolCallCancellation":{"ids":["fc-1","fc-2"]}}"#)
                == [.toolCallsCancelled(ids: ["fc-1", "fc-2"])])
    }

    @Test("usage is read in both spellings, with 64-bit numbers as strings")
    func usage() {
        let developer = #"""
            {"usageMetadata":{"promptTokenCount":412,"cachedContentTokenCount":3,"responseTokenCount":61,
            "toolUsePromptTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":"473",
            "promptTokensDetails":[{"modality":"AUDIO","tokenCount":400},{"modality":"TEXT","tokenCount":"12"}],
            "cacheTokensDetails":[{"modality":"TEXT","tokenCount":3}],
            "responseTokensDetails":[{"modality":"AUDIO","tokenCount":61}],
            "toolUsePromptTokensDetails":[{"modality":"TELEPATHY"}],
            "trafficType":"ON_DEMAND","serviceTier":"standard","newCount":1}}
            """#
        var usage = Usage()
        usage.prompt = 412
        usage.cached = 3
        usage.response = 61
        usage.toolUse = 4
        usage.thoughts = 5
        usage.total = 473
        usage.promptByModality = [.init(modality: "AUDIO", tokens: 400), .init(modality: "TEXT", tokens: 12)]
        usage.cachedByModality = [.init(modality: "TEXT", tokens: 3)]
        usage.responseByModality = [.init(modality: "AUDIO", tokens: 61)]
        usage.toolUseByModality = [.init(modality: "TELEPATHY", tokens: 0)]
        usage.trafficType = "ON_DEMAND"
        usage.serviceTier = "standard"
        #expect(events(of: developer) == [.unknown(path: "usageMetadata.newCount", value: 1), .usage(usage)])

        var vertex = Usage()
        vertex.response = 7
        vertex.responseByModality = [.init(modality: "AUDIO", tokens: 7)]
        #expect(
            events(
                of:
                    #"{"usageMetadata":{"candidatesTokenCount":7,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":7}]}}"#
            ) == [.usage(vertex)])
    }

    @Test(
        "goAway says how long is left, or not at all when the time is malformed",
        arguments: [
            (#"{"timeLeft":"50s"}"#, Duration.seconds(50)), (#"{"timeLeft":"0.360s"}"#, .milliseconds(360)),
            (#"{"timeLeft":"300s"}"#, .seconds(300)), (#"{"timeLeft":"1.000000001s"}"#, .nanoseconds(1_000_000_001)),
            (#"{"timeLeft":"-0.5s"}"#, .milliseconds(-500)), (#"{"timeLeft":"50"}"#, nil), (#"{"timeLeft":"s"}"#, nil),
            (#"{"timeLeft":".5s"}"#, nil), (#"{"timeLeft":"5.s"}"#, nil), (#"{"timeLeft":"1e9s"}"#, nil),
            (#"{"timeLeft":"99999999999999999999s"}"#, nil), (#"{"timeLeft":"--1s"}"#, nil), (#"{"timeLeft":50}"#, nil),
            (#"{"timeLeft":"０s"}"#, nil), ("{}", nil),
        ])
    func goAway(body: String, timeLeft: Duration?) {
        #expect(events(of: #"{"goAway":\#(body)}"#) == [.goAway(timeLeft: timeLeft)])
    }

    @Test("a resumption update keeps its handle only when there is one")
    func resumption() {
        #expect(
            events(of: #"{"sessionResumptionUpdate":{"newHandle":"h-1","resumable":true}}"#)
                == [.resumption(handle: "h-1", isResumable: true, lastConsumedMessage: nil)])
        #expect(
            events(of: #"{"sessionResumptionUpdate":{"newHandle":"","lastConsumedClientMessageIndex":"17"}}"#)
                == [.resumption(handle: nil, isResumable: false, lastConsumedMessage: 17)])
        #expect(
            events(of: #"{"sessionResumptionUpdate":{}}"#)
                == [.resumption(handle: nil, isResumable: false, lastConsumedMessage: nil)])
    }

    @Test("voice activity is told by either of its two messages")
    func voiceActivity() {
        #expect(
            events(of: #"{"voiceActivity":{"type":"ACTIVITY_START","audioOffset":"0.360s"}}"#)
                == [.voiceActivity(.started(at: .milliseconds(360)))])
        #expect(events(of: #"{"voiceActivity":{"type":"ACTIVITY_END"}}"#) == [.voiceActivity(.ended(at: nil))])
        #expect(events(of: #"{"voiceActivity":{"type":"HUM"}}"#) == [.voiceActivity(.unknown("HUM"))])
        #expect(
            events(of: #"{"voiceActivityDetectionSignal":{"vadSignalType":"VAD_SIGNAL_TYPE_SOS"}}"#)
                == [.voiceActivity(.started(at: nil))])
        #expect(
            events(of: #"{"voiceActivityDetectionSignal":{"vadSignalType":"VAD_SIGNAL_TYPE_EOS"}}"#)
                == [.voiceActivity(.ended(at: nil))])
        #expect(events(of: #"{"serverContent":{"speechState":"NON_SPEECH"}}"#) == [.speechState("NON_SPEECH")])
    }

    @Test("the interaction status is taken at either level, and stands before the end of its turn")
    func interactionStatus() {
        #expect(events(of: #"{"interactionStatus":"IN_PROGRESS"}"#) == [.interactionStatus(.inProgress)])
        #expect(
            events(of: #"{"serverContent":{"turnComplete":true,"interactionStatus":"IDLE"}}"#)
                == [.interactionStatus(.idle), .turnCompleted(reason: nil)])
        #expect(
            events(of: #"{"serverContent":{"interactionStatus":"REQUIRES_ACTION"}}"#)
                == [.interactionStatus(.requiresAction)])
        #expect(events(of: #"{"interactionStatus":"NAPPING"}"#) == [.interactionStatus(.unknown("NAPPING"))])
    }

    @Test("grounding and URL context are handed on as they came")
    func grounding() {
        #expect(
            events(of: #"{"serverContent":{"groundingMetadata":{"webSearchQueries":["tide"]}}}"#)
                == [.grounding(["webSearchQueries": ["tide"]])])
        #expect(
            events(of: #"{"serverContent":{"urlContextMetadata":{"urlMetadata":[]}}}"#)
                == [.urlContext(["urlMetadata": []])])
    }

    @Test("an error object is reported with its code and words")
    func errors() {
        #expect(
            events(of: #"{"error":{"code":8,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#)
                == [.serviceError(code: 8, message: "quota")])
        #expect(
            events(of: #"{"error":{"status":"UNAVAILABLE"}}"#) == [.serviceError(code: nil, message: "UNAVAILABLE")])
        #expect(events(of: #"{"error":"down"}"#) == [.serviceError(code: nil, message: "down")])
        #expect(events(of: #"{"error":7}"#) == [.unknown(path: "error", value: 7)])
    }

    @Test("what is not known, or not of its shape, is kept with its path and breaks nothing")
    func unknowns() {
        #expect(
            events(of: #"{"brandNew":{"a":[1,2]},"setupComplete":{}}"#)
                == [.setupCompleted(sessionID: nil), .unknown(path: "brandNew", value: ["a": [1, 2]])])
        #expect(events(of: #"{"serverContent":5}"#) == [.unknown(path: "serverContent", value: 5)])
        #expect(
            events(of: #"{"serverContent":{"interrupted":"yes","turnComplete":true}}"#)
                == [.unknown(path: "serverContent.interrupted", value: "yes"), .turnCompleted(reason: nil)])
        #expect(
            events(of: #"{"serverContent":{"modelTurn":[],"outputTranscription":{"text":"a","pitch":3}}}"#) == [
                .unknown(path: "serverContent.modelTurn", value: []),
                .transcription(Transcription(speaker: .model, text: "a")),
                .unknown(path: "serverContent.outputTranscription.pitch", value: 3),
            ])
        #expect(
            events(of: #"{"serverContent":{"inputTranscription":{"text":["a"]}}}"#) == [
                .transcription(Transcription(speaker: .user, text: "")),
                .unknown(path: "serverContent.inputTranscription.text", value: ["a"]),
            ])
        #expect(
            events(of: #"{"toolCall":{"functionCalls":{"name":"f"}}}"#)
                == [.unknown(path: "toolCall.functionCalls", value: ["name": "f"])])
        #expect(events(of: #"{"toolCall":{"functionCalls":null}}"#).isEmpty)
    }
}

extension Transcription {
    func with(_ change: (inout Transcription) -> Void) -> Transcription {
        var copy = self
        change(&copy)
        return copy
    }
}
