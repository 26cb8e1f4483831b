import Sphinx
import Synchronization

/// What the ears made of an utterance.
package enum Hearing: Equatable, Sendable {
    /// A sentence they know, and believe that they heard.
    case words(String)
    /// Somebody spoke, but said nothing they know.
    case unclear
    /// No speech at all.
    case nothing
}

/// The ears of the service: two, so that one long utterance does not hold up everybody else.
package final class Ears: Sendable {
    /// One pair serves a whole process: an utterance leaves no trace in them, and their models are large.
    package static let shared = Ears()

    private let pair: [Ear]
    /// Utterances that each ear has before it.
    private let waiting = Mutex([0, 0])

    private init() {
        pair = [Ear(name: "rehearsal-ear-1"), Ear(name: "rehearsal-ear-2")]
    }

    /// Loads the first ear's models, so that the first question does not wait for them.
    /// - Throws: `.speech` when they are missing.
    package func prepare() async throws(RehearsalError) {
        try await pair[0].prepare()
    }

    /// Understands one utterance, in about a tenth of a second for a short question.
    /// - Parameter samples: 16 kHz mono, with a little quiet before and after.
    /// - Throws: `.speech` when the models are missing.
    package func understand(_ samples: [Int16]) async throws(RehearsalError) -> Hearing {
        try await listen(to: samples).hearing
    }

    /// The same, with the reasons: what the grammar found, believed or not, and the evidence for it.
    func listen(to samples: [Int16]) async throws(RehearsalError) -> Ear.Impression {
        // The first ear as long as it is free: the second loads its models only when somebody would have to wait.
        let index = waiting.withLock { waiting in
            let index = waiting[0] <= waiting[1] ? 0 : 1
            waiting[index] += 1
            return index
        }
        defer { waiting.withLock { $0[index] -= 1 } }
        return try await pair[index].listen(to: samples)
    }
}

/// One ear: a search for known questions, and an open one for phones to hold it against, on a thread of their own.
actor Ear {
    struct Impression: Sendable {
        let hearing: Hearing
        /// The best sentence of the grammar, whether or not it is believed.
        let guess: String
        let evidence: Evidence?
    }

    private let thread: WorkThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private var decoders: (questions: SpeechDecoder, phones: SpeechDecoder)?

    /// Fewer phones than this are a cough or a click, not somebody speaking.
    private static let fewestPhones = 2

    /// Nothing that the ears know takes so long to say, in samples: 15 seconds. Longer utterances cost no search.
    private static let longestQuestion = 15 * VoiceGate.rate

    init(name: String) {
        thread = WorkThread(name: name)
    }

    func prepare() throws(RehearsalError) {
        _ = try load()
    }

    func listen(to samples: [Int16]) throws(RehearsalError) -> Impression {
        guard samples.count <= Self.longestQuestion else {
            return Impression(hearing: .unclear, guess: "", evidence: nil)
        }
        let (questions, open) = try load()
        let samples = Self.inARoom(samples)
        let phones = open.decode(samples).filter(\.isSpeech)
        guard phones.count >= Self.fewestPhones else { return Impression(hearing: .nothing, guess: "", evidence: nil) }
        let words = questions.decode(samples).filter(\.isSpeech)
        guard !words.isEmpty else { return Impression(hearing: .unclear, guess: "", evidence: nil) }
        let evidence = Evidence(
            words: words, phones: phones, pronunciations: words.map { questions.phones(of: $0.label) }, samples: samples
        )
        // The dictionary numbers further pronunciations: the(2).
        let guess = words.map { $0.label.prefix { $0 != "(" } }.joined(separator: " ")
        return Impression(hearing: evidence.logOdds > 0 ? .words(guess) : .unclear, guess: guess, evidence: evidence)
    }

    /// Adds white noise 58 dB below full scale.
    ///
    /// The models were trained on people in rooms. Silence of all zeros, which only a synthesiser makes, costs them two
    /// questions of five: 52 of 90 understood without the noise, 87 with it; a person's recordings do not change.
    private static func inARoom(_ samples: [Int16]) -> [Int16] {
        var random = SeededRandom(seed: 1)
        return samples.map { sample in
            let noise = Int(random.next() & 0x7F) - 64
            return Int16(clamping: Int(sample) + noise)
        }
    }

    private func load() throws(RehearsalError) -> (questions: SpeechDecoder, phones: SpeechDecoder) {
        if let decoders { return decoders }
        let loaded = (questions: try SpeechDecoder(.grammar(Grammar.questions)), phones: try SpeechDecoder(.phones))
        decoders = loaded
        return loaded
    }
}
