import Foundation

/// Thinks of what to say: real answers to everyday questions, from nothing but the clock, chance and the conversation.
struct Answerer: Sendable {
    /// What the service says or does next.
    struct Reply: Sendable {
        /// Sentences, in order; none when there is nothing to say.
        var sentences: [String]
        /// Functions to call first.
        var calls: [(name: String, arguments: JSON)] = []
    }

    /// What a reply may depend on.
    struct Context: Sendable {
        var conversation: Conversation
        var functions: [SetupRequest.Function]
        var now: Date
        var timeZone = TimeZone.current
    }

    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func reply(to prompt: RehearsalSession.Prompt, in context: Context) -> Reply {
        switch prompt {
        case .unclear: return Reply(sentences: [Self.unclear.randomElement(using: &random) ?? ""])
        case .results(let results): return Reply(sentences: results.map(Self.sentence(about:)))
        case .words(let text):
            let calls = FunctionChooser.calls(for: text, among: context.functions)
            guard calls.isEmpty else { return Reply(sentences: ["One moment."], calls: calls) }
            guard let intent = Intent.of(text) else { return Reply(sentences: Self.echo(text)) }
            return Reply(sentences: sentences(for: intent, text: text, context: context))
        }
    }

    private mutating func sentences(for intent: Intent, text: String, context: Context) -> [String] {
        switch intent {
        case .time: ["It is \(Self.format("h:mm a", context))."]
        case .day: ["Today is \(Self.format("EEEE", context))."]
        case .date: ["Today is \(Self.format("EEEE, MMMM d, yyyy", context))."]
        case .weather: ["I cannot look outside from here.", "Let us say that it is mild, with a light breeze."]
        case .rain: ["I have no forecast.", "Take an umbrella, then it will stay dry."]
        case .joke: Self.jokes.randomElement(using: &random) ?? []
        case .mood: ["I am fine, thank you.", "How are you?"]
        case .name: ["My name is Rehearsal.", "I stand in for the real service."]
        case .count: ["One, two, three, four, five, six, seven, eight, nine, ten."]
        case .story: Story.sentences
        case .lightOn: ["I have no hands, but I imagine that the light is on."]
        case .lightOff: ["I have no hands, but I imagine that the light is off."]
        case .stop: ["All right."]
        case .moon: ["The moon is about three hundred and eighty-four thousand kilometers away."]
        case .sun: ["The sun is about one hundred and fifty million kilometers away."]
        case .arithmetic: [Arithmetic.answer(to: text)]
        case .hello: ["Hello.", "Ask me something."]
        case .goodbye: ["Goodbye.", "It was nice to talk to you."]
        case .thanks: ["You are welcome."]
        case .abilities: ["Ask me for the time, the date, a joke, a story, or a small sum."]
        case .place: ["I live in a process on your own machine."]
        case .age: ["I was started a moment ago."]
        case .maker: ["Programmers made me, so that they could test without a network."]
        case .hearing: ["Yes, I can hear you."]
        case .again: [context.conversation.lastAnswer ?? "I have not said anything yet."]
        case .recall: [Self.recall(context.conversation)]
        case .capital: [Self.capital(in: text)]
        case .sky: ["The sky is blue because air scatters short waves of light more than long ones."]
        case .water: ["At sea level, water boils at one hundred degrees Celsius."]
        case .song: ["I am a poor singer.", "La la la."]
        case .coin: [Bool.random(using: &random) ? "Heads." : "Tails."]
        case .dice: ["You rolled a \(Number.text(Int.random(in: 1...6, using: &random)))."]
        case .timer: ["I would set a timer, if I had one."]
        case .colour: ["I like green."]
        case .microphone: ["I heard \(Self.position(in: text)).", "Your microphone works."]
        case .picture: [Self.picture(context.conversation)]
        }
    }

    // MARK: Single answers

    private static let unclear = [
        "Sorry, I did not catch that.", "I did not understand that.", "I heard you, but I did not catch the words.",
    ]

    private static let jokes = [
        ["Why did the function return early?", "It had a date."],
        ["I would tell you a joke about the network.", "But you might not get it."],
        ["What do you call eight hobbits?", "A hobbyte."],
        ["Why was the microphone tired?", "It had to listen all day."],
    ]

    /// Typed text that means nothing here is read back, so that it is plain what arrived.
    private static func echo(_ text: String) -> [String] {
        let trimmed = text.trimmingSpaces
        return trimmed.isEmpty ? ["I am listening."] : ["You said: \(String(trimmed.prefix(400)))"]
    }

    private static func format(_ pattern: String, _ context: Context) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = context.timeZone
        formatter.dateFormat = pattern
        return formatter.string(from: context.now)
    }

    private static func recall(_ conversation: Conversation) -> String {
        let questions = conversation.turns.filter { $0.role == "user" }.dropLast()
        guard let last = questions.last else { return "That was your first question." }
        return "You asked: \(last.text)"
    }

    private static func capital(in text: String) -> String {
        let words = Set(Intent.words(of: text))
        guard let country = Phrase.countries.first(where: { words.contains($0.name) }) else {
            return "I do not know that country."
        }
        return "The capital of \(country.name.capitalized) is \(country.capital)."
    }

    private static func position(in text: String) -> String {
        let places: Set = ["front", "rear", "side", "center", "left", "right"]
        return Intent.words(of: text).filter(places.contains).joined(separator: " ")
    }

    private static func picture(_ conversation: Conversation) -> String {
        switch conversation.videoFrames {
        case 0: "I have not received any picture."
        case 1: "I have received one picture, but I cannot look at it."
        default: "I have received \(conversation.videoFrames) pictures, but I cannot look at them."
        }
    }

    private static func sentence(about result: RehearsalSession.Prompt.Result) -> String {
        let name = result.name.replacing("_", with: " ")
        if let error = result.response["error"] { return "The function \(name) failed: \(Self.spoken(error))." }
        let output = result.response["output"] ?? result.response["result"] ?? result.response
        return "The function \(name) says: \(Self.spoken(output))."
    }

    private static func spoken(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .object(let members): members.map { "\($0.name) \(spoken($0.value))" }.joined(separator: ", ")
        default: String(decoding: JSONWriter.write(value), as: UTF8.self)
        }
    }
}
