package import LiveProtocol

/// Our own record of the conversation, for a session that must begin anew: the newest of it, bounded.
///
/// Pure. It holds what was heard of an answer, not what was generated.
package struct Memory: Equatable, Sendable {
    private struct Entry: Equatable, Sendable {
        var turn: Int
        var speaker: Speaker
        var text: String
        var bytes: Int { text.utf8.count }
    }

    /// Most bytes of UTF-8 kept.
    package let limit: Int
    private var entries: [Entry] = []
    private var bytes = 0

    /// - Parameter tokens: of context that a record may fill; a token is taken to be three bytes, which is little for
    ///   English and about right for scripts of three bytes a character.
    package init(tokens: Int) { limit = tokens * 3 }

    /// The line of a turn as it is now; an earlier one of the same turn is replaced.
    package mutating func note(_ line: TurnLine) {
        let text = line.heard ?? line.text
        if let known = entries.lastIndex(where: { $0.turn == line.turn && $0.speaker == line.speaker }) {
            bytes -= entries[known].bytes
            entries.remove(at: known)
        }
        guard !text.isEmpty else { return }
        let entry = Entry(turn: line.turn, speaker: line.speaker, text: Memory.shortened(text, to: limit))
        let place = entries.lastIndex { $0.turn <= entry.turn }.map { $0 + 1 } ?? 0
        entries.insert(entry, at: place)
        bytes += entry.bytes
        while bytes > limit { bytes -= entries.removeFirst().bytes }
    }

    /// - Parameter turn: leave out this turn and what follows, which will be asked again; nil for all of it.
    /// - Returns: turns of alternating speakers, oldest first.
    package func history(before turn: Int?) -> [ConversationTurn] {
        var turns: [ConversationTurn] = []
        for entry in entries where turn.map({ entry.turn < $0 }) ?? true {
            if turns.last?.speaker == entry.speaker {
                turns[turns.count - 1].parts.append(.text(entry.text))
            } else {
                turns.append(ConversationTurn(speaker: entry.speaker, parts: [.text(entry.text)]))
            }
        }
        return turns
    }

    /// The end of a text that is longer than the whole record may be.
    private static func shortened(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        return String(decoding: text.utf8.suffix(limit), as: UTF8.self)
    }
}

/// A fresh session's knowledge of the conversation so far, in the way that a family of models takes it.
package enum Seeding {
    /// What goes into the setup, before anything else.
    package struct Preparation: Equatable, Sendable {
        /// The service waits for turns after the setup.
        package var awaitsHistory = false
        /// To be added to the system instruction.
        package var instruction: String?

        package init() {}
    }

    package static func preparation(_ history: [ConversationTurn], for family: ModelFamily) -> Preparation {
        var preparation = Preparation()
        guard !history.isEmpty else { return preparation }
        switch family.history {
        case .awaitedTurns: preparation.awaitsHistory = true
        case .instruction: preparation.instruction = told(history)
        case .turns, .none: break
        }
        return preparation
    }

    /// What goes out first when the setup has been taken.
    package static func turns(_ history: [ConversationTurn], for family: ModelFamily) -> LiveCommand? {
        guard !history.isEmpty else { return nil }
        switch family.history {
        case .turns(let endingWithUser):
            var turns = history
            if endingWithUser, turns.last?.speaker == .model {
                turns.append(ConversationTurn(speaker: .user, parts: [.text(goOn)]))
            }
            return .turns(turns, isComplete: false)
        case .awaitedTurns: return .turns(history, isComplete: true)
        case .instruction, .none: return nil
        }
    }

    private static let goOn = "(The connection was renewed. Wait for what I say next.)"

    private static func told(_ history: [ConversationTurn]) -> String {
        var text = "The conversation so far, before the connection was renewed:"
        for turn in history {
            text += turn.speaker == .user ? "\nUser:" : "\nYou:"
            for case .text(let words) in turn.parts { text += " " + words }
        }
        return text
    }
}
