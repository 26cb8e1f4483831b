import Sphinx

/// One search of pocketsphinx over whole utterances: for the sentences of a grammar, or for bare phones.
///
/// Each utterance is normalised by itself, so what one speaker said leaves no trace in what the next one is heard to
/// say. Belongs to one thread at a time.
final class SpeechDecoder {
    enum Search {
        /// The sentences of a JSGF grammar.
        case grammar(String)
        /// Any row of English phones, judged by a phone trigram.
        case phones
    }

    /// A word or phone found.
    typealias Segment = SphinxDecoder.Segment

    private let decoder: SphinxDecoder

    /// - Throws: `.speech` when the models of Debian's pocketsphinx-en-us are not there.
    init(_ search: Search) throws(RehearsalError) {
        let settings =
            switch search {
            // Wide beams: the grammar is small, and sentences that a narrow search loses are worth the milliseconds.
            case .grammar: ["-beam", "1e-80", "-wbeam", "1e-60", "-pbeam", "1e-80", "-maxhmmpf", "-1"]
            case .phones:
                [
                    "-allphone", "\(SphinxDecoder.models)/en-us-phone.lm.bin", "-allphone_ci", "yes", "-lw", "2.0",
                    "-pip", "0.3", "-beam", "1e-20", "-pbeam", "1e-20",
                ]
            }
        do throws(SphinxDecoder.Failure) {
            decoder = try SphinxDecoder(settings + ["-cmn", "batch"])
            if case .grammar(let grammar) = search { try decoder.search(forSentencesOf: grammar) }
        } catch {
            throw RehearsalError(.speech, error.message)
        }
    }

    /// Finds what an utterance consists of; takes about a twentieth of its length.
    /// - Parameter samples: 16 kHz mono, from before its start to after its end.
    /// - Returns: words or phones in order of time, fillers included; empty when nothing fits.
    func decode(_ samples: [Int16]) -> [Segment] {
        guard !samples.isEmpty, decoder.begin() else { return [] }
        decoder.listen(to: samples.span, isWhole: true)
        guard decoder.end(), decoder.hasFound else { return [] }
        return decoder.segments
    }

    /// The phones of a word as the dictionary has it; `the(2)` is its second pronunciation.
    func phones(of word: String) -> [String] { decoder.phones(of: word) }

    /// - Throws: `.speech` when the models of Debian's pocketsphinx-en-us are not there.
    static func checkModels() throws(RehearsalError) {
        do throws(SphinxDecoder.Failure) { try SphinxDecoder.checkModels() } catch {
            throw RehearsalError(.speech, error.message)
        }
    }
}

extension SphinxDecoder.Segment {
    /// Silence and noise have labels in brackets, as have the grammar's own empty words.
    var isSpeech: Bool { !label.hasPrefix("<") && !label.hasPrefix("[") && !label.hasPrefix("(") && !isFiller }
    private var isFiller: Bool { label == "SIL" || label.hasPrefix("+") }
}
