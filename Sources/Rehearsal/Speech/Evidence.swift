import Foundation
import Sphinx

/// How much speaks for a sentence that the grammar found, measured against the sound itself.
///
/// A grammar finds one of its sentences in anything, and pocketsphinx's own confidence does not tell right from wrong.
/// These measures do; `docs/rehearsal.md` has the figures.
struct Evidence: Equatable {
    /// Mean fit of the words' frames; 0 is best.
    let fit: Double
    /// Fit of the worst word.
    let worstFit: Double
    /// How unlike the phones of the sentence are those that an open search found, 0 (the same) … 1.
    let phoneDistance: Double
    /// Share of the loud frames that lie in none of the words.
    let uncovered: Double
    /// Standard deviation of the words' tempo, as the logarithm of frames per phone.
    let unevenness: Double
    /// Its mean.
    let tempo: Double
    /// How much the worst word differs from the phones heard in its place; long words weigh more, up to five phones.
    let worstWord: Double
    /// Pauses and noises between the words, as a share of their length.
    let gaps: Double

    /// Weights of a logistic regression over the development set of scripts/measure-ears. The bias is the fitted 17.598
    /// and a quarter more, which believes none of that set's foreign sentences besides those believed without it.
    private static let weights = (
        bias: 17.848, fit: 0.141, worstFit: 0.0063, phoneDistance: -11.5471, uncovered: -4.9996, unevenness: -9.5667,
        tempo: 0.4172, worstWord: -0.9544, gaps: -9.0307
    )

    /// The logarithm of the odds that the sentence is what was said; above 0 the ears believe it.
    var logOdds: Double {
        let weights = Self.weights
        return weights.bias + weights.fit * fit + weights.worstFit * worstFit + weights.phoneDistance * phoneDistance
            + weights.uncovered * uncovered + weights.unevenness * unevenness + weights.tempo * tempo
            + weights.worstWord * worstWord + weights.gaps * gaps
    }

    /// The measures by name, for a log or a fit.
    var measures: [(name: String, value: Double)] {
        [
            ("fit", fit), ("worstFit", worstFit), ("phoneDistance", phoneDistance), ("uncovered", uncovered),
            ("unevenness", unevenness), ("tempo", tempo), ("worstWord", worstWord), ("gaps", gaps),
        ]
    }

    /// - Parameters:
    ///   - words: what the grammar found, speech only, at least one.
    ///   - phones: what the open search found, speech only.
    ///   - pronunciations: the phones of each word.
    ///   - samples: the utterance, 16 kHz.
    init(
        words: [SpeechDecoder.Segment], phones: [SpeechDecoder.Segment], pronunciations: [[String]], samples: [Int16]
    ) {
        let lengths = words.map { Double($0.frames.count) }
        fit = zip(words, lengths).map { $0.score * $1 }.reduce(0, +) / max(1, lengths.reduce(0, +))
        worstFit = words.map(\.score).min() ?? 0
        let expected = pronunciations.flatMap(\.self)
        phoneDistance =
            PhoneDistance.between(expected, phones.map(\.label)) / Double(max(1, expected.count, phones.count))
        let tempos = zip(lengths, pronunciations).map { log($0 / Double(max(1, $1.count))) }
        let mean = tempos.reduce(0, +) / Double(max(1, tempos.count))
        tempo = mean
        unevenness = (tempos.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(max(1, tempos.count))).squareRoot()
        worstWord = zip(words, pronunciations).map { Self.distance(of: $0, from: phones, pronunciation: $1) }.max() ?? 0
        let pauses = zip(words, words.dropFirst()).map { $1.frames.lowerBound - $0.frames.upperBound - 1 }
        gaps = Double(pauses.reduce(0, +)) / max(1, lengths.reduce(0, +))
        uncovered = Self.uncovered(by: words, in: samples)
    }

    private static func distance(
        of word: SpeechDecoder.Segment, from phones: [SpeechDecoder.Segment], pronunciation: [String]
    ) -> Double {
        // A phone belongs to the word in which more than half of it lies.
        let inPlace = phones.filter { phone in
            2 * phone.frames.clamped(to: word.frames).count > phone.frames.count && phone.frames.overlaps(word.frames)
        }
        let distance = PhoneDistance.between(pronunciation, inPlace.map(\.label))
        return distance / Double(max(1, pronunciation.count, inPlace.count)) * Double(min(5, pronunciation.count))
    }

    /// A frame is loud when it is no more than this below the loudest.
    private static let loudRange: Double = 25

    private static func uncovered(by words: [SpeechDecoder.Segment], in samples: [Int16]) -> Double {
        let levels = stride(from: 0, to: samples.count - 159, by: 160).map { start in
            10 * log10(samples[start..<start + 160].reduce(1.0) { $0 + Double($1) * Double($1) / 160 })
        }
        guard let loudest = levels.max() else { return 0 }
        var loud = 0
        var open = 0
        for (frame, level) in levels.enumerated() where level > loudest - loudRange {
            loud += 1
            if !words.contains(where: { $0.frames.contains(frame) }) { open += 1 }
        }
        return Double(open) / Double(max(1, loud))
    }
}
