import LiveProtocol
import LiveSession
import Testing

@Suite(.timeLimit(.minutes(5)))
struct MemoryTests {
    private func line(_ turn: Int, _ speaker: Speaker, _ text: String, heard: String? = nil) -> TurnLine {
        TurnLine(turn: turn, speaker: speaker, text: text, heard: heard)
    }

    private func turn(_ speaker: Speaker, _ texts: String...) -> ConversationTurn {
        ConversationTurn(speaker: speaker, parts: texts.map { .text($0) })
    }

    @Test("a line is kept as it is last told, and of a cut answer what was heard")
    func keepsTheLast() {
        var memory = Memory(tokens: 100)
        memory.note(line(1, .user, "why"))
        memory.note(line(1, .user, "why not?"))
        memory.note(line(2, .model, "Because it is late.", heard: "Because"))
        #expect(memory.history(before: nil) == [turn(.user, "why not?"), turn(.model, "Because")])
    }

    @Test("speakers alternate, whatever order the lines come in, and what will be asked again is left out")
    func alternates() {
        var memory = Memory(tokens: 100)
        memory.note(line(3, .model, "Three."))
        memory.note(line(1, .user, "One."))
        memory.note(line(2, .user, "Two."))
        memory.note(line(4, .user, "Four."))
        #expect(memory.history(before: 4) == [turn(.user, "One.", "Two."), turn(.model, "Three.")])
        #expect(memory.history(before: 1) == [])
    }

    @Test("it is bounded, and what is oldest goes", arguments: [1, 10, 100])
    func bounded(tokens: Int) {
        var memory = Memory(tokens: tokens)
        for number in 0..<1000 { memory.note(line(number, number % 2 == 0 ? .user : .model, "number \(number)")) }
        let texts = memory.history(before: nil).flatMap(\.parts).map { part in
            if case .text(let text) = part { text } else { "" }
        }
        #expect(texts.reduce(0) { $0 + $1.utf8.count } <= tokens * 3)
        #expect(texts.last.map { "number 999".hasSuffix($0) } == true)
    }

    private static let history = [
        ConversationTurn(speaker: .user, parts: [.text("Why?")]),
        ConversationTurn(speaker: .model, parts: [.text("Because.")]),
    ]

    private func family(_ seeding: ModelFamily.HistorySeeding) -> ModelFamily {
        var family = ModelCatalogue.unknownModel
        family.history = seeding
        return family
    }

    @Test("a fresh session is seeded in the way that its model takes it (pitfalls 8 and 56)")
    func seeding() {
        let plain = Seeding.turns(Self.history, for: family(.turns(endingWithUser: false)))
        #expect(plain == .turns(Self.history, isComplete: false))
        guard case .turns(let ending, false) = Seeding.turns(Self.history, for: family(.turns(endingWithUser: true)))
        else {
            Issue.record("no turns")
            return
        }
        #expect(ending.count == 3 && ending.last?.speaker == .user)
        #expect(Seeding.preparation(Self.history, for: family(.awaitedTurns)).awaitsHistory)
        let awaited = Seeding.turns(Self.history, for: family(.awaitedTurns))
        #expect(awaited == .turns(Self.history, isComplete: true))
        let told = Seeding.preparation(Self.history, for: family(.instruction)).instruction
        #expect(told?.hasSuffix("\nUser: Why?\nYou: Because.") == true)
        #expect(Seeding.turns(Self.history, for: family(.instruction)) == nil)
        #expect(Seeding.turns(Self.history, for: family(.none)) == nil)
    }

    @Test("with nothing to tell nothing is told, and no service waits for it (pitfall 56)")
    func nothingToTell() {
        for seeding in [ModelFamily.HistorySeeding.turns(endingWithUser: true), .awaitedTurns, .instruction, .none] {
            #expect(Seeding.preparation([], for: family(seeding)) == Seeding.Preparation())
            #expect(Seeding.turns([], for: family(seeding)) == nil)
        }
    }
}
