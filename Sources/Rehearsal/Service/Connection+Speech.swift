import Foundation

/// Ears and voice: what an utterance was, and what an answer sounds like.
extension Connection {
    func give(_ sound: Sound) {
        if case .dropped = earFeed.yield(sound) { log("note", ("text", "sound was dropped: the ears are far behind")) }
    }

    /// Collects each utterance, and has the ears understand it once it is over.
    func listen() async {
        var utterance: [Int16] = []
        for await sound in sounds {
            switch sound {
            case .hear(let samples):
                // Push to talk can hold an utterance open for ever; nobody means more than a minute of it.
                if utterance.count < Self.longestUtterance { utterance += samples }
            case .understand:
                let samples = exchange(&utterance, with: [])
                do {
                    let hearing = try await Ears.shared.understand(samples)
                    log("heard", ("hearing", .string("\(hearing)")), ("samples", .number(Double(samples.count))))
                    perform(session.heard(hearing, now: now))
                } catch {
                    shared.configuration.report("connection \(number): \(error)")
                    perform(session.refused(.internalError))
                }
            }
        }
    }

    private static let longestUtterance = 60 * VoiceGate.rate

    func answer(_ prompt: RehearsalSession.Prompt, number answer: Int) async {
        let context = Answerer.Context(
            conversation: session.conversation, functions: session.setup?.functions ?? [], now: Date())
        let reply = answerer.reply(to: prompt, in: context)
        if !reply.calls.isEmpty {
            let (actions, isWaiting) = session.call(reply.calls, answer: answer, now: now)
            perform(actions)
            if isWaiting { return }
        }
        for sentence in reply.sentences {
            let isSpoken = session.setup?.modality != .text
            let spoken: AnswerDelivery.Sentence
            do {
                spoken =
                    isSpoken
                    ? try await speak(sentence, as: session.setup?.voice)
                    : AnswerDelivery.Sentence(text: sentence, samples: [], words: [])
            } catch {
                shared.configuration.report("connection \(number): \(error)")
                perform(session.refused(.internalError))
                return
            }
            guard session.isAnswering(answer) else { return }
            perform(session.say(spoken, answer: answer, now: now))
        }
        perform(session.finishSaying(answer: answer, now: now))
    }

    /// In the service's voice, or as tones if those will do.
    func speak(_ text: String, as name: String?) async throws(RehearsalError) -> AnswerDelivery.Sentence {
        guard !shared.configuration.hasQuickVoice else { return ToneVoice.speak(text) }
        return try await Voice.shared.speak(text, as: name)
    }
}
