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

    @Test(
        "a script without spaces is cut between two characters, also where words with spaces stand beside it",
        arguments: [
            ("今日は東京に行きました。", 9, "今日は東京に行きま"), ("ありか\u{3099}とう", 3, "あり"),
            ("สวัสดีครับ", 5, "สวัส"), ("我们讲 English words 吗", 14, "我们讲 English"),
            ("これはiPhoneです", 6, "これは"), ("これはiPhoneです", 10, "これはiPhoneで"), ("I say 東京タワー now", 9, "I say 東京タ"),
            ("안녕하세요 저는 학생", 7, "안녕하세요"), ("안녕하세요", 3, ""), ("Words", 3, ""),
        ])
    func unspaced(text: String, scalars: Int, heard: String) {
        var wording = Wording()
        // A scalar in a second from where the speech begins.
        let count = text.unicodeScalars.count
        wording.append(text, language: nil, samples: count)
        #expect(wording.heard(samples: scalars, samplesPerSecond: 1, lead: 0) == heard)
        #expect(wording.heard(samples: count, samplesPerSecond: 1, lead: 0) == text)
    }

    @Test("an answer in Japanese that is cut has been heard until there")
    func japanese() {
        var wording = Wording()
        wording.append("今日は東京に", language: "ja", samples: 24_000)
        wording.append("行きました。", language: "ja", samples: 48_000)
        #expect(wording.heard(samples: 0, samplesPerSecond: 24_000) == "")
        #expect(wording.heard(samples: 24_000, samplesPerSecond: 24_000) == "今日は東京に")
        #expect(wording.heard(samples: 36_000, samplesPerSecond: 24_000) == "今日は東京に行きま")
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
