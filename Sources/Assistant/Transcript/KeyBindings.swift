/// What keys mean at the terminal: commands, and the message that is being typed.
package struct KeyBindings: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case toggleMute
        case interrupt
        case renew
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
        guard let text = draft else { return command(key) }
        switch key {
        case .character(let character): draft = text.count < Self.longest ? text + String(character) : text
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
        case .control: return nil
        }
        return .showDraft(draft)
    }

    private mutating func command(_ key: KeyDecoder.Key) -> Action? {
        switch key {
        case .character("m"), .character("M"): return .toggleMute
        case .character("i"), .character("I"): return .interrupt
        case .character("r"), .character("R"): return .renew
        case .character("q"), .character("Q"): return .quit
        case .character("t"), .character("T"):
            draft = ""
            return .showDraft("")
        default: return nil
        }
    }
}
