import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct WordingTests {
    @Test("text that runs ahead of its speech is not taken as heard")
    func aheadOfSpeech() {
        var wording = Wording()
        wording.append(String(repeating: "word ", count: 100), language: nil, samples: 960)
        #expect(wording.heard(samples: 24_000, samplesPerSecond: 24_000).count <= 25)
    }

    @Test("text pinned sentence by sentence is cut in the right sentence")
    func pinned() {
        var wording = Wording()
        wording.append("One two three. ", language: nil, samples: 24_000)
        wording.append("Four five six. ", language: nil, samples: 48_000)
        #expect(wording.heard(samples: 24_000, samplesPerSecond: 24_000) == "One two three.")
        #expect(wording.heard(samples: 36_000, samplesPerSecond: 24_000) == "One two three. Four")
        #expect(wording.heard(samples: 48_000, samplesPerSecond: 24_000) == "One two three. Four five six.")
        #expect(wording.heard(samples: 0, samplesPerSecond: 24_000) == "")
    }

    @Test("characters that join across pieces are cut between words, too")
    func joined() {
        var wording = Wording()
        wording.append("nai\u{308}f ", language: nil, samples: 24_000)
        wording.append("e", language: nil, samples: 30_000)
        wording.append("\u{301}te\u{301}s", language: nil, samples: 48_000)
        #expect(wording.heard(samples: 30_000, samplesPerSecond: 24_000) == "naïf")
        #expect(wording.heard(samples: 48_000, samplesPerSecond: 24_000) == "naïf étés")
    }

    @Test("a turn's text is bounded, cut between two scalars, and says that more came")
    func bounded() {
        var wording = Wording()
        wording.append(String(repeating: "é", count: Wording.mostBytes), language: nil, samples: 0)
        wording.append("more", language: nil, samples: 0)
        wording.replaceInterim("more", language: nil)
        #expect(wording.isFull)
        #expect(wording.text == String(repeating: "é", count: Wording.mostBytes / 2) + " …")
    }
}
