import AudioDevices
import Sphinx
import Synchronization

/// The built-in wake word: a demonstration by pocketsphinx, which needs no model of its own and no network.
///
/// Too weak for daily use: docs/wake-word.md says how often it hears its phrase, and how to put a better one in its place.
package final class SphinxWakeWord: WakeWord {
    private let phrase: String
    private let threshold: Double
    private let ear: WakeEar
    private let isStopped = Atomic<Bool>(false)

    /// - Parameter threshold: smaller hears more, also where nothing was said.
    package init(phrase: String, threshold: Double, ear: WakeEar) {
        self.phrase = phrase
        self.threshold = threshold
        self.ear = ear
    }

    /// - Throws: `.configuration` for a phrase with a word that it does not know, `.unavailable` without its models.
    ///   A detector is run once.
    package func run(onHeard: @escaping @Sendable (WakeHeard) -> Void) async throws(AssistantError) {
        let result: Result<Void, AssistantError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The search computes for long and keeps its state, so it has a thread and not a place in the pool.
                do throws(NativeThread.Unavailable) {
                    try NativeThread.start { continuation.resume(returning: self.attend(onHeard)) }
                } catch {
                    continuation.resume(
                        returning: .failure(
                            AssistantError(
                                .unavailable, "The built-in wake word cannot listen: \(error.reason).",
                                remedy: "End other programs, or raise the limit of tasks.")))
                }
            }
        } onCancel: {
            isStopped.store(true, ordering: .relaxed)
            ear.wake.signal()
        }
        try result.get()
    }

    private func attend(_ onHeard: (WakeHeard) -> Void) -> Result<Void, AssistantError> {
        let spotter: PhraseSpotter
        do throws(PhraseSpotter.Failure) {
            spotter = try PhraseSpotter(phrase: phrase, threshold: threshold)
        } catch {
            return .failure(AssistantError(error, phrase: phrase))
        }
        var wasOpen = false
        while !isStopped.load(ordering: .relaxed) {
            // Ten times a second while asleep; awake, not at all.
            ear.wake.wait(atMost: ear.isOpen ? .milliseconds(100) : nil)
            guard var samples = ear.take() else {
                wasOpen = false
                continue
            }
            if !wasOpen { spotter.restart() }
            wasOpen = true
            if spotter.listen(to: &samples) { onHeard(WakeHeard(because: "“\(phrase)”")) }
        }
        return .success(())
    }
}

extension AssistantError {
    fileprivate init(_ failure: PhraseSpotter.Failure, phrase: String) {
        switch failure {
        case .empty:
            self.init(
                .configuration, "wake.phrase has no words: \(Redaction.quote(phrase)).",
                remedy: "Name English words, such as “hello vivavoce”.")
        case .unknownWord(let word):
            self.init(
                .configuration,
                "wake.phrase has a word that the built-in detector does not know: \(Redaction.quote(word)).",
                remedy: "Choose words of an English dictionary, or another detector with wake.command.")
        case .library(let failure):
            self.init(
                .unavailable, "The built-in wake word cannot listen: \(failure.message).",
                remedy: "Install pocketsphinx-en-us, or choose another detector with wake.command.")
        }
    }
}
