import AudioDevices
import Glibc
import Sphinx
import Testing

@testable import Assistant

/// The demonstration of a wake word, on generated speech. Its figures are the benchmark's affair.
@Suite(.timeLimit(.minutes(5)), .enabled(if: access("/usr/bin/espeak-ng", X_OK) == 0, "speech is made by espeak-ng"))
struct SphinxWakeWordTests {
    private let settings = Settings.Wake()

    private func word(_ stage: WakeStage, phrase: String? = nil) -> SphinxWakeWord {
        SphinxWakeWord(phrase: phrase ?? settings.phrase, threshold: settings.threshold, ear: stage.ear)
    }

    @Test("the phrase is heard with the shipped settings")
    func hears() async throws {
        let stage = try WakeStage()
        stage.ear.setOpen(true)
        try await stage.running(word(stage)) { stage in
            stage.capture(try spoken("hello veeva voachay"))
            let heard = try #require(await stage.nextHeard())
            #expect(heard.because == "“\(settings.phrase)”")
        }
    }

    @Test("silence and other words are not the phrase")
    func hearsNothing() throws {
        let spotter = try PhraseSpotter(phrase: settings.phrase, threshold: settings.threshold)
        var silence = [Int16](repeating: 0, count: 160_000)
        var words = try spoken("the weather is fine, and nobody has called")
        var phrase = try spoken("hello veeva voachay")
        let heard = (
            silence: spotter.listen(to: &silence), words: spotter.listen(to: &words),
            phrase: spotter.listen(to: &phrase)
        )
        #expect(heard == (silence: false, words: false, phrase: true))
    }

    @Test("a word that is not in the dictionary is named")
    func unknownWord() async throws {
        let stage = try WakeStage()
        let error = await #expect(throws: AssistantError.self) {
            try await word(stage, phrase: "hello qwrtzk").run { _ in }
        }
        #expect(error?.exit == .configuration)
        #expect(error?.message.contains("\"qwrtzk\"") == true)
        #expect(error?.remedy?.contains("wake.command") == true)
        let empty = await #expect(throws: AssistantError.self) { try await word(stage, phrase: " …").run { _ in } }
        #expect(empty?.exit == .configuration)
    }

    @Test("cancelled while nobody is asleep, it ends")
    func ends() async throws {
        let stage = try WakeStage()
        try await stage.running(word(stage)) { _ in }
    }
}
