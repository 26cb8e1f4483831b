import Foundation

/// A voice that costs next to nothing: a tone of 80 ms for each word.
enum ToneVoice {
    private static let samplesPerWord = Voice.rate * 80 / 1_000

    /// 440 Hz at a quarter of full scale; 80 ms hold 35 whole periods and a fifth, which nobody is meant to enjoy.
    private static let word: [Int16] = (0..<samplesPerWord).map { index in
        Int16(8_192 * sin(2 * .pi * 440 * Double(index) / Double(Voice.rate)))
    }

    static func speak(_ text: String) -> AnswerDelivery.Sentence {
        let words = text.split(separator: " ").enumerated().map { index, word in
            AnswerDelivery.Sentence.Word(text: String(word), start: index * 80)
        }
        let samples = Array(repeatElement(word, count: max(1, words.count)).joined())
        return AnswerDelivery.Sentence(text: text, samples: samples, words: words)
    }
}
