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
    private let pair: [Ear]
    private let turns = Atomic<Int>(0)

    package init() {
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
        let turn = turns.wrappingAdd(1, ordering: .relaxed).oldValue
        return try await pair[turn % pair.count].listen(to: samples)
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
    private static let fewestPhones = 3

    init(name: String) {
        thread = WorkThread(name: name)
    }

    func prepare() throws(RehearsalError) {
        _ = try load()
    }

    func listen(to samples: [Int16]) throws(RehearsalError) -> Impression {
        let (questions, open) = try load()
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

    private func load() throws(RehearsalError) -> (questions: SpeechDecoder, phones: SpeechDecoder) {
        if let decoders { return decoders }
        let loaded = (questions: try SpeechDecoder(.grammar(Grammar.questions)), phones: try SpeechDecoder(.phones))
        decoders = loaded
        return loaded
    }
}
