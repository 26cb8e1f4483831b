/// Listens to running speech for one phrase: the demonstration of a wake word.
///
/// A demonstration, because no setting of it was found that hears nine of ten in a room and is quiet otherwise
/// (docs/BENCHMARKS.md has the figures). One thread at a time.
package final class PhraseSpotter {
    package enum Failure: Error, Equatable {
        /// The phrase has no words.
        case empty
        case unknownWord(String)
        case library(SphinxDecoder.Failure)
    }

    /// Words of ours that no dictionary has: each as the people, and the synthesisers, say it.
    private static let own = ["vivavoce": ["V IY V AH V OW CH EY"]]
    private let decoder: SphinxDecoder
    private var isListening = false
    private var noise: UInt64 = 1

    /// - Parameters:
    ///   - phrase: English words, in any case.
    ///   - threshold: smaller hears more, also where nothing was said.
    package init(phrase: String, threshold: Double) throws(Failure) {
        let words = phrase.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
        guard !words.isEmpty else { throw .empty }
        do throws(SphinxDecoder.Failure) {
            // Only every second frame is judged anew, which is about half of the work.
            decoder = try SphinxDecoder(["-cmn", "live", "-ds", "2"])
        } catch {
            throw .library(error)
        }
        var phrases = [""]
        for word in words {
            let spellings = try spellings(of: word)
            phrases = phrases.flatMap { start in spellings.map { start.isEmpty ? $0 : "\(start) \($0)" } }
        }
        do throws(SphinxDecoder.Failure) {
            try decoder.search(forPhrases: phrases, threshold: threshold)
        } catch {
            throw .library(error)
        }
    }

    /// Forgets what was heard so far: what comes now does not follow it.
    package func restart() {
        if isListening { _ = decoder.end() }
        isListening = decoder.begin()
    }

    /// - Parameter samples: mono, 16,000 Hz, shape `[n]`, the next of the stream; changed by a little noise.
    /// - Returns: whether the phrase was heard by now, within about a third of a second of its end. Where it began is not
    ///   known: the search's own frames leave silence out. The stream goes on after it as after `restart`.
    package func listen(to samples: inout [Int16]) -> Bool {
        if !isListening { restart() }
        addNoise(to: &samples)
        decoder.listen(to: samples.span)
        guard decoder.hasFound else { return false }
        restart()
        return true
    }

    /// As the dictionary names them: several for a word that is said in several ways.
    private func spellings(of word: String) throws(Failure) -> [String] {
        if let own = Self.own[word] {
            var names: [String] = []
            for (index, phones) in own.enumerated() {
                let name = "\(word)\(index + 1)"
                do throws(SphinxDecoder.Failure) {
                    try decoder.add(name, phones: phones)
                } catch {
                    throw .library(error)
                }
                names.append(name)
            }
            return names
        }
        guard !decoder.phones(of: word).isEmpty else { throw .unknownWord(word) }
        return [word] + (2...4).map { "\(word)(\($0))" }.prefix { !decoder.phones(of: $0).isEmpty }
    }

    /// White noise 47 dB below full scale: the models know people in rooms. Of speech that is 25 dB above its own
    /// noise, twice as much is heard with it.
    private func addNoise(to samples: inout [Int16]) {
        for index in samples.indices {
            noise ^= noise << 13
            noise ^= noise >> 7
            noise ^= noise << 17
            samples[index] = Int16(clamping: Int(samples[index]) + Int(noise & 0x1FF) - 256)
        }
    }
}
