import Events

/// What `doctor` found of one thing.
package struct Finding: Sendable, Equatable {
    package enum State: String, Sendable {
        case ok
        /// It works, and could be better.
        case warning
        case failed
        /// It could not be looked at, because something before it failed.
        case skipped
    }

    package var check: String
    package var state: State
    package var words: String
    package var remedy: String?
    /// How a command that needs this would end.
    package var exit: ExitCode

    package init(
        _ check: String, _ state: State, _ words: String, remedy: String? = nil, exit: ExitCode = .success
    ) {
        self.check = check
        self.state = state
        self.words = words
        self.remedy = remedy
        self.exit = exit
    }

    package init(_ check: String, failed error: AssistantError) {
        self.init(check, .failed, error.message, remedy: error.remedy, exit: error.exit)
    }

    /// As one line of JSON, without its end.
    package var json: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("check", check)
            writer.member("state", state.rawValue)
            writer.member("message", words)
            writer.member("remedy", ifPresent: remedy)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// For people: one line, and the remedy under it.
    package var text: String {
        let line = "\(state.rawValue.padding(to: 8))\(check.padding(to: 14))\(TerminalText.sanitized(words))"
        let advice = remedy?.split(separator: "\n").map { text in
            "\n\("".padding(to: 22))" + TerminalText.sanitized(String(text.drop { $0 == " " }))
        }
        return line + (advice ?? []).joined()
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
