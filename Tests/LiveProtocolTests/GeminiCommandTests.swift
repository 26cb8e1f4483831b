import LiveProtocol
import Testing

/// Commands against the exact bytes that must go out.
@Suite("Encoding commands", .timeLimit(.minutes(5)))
struct GeminiCommandTests {
    private func encoded(_ command: LiveCommand, model: String = "gemini-3.8-live", backend: Backend = .developer)
        -> String?
    {
        GeminiDialect(model: model, backend: backend).encode(command).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a typed message goes into the realtime stream, escaped")
    func text() {
        #expect(encoded(.text("hi")) == #"{"realtimeInput":{"text":"hi"}}"#)
        #expect(
            encoded(.text("say \"é\"\\\n\u{1}\t/")) == #"{"realtimeInput":{"text":"say \"é\"\\\n\u0001\t/"}}"#)
    }

    @Test("marks of the voice stream are one member each (pitfall 20)")
    func marks() {
        #expect(encoded(.activityStart) == #"{"realtimeInput":{"activityStart":{}}}"#)
        #expect(encoded(.activityEnd) == #"{"realtimeInput":{"activityEnd":{}}}"#)
        #expect(encoded(.audioStreamEnd) == #"{"realtimeInput":{"audioStreamEnd":true}}"#)
    }

    @Test("a picture is one frame of the video stream, in the standard alphabet with padding")
    func image() {
        #expect(
            encoded(.image(mimeType: "image/jpeg", bytes: [0xFB, 0xEF, 0xFF, 0x00]))
                == #"{"realtimeInput":{"video":{"mimeType":"image/jpeg","data":"++//AA=="}}}"#)
    }

    @Test("turns keep their order and speakers, and every kind of part")
    func turns() {
        let turns = [
            ConversationTurn(speaker: .user, parts: [.text("a"), .blob(mimeType: "image/png", bytes: [1])]),
            ConversationTurn(speaker: .model, parts: [.file(uri: "https://x", mimeType: "image/png")]),
        ]
        #expect(
            encoded(.turns(turns, isComplete: true))
                == #"{"clientContent":{"turns":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AQ=="}}]},{"role":"model","parts":[{"fileData":{"fileUri":"https://x","mimeType":"image/png"}}]}],"turnComplete":true}}"#
        )
        #expect(encoded(.turns([], isComplete: true)) == #"{"clientContent":{"turnComplete":true}}"#)
    }

    @Test("a stop is content that is not complete, only where that does not close the session (pitfall 52)")
    func stop() {
        let stop = #"{"clientContent":{"turnComplete":false}}"#
        #expect(encoded(.stopGenerating) == stop)
        #expect(encoded(.stopGenerating, model: "gemini-2.5-flash-native-audio-preview-12-2025") == stop)
        #expect(encoded(.stopGenerating, model: "gemini-3.1-flash-live-preview") == nil)
        #expect(encoded(.stopGenerating, model: "gemini-9-live") == nil)
    }

    @Test("a tool result echoes id and name, and wraps what is no object (pitfall 26)")
    func toolResults() {
        #expect(
            encoded(.toolResults([ToolResult(id: "fc-1", name: "set_light", response: ["output": "done"])]))
                == #"{"toolResponse":{"functionResponses":[{"id":"fc-1","name":"set_light","response":{"output":"done"}}]}}"#
        )
        #expect(
            encoded(
                .toolResults([
                    ToolResult(id: nil, name: "now", response: "12:00"), .init(id: "2", name: "n", response: [1, nil]),
                ]))
                == #"{"toolResponse":{"functionResponses":[{"name":"now","response":{"output":"12:00"}},{"id":"2","name":"n","response":{"output":[1,null]}}]}}"#
        )
        #expect(encoded(.toolResults([])) == nil)
    }

    @Test("scheduling and willContinue go only to models that know them")
    func scheduling() {
        var result = ToolResult(id: "1", name: "f", response: [:], scheduling: .interrupt, willContinue: true)
        result.parts = [.blob(mimeType: "image/png", bytes: [255])]
        let parts = #""parts":[{"inlineData":{"mimeType":"image/png","data":"/w=="}}]}]}}"#
        let start = #"{"toolResponse":{"functionResponses":[{"id":"1","name":"f","response":{},"#
        let command = LiveCommand.toolResults([result])
        #expect(encoded(command) == start + #""scheduling":"INTERRUPT","willContinue":true,"# + parts)
        #expect(
            encoded(command, model: "gemini-3.8-live-extended-thinking") == start + #""willContinue":true,"# + parts)
        #expect(encoded(command, backend: .vertex) == start + #""scheduling":"INTERRUPT","# + parts)
        #expect(encoded(command, model: "gemini-3.1-flash-live-preview") == start + parts)
        #expect(encoded(command, model: "gemini-3.5-live-translate-preview") == nil)
    }

    @Test("a context update replaces instructions or tools, and an empty list clears the tools")
    func contextUpdate() {
        #expect(
            encoded(.contextUpdate(systemInstruction: "be brief", tools: nil))
                == #"{"contextUpdate":{"systemInstruction":{"parts":[{"text":"be brief"}]}}}"#)
        #expect(
            encoded(.contextUpdate(systemInstruction: nil, tools: [["googleSearch": [:]]]))
                == #"{"contextUpdate":{"tools":{"tools":[{"googleSearch":{}}]}}}"#)
        #expect(encoded(.contextUpdate(systemInstruction: nil, tools: [])) == #"{"contextUpdate":{"tools":{}}}"#)
        #expect(encoded(.contextUpdate(systemInstruction: nil, tools: nil)) == nil)
        #expect(
            encoded(.contextUpdate(systemInstruction: "x", tools: nil), model: "gemini-2.5-flash-native-audio") == nil)
    }

    @Test("models that only hear get no text, pictures or turns")
    func hearingOnly() {
        for model in ["gemini-3.5-live-translate-preview", "gemini-3.5-transcribe-live"] {
            #expect(encoded(.text("hi"), model: model) == nil)
            #expect(encoded(.image(mimeType: "image/jpeg", bytes: [1]), model: model) == nil)
            #expect(encoded(.turns([], isComplete: true), model: model) == nil)
            #expect(encoded(.audioStreamEnd, model: model) != nil)
        }
    }

    @Test("typed text has a message on every model one can talk to")
    func textEverywhere() throws {
        for family in ModelCatalogue.families where family.takesText {
            #expect(GeminiDialect(model: try #require(family.exampleModel)).encode(.text("x")) != nil)
        }
        #expect(encoded(.text("x"), model: "gemini-9-live") != nil)
    }
}
