import Foundation
import Testing

@testable import Rehearsal

@Suite("Answers", .timeLimit(.minutes(5)))
struct AnswerTests {
    @Test("every sentence that the ears listen for is known by its words", arguments: Intent.allCases)
    func phrasesMeanTheirIntent(intent: Intent) {
        for sentence in intent.phrases.flatMap({ Phrase($0).sentences }) {
            #expect(Intent.of(sentence) == intent, "\(sentence)")
        }
    }

    @Test(
        "typed questions are known in other words and orders too",
        arguments: [
            ("Could you give me the time?", Intent.time), ("light on!", .lightOn),
            ("a story please, a long one", .story),
            ("7 + 5", .arithmetic), ("the capital of Spain?", .capital), ("Hi!", .hello),
        ])
    func typed(text: String, intent: Intent) {
        #expect(Intent.of(text) == intent)
    }

    @Test(
        "sums are right, in words and figures",
        arguments: [
            ("what is two plus two", "That is four."), ("how much is 12 minus 15", "That is minus three."),
            ("six times seven", "That is forty-two."), ("ten divided by four", "That is two, and two remains."),
            ("what is twenty three plus 4", "That is twenty-seven."), ("8/0", "Nothing can be divided by zero."),
            ("999999999 * 999999999", "That is 999999998000000001."), ("plus", "I need two numbers for that."),
        ])
    func sums(text: String, answer: String) {
        #expect(Arithmetic.answer(to: text) == answer)
    }

    private func reply(to text: String, after turns: [(String, String)] = [], functions: String = "[]") throws
        -> Answerer.Reply
    {
        var conversation = Conversation()
        for (role, words) in turns { conversation.add(role: role, text: words) }
        conversation.add(role: "user", text: text)
        let setup = #"{"setup":{"model":"models/gemini-3.8-live","tools":[{"functionDeclarations":\#(functions)}]}}"#
        guard case .setup(let request) = try WireDecoder.decode(Array(setup.utf8)) else { return .init(sentences: []) }
        var answerer = Answerer(seed: 1)
        let now = Date(timeIntervalSince1970: 1_795_420_980)  // Monday, 2026-11-23, 08:03 UTC
        let zone = try #require(TimeZone(identifier: "UTC"))
        let context = Answerer.Context(
            conversation: conversation, functions: request.functions, now: now, timeZone: zone)
        return answerer.reply(to: .words(text), in: context)
    }

    @Test("the clock and the calendar are right")
    func clock() throws {
        #expect(try reply(to: "what time is it").sentences == ["It is 8:03 AM."])
        #expect(try reply(to: "what day is it today").sentences == ["Today is Monday."])
        #expect(try reply(to: "what is the date").sentences == ["Today is Monday, November 23, 2026."])
    }

    @Test("it remembers what was asked and said, and reads back what means nothing to it")
    func memory() throws {
        let before = [("user", "how far is the moon"), ("model", "Far.")]
        #expect(try reply(to: "what did I just ask", after: before).sentences == ["You asked: how far is the moon"])
        #expect(try reply(to: "say that again", after: before).sentences == ["Far."])
        #expect(try reply(to: "Colourless green ideas").sentences == ["You said: Colourless green ideas"])
    }

    @Test("a question calls the function whose name it holds, with arguments from its words")
    func functions() throws {
        let light = """
            [{"name":"set_light","parameters":{"type":"OBJECT","properties":{"on":{"type":"BOOLEAN"},\
            "brightness":{"type":"INTEGER"},"room":{"type":"STRING","enum":["kitchen","hall"]}}}}]
            """
        let calls = try reply(to: "turn off the lights in the hall to 20", functions: light).calls
        #expect(calls.map(\.name) == ["set_light"])
        #expect(calls.first?.arguments == ["on": false, "brightness": 20, "room": "hall"])
        #expect(try reply(to: "what time is it", functions: light).calls.isEmpty)
    }
}
