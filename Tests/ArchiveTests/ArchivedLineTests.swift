import Events
import Testing

@testable import Archive

@Suite("A line as it is kept")
struct ArchivedLineTests {
    @Test("is interrupted when it was cut, even before its first word")
    func interrupted() {
        var line = ArchivedLine(id: 1, session: "s", turn: 1, speaker: .model, begin: 0, end: 0, text: "one two")
        #expect(!line.isInterrupted)
        line.heard = ""
        #expect(line.isInterrupted)
    }
}
