/// What somebody may want of the service. Each has ways to be said aloud and words by which typed text is known.
enum Intent: String, CaseIterable, Sendable {
    case time, day, date, weather, rain, joke, mood, name, count, story, lightOn, lightOff, stop, moon, sun
    case arithmetic, hello, goodbye, thanks, abilities, place, age, maker, hearing, again, recall, capital, sky
    case water, song, coin, dice, timer, colour, microphone, picture

    /// The ways to say it that the ears listen for, in the notation of `Phrase`.
    var phrases: [String] {
        switch self {
        case .time:
            [
                "[please] (tell me | can you tell me) [what] [the] time [it is] [please]",
                "what time is it [now | please]",
                "(what is | what's) the time [now | please]", "do you know (what time it is | the time)",
            ]
        case .day:
            [
                "(what | which) day is it [today]", "what day of the week is it [today]",
                "[can you] tell me what day it is [today]", "what day is today",
            ]
        case .date:
            [
                "(what is | what's) (the date [today] | today's date)",
                "[can you] tell me [the | today's] date [please]",
                "what date is it [today]",
            ]
        case .weather:
            [
                "(what is | what's) the weather [like] [today | outside]", "how is the weather [today | outside]",
                "[can you] tell me about the weather", "(what is | what's) it like outside",
            ]
        case .rain: ["(will it | is it going to) rain (today | tomorrow)", "do i need an umbrella [today | tomorrow]"]
        case .joke:
            [
                "[please] tell me a [good | funny | another] joke [please]", "can you tell me a joke [please]",
                "do you know (a joke | any jokes)", "make me laugh", "say something funny",
            ]
        case .mood: ["[hello] how are you [today | doing]", "how do you feel [today]", "are you well"]
        case .name:
            [
                "(what is | what's) your name [please]", "[can you] tell me your name", "who are you",
                "do you have a name",
            ]
        case .count: ["[please | can you] count [up] to ten [please]", "count from one to ten"]
        case .story:
            [
                "[please] tell me a [long | short] story [please]", "can you tell me a [long] story [please]",
                "do you know a story",
            ]
        case .lightOn:
            [
                "[please] (turn | switch) on the (light | lights) [please]",
                "[please] (turn | switch) the (light | lights) on [please]", "can you turn on the (light | lights)",
            ]
        case .lightOff:
            [
                "[please] (turn | switch) off the (light | lights) [please]",
                "[please] (turn | switch) the (light | lights) off [please]", "can you turn off the (light | lights)",
            ]
        case .stop: ["[please] stop [please]", "stop talking [please]", "[please] be quiet [please]", "that is enough"]
        case .moon:
            ["how far [away] is the moon [from here]", "(what is | what's) the distance to the moon"]
        case .sun: ["how far [away] is the sun [from here]", "(what is | what's) the distance to the sun"]
        case .arithmetic:
            [
                "(what is | what's | how much is) <number> (plus | minus | times) <number>",
                "(what is | what's | how much is) <number> divided by <number>",
            ]
        case .hello: ["hello [there]", "good (morning | afternoon | evening)"]
        case .goodbye: ["goodbye", "good night", "see you (later | tomorrow)"]
        case .thanks: ["thank you [very much]", "thanks [a lot]"]
        case .abilities:
            ["what can you do [for me]", "can you help me [please]", "what can i (ask you | say)", "what do you know"]
        case .place: ["where are you [from | now]", "where do you live"]
        case .age: ["how old are you", "(what is | what's) your age"]
        case .maker: ["who (made | created | built) you"]
        case .hearing:
            ["[hello] (can | do) you hear me", "can you understand me", "are you there", "are you listening"]
        case .again:
            [
                "[please | can you] say that again [please]", "[please | can you] repeat that [please]",
                "what did you [just] say",
            ]
        case .recall: ["what did i [just] (ask | say) [you]", "what was my [last] question"]
        case .capital: ["(what is | what's) the capital of <country>"]
        case .sky: ["why is the sky blue", "what color is the sky"]
        case .water: ["at what temperature does water boil", "when does water boil", "how hot is boiling water"]
        case .song:
            ["[please | can you] sing [me] a song [please]", "[please | can you] play [me] some music [please]"]
        case .coin: ["[please] flip a coin", "heads or tails"]
        case .dice: ["[please] roll (a | the) dice [please]", "roll a die"]
        case .timer:
            ["[please] set a timer for <number> minutes [please]", "[please] set a timer [for one minute]"]
        case .colour: ["(what is | what's) your favorite color", "which color do you like [best]"]
        case .microphone: ["(front | rear | side) (center | left | right)"]
        case .picture: ["what do you see", "what can you see [now]", "what is in the picture", "describe the picture"]
        }
    }

    /// Groups of words; text means this when every group has a word in it. More groups weigh more.
    private var signs: [[String]] {
        switch self {
        case .time: [["time", "clock"]]
        case .day: [["day", "weekday"], ["what", "which", "today", "is"]]
        case .date: [["date"]]
        case .weather: [["weather", "outside"]]
        case .rain: [["rain", "umbrella"]]
        case .joke: [["joke", "jokes", "funny", "laugh"]]
        case .mood: [["how", "well"], ["you"], ["are", "feel", "doing"]]
        case .name: [["name", "who"], ["you", "your"]]
        case .count: [["count"]]
        case .story: [["story", "tale"]]
        case .lightOn: [["light", "lights", "lamp"], ["on"]]
        case .lightOff: [["light", "lights", "lamp"], ["off"]]
        case .stop: [["stop", "quiet", "enough"]]
        case .moon: [["moon"], ["far", "distance"]]
        case .sun: [["sun"], ["far", "distance"]]
        case .arithmetic: [["plus", "minus", "times", "divided", "+", "-", "*", "/"], Number.words]
        case .hello: [["hello", "hi", "hey", "morning", "afternoon", "evening"]]
        case .goodbye: [["goodbye", "bye", "night", "later", "see"]]
        case .thanks: [["thank", "thanks"]]
        case .abilities: [["help", "can", "know"], ["what", "help"], ["do", "help", "ask", "say", "know"]]
        case .place: [["where"], ["you"]]
        case .age: [["old", "age"], ["you", "your"]]
        case .maker: [["who"], ["made", "created", "built"], ["you"]]
        case .hearing: [["hear", "understand", "there", "listening"], ["you"], ["me", "are"]]
        case .again: [["again", "repeat", "say"], ["that", "did"], ["again", "repeat", "you"]]
        case .recall: [["did", "was"], ["ask", "say", "asked", "question"], ["i", "my"], ["what"]]
        case .capital: [["capital"]]
        case .sky: [["sky"]]
        case .water: [["water", "boiling"], ["boil", "boiling", "boils"]]
        case .song: [["sing", "song", "music"]]
        case .coin: [["coin", "heads"]]
        case .dice: [["dice", "die"]]
        case .timer: [["timer"], ["set", "minutes", "start"]]
        case .colour: [["color", "colour"], ["you", "your"]]
        case .microphone: [["front", "rear", "side"], ["center", "left", "right"]]
        case .picture: [["see", "picture", "image", "camera"], ["what", "describe"]]
        }
    }

    /// Words that speak against it.
    private var countersigns: [String] {
        switch self {
        case .hello: ["how", "hear", "what", "who"]
        case .mood: ["old", "far", "weather", "time", "color"]
        case .name: ["made", "created", "built"]
        case .date, .time, .day: ["boil"]
        case .abilities: ["time", "day", "joke", "jokes", "story", "see", "hear"]
        default: []
        }
    }

    /// What a text asks for; nil when nothing fits. The words may stand in any order.
    static func of(_ text: String) -> Intent? {
        let words = Set(Self.words(of: text))
        let fitting = allCases.filter { intent in
            intent.signs.allSatisfy { !words.isDisjoint(with: $0) } && words.isDisjoint(with: intent.countersigns)
        }
        return fitting.max { $0.signs.count < $1.signs.count }
    }

    /// Lower-case words without punctuation; signs of arithmetic stand alone.
    static func words(of text: String) -> [String] {
        var spaced = ""
        for character in text.lowercased() {
            switch character {
            case "+", "-", "*", "/", "×": spaced += " \(character == "×" ? "*" : character) "
            case "’": spaced.append("'")
            case _ where character == "'" || character.isLetter || character.isNumber: spaced.append(character)
            default: spaced += " "
            }
        }
        return spaced.split(separator: " ").map(String.init)
    }
}
