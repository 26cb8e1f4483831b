/// What keys mean at the terminal: commands, and the message that is being typed.
package struct KeyBindings: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case toggleMute
        case interrupt
        case renew
        /// The key to talk went down, is held, or went up.
        case talk(TalkKey.Event)
        case nextMode
        /// What the terminal itself makes of the key where it does not tell of releases.
        case signal(Character)
        case quit
        case send(String)
        /// The typed message changed, began (empty) or is gone (nil).
        case showDraft(String?)
    }

    /// The message being typed; nil while keys are commands.
    package private(set) var draft: String?
    /// Characters that a typed message may have; more is surely a slip of the mouse.
    private static let longest = 4000

    package init() {}

    /// - Returns: what to do; nil for a key that means nothing here.
    package mutating func press(_ key: KeyDecoder.Key) -> Action? {
        if case .control(let character) = key, "cz\\".contains(character) { return .signal(character) }
        guard let text = draft else { return command(key) }
        switch key {
        case .character(let character), .repeated(let character):
            draft = text.count < Self.longest ? text + String(character) : text
        case .backspace: draft = String(text.dropLast())
        case .control("u"): draft = ""
        case .control("w"):
            let trimmed = text.reversed().drop { $0 == " " }.drop { $0 != " " }
            draft = String(trimmed.reversed())
        case .enter:
            draft = nil
            return text.allSatisfy(\.isWhitespace) ? .showDraft(nil) : .send(text)
        case .escape:
            draft = nil
        // A key that went down before the message was begun may come up in it.
        case .released(" "): return .talk(.up)
        case .control, .released, .reportsReleases: return nil
        }
        return .showDraft(draft)
    }

    private mutating func command(_ key: KeyDecoder.Key) -> Action? {
        switch key {
        case .character("m"), .character("M"): return .toggleMute
        case .character("i"), .character("I"): return .interrupt
        case .character("r"), .character("R"): return .renew
        case .character("o"), .character("O"): return .nextMode
        case .character(" "): return .talk(.down)
        case .repeated(" "): return .talk(.held)
        case .released(" "): return .talk(.up)
        case .reportsReleases: return .talk(.isReported)
        case .character("q"), .character("Q"): return .quit
        case .character("t"), .character("T"):
            draft = ""
            return .showDraft("")
        default: return nil
        }
    }
}
