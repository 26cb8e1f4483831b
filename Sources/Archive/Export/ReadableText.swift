import Events

extension ArchivedLine {
    /// What was heard, on one line and safe to print.
    var shown: String { Self.tidied(heard ?? text) }

    /// What was not heard of it; empty where all was.
    var unheard: String {
        guard let heard else { return "" }
        return Self.tidied(text.hasPrefix(heard) ? String(text.dropFirst(heard.count)) : text)
    }

    /// What stands behind the text: it was cut off, or never finished.
    var tail: String {
        if isInterrupted { return "—" }
        return isFinal ? "" : " …"
    }

    private static func tidied(_ text: String) -> String {
        TerminalText.sanitized(text).split(separator: " ").joined(separator: " ")
    }
}

extension Party {
    /// As exports call the speaker.
    var title: String {
        switch self {
        case .user: "You"
        case .model: "Model"
        }
    }
}

extension ArchivedSession {
    /// When something was, from the conversation's start: `1:02:03` or `2:03`.
    fileprivate func clock(_ time: Int64) -> String {
        let seconds = max(0, time - startedAt) / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let short = "\(seconds / 60 % 60):\(two(seconds % 60))"
        return seconds < 3600 ? short : "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    fileprivate var facts: [String] {
        [
            model.map(TerminalText.sanitized), endedAt.map { "\(clock($0)) long" },
            reason.map { "ended: \(TerminalText.sanitized($0))" },
        ].compactMap { $0 }
    }
}

/// A conversation as plain text: a heading, and a row for each line.
struct PlainText {
    private let session: ArchivedSession

    init(_ session: ArchivedSession) { self.session = session }

    func text(of lines: [ArchivedLine]) -> String {
        let heading = (["Conversation of \(Timestamp.iso8601(session.startedAt))"] + session.facts)
        return heading.joined(separator: " · ") + "\n\n"
            + lines.map { "\(session.clock($0.begin))  \($0.speaker.title): \($0.shown)\($0.tail)\n" }.joined()
    }
}

/// A conversation as Markdown: what was not heard stands struck out behind what was.
struct MarkdownText {
    private let session: ArchivedSession

    init(_ session: ArchivedSession) { self.session = session }

    func text(of lines: [ArchivedLine]) -> String {
        let facts = session.facts.map(Self.escaped).joined(separator: " · ")
        return "# Conversation of \(Timestamp.iso8601(session.startedAt))\n\n" + (facts.isEmpty ? "" : facts + "\n\n")
            + lines.map { paragraph($0) }.joined(separator: "\n")
    }

    private func paragraph(_ line: ArchivedLine) -> String {
        let unheard = line.unheard.isEmpty ? "" : " ~~\(Self.escaped(line.unheard))~~"
        return
            "**\(line.speaker.title)** (\(session.clock(line.begin))): \(Self.escaped(line.shown))\(line.tail)\(unheard)\n"
    }

    /// Nothing in it is taken for Markdown or HTML. It never begins a line, where more would be.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if "\\`*_[]<>#|~&!".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
