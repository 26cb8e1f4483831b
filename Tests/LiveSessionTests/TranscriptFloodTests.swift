import LiveProtocol
import LiveSession
import Testing

/// Anything that looks at the whole text for each of its pieces would be busy for many minutes here.
@Suite(.timeLimit(.minutes(5)))
struct TranscriptFloodTests {
    @Test(
        "a third of a million small pieces cost in proportion: the text is told seldom, and cut short once",
        arguments: [
            Speaker.user, .model,
        ])
    func flood(speaker: Speaker) {
        var stage = AssemblerStage()
        var bytesTold = 0
        var cuts = 0
        for _ in 0..<370_000 {
            stage.received += 9
            stage.event(.transcription(Transcription(speaker: speaker, text: "abc")))
            for change in stage.take() {
                if case .partial(let line) = change { bytesTold += line.text.utf8.count }
                if case .cutShort = change { cuts += 1 }
            }
        }
        #expect(bytesTold < Wording.shortBytes * Wording.shortBytes / 2 + 40 * Wording.mostBytes)
        #expect(cuts == 1)
        stage.told += stage.assembler.finish(at: stage.moment)
        #expect(stage.finals().map { $0.text.utf8.count } == [Wording.mostBytes + " …".utf8.count])
    }
}
