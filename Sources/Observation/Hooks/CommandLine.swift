/// A command line in words, for a program that is run without a shell. Pure.
struct CommandLine: Sendable, Equatable {
    /// The program's name and its arguments; at least the name.
    let words: [String]

    private static let shells: Set<Substring> = ["sh", "bash", "dash", "ash", "zsh", "fish", "env"]

    /// What is not to run twice at once: the program, whatever it is told; of a shell, which is any program, the whole line.
    var lane: String {
        guard let name = words[0].split(separator: "/").last, Self.shells.contains(name) else { return words[0] }
        return words.joined(separator: "\0")
    }

    /// Splits at blanks: quotes of both kinds keep what they hold together, and a backslash keeps one character, in single
    /// quotes excepted. Nothing is expanded but `~/` at the program's beginning.
    ///
    /// - Parameter home: what `~` stands for.
    /// - Returns: nil for a quote that is not closed, and for no word.
    init?(_ text: String, home: String?) {
        var (words, word) = ([String](), String?.none)
        var (quote, isEscaped) = (Character?.none, false)
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
                continue
            }
            switch character {
            case "\\" where quote != "'": isEscaped = true
            case quote: quote = nil
            case "'" where quote == nil, "\"" where quote == nil:
                quote = character
                word = word ?? ""
            case _ where character.isWhitespace && quote == nil:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        guard quote == nil, !isEscaped, let program = words.first, !program.isEmpty else { return nil }
        if program.hasPrefix("~/"), let home { words[0] = home + program.dropFirst() }
        self.words = words
    }

    /// Where the program may lie: itself where it names a folder, else in each folder of `PATH`.
    func places(path: String?) -> [String] {
        guard !words[0].contains("/") else { return [words[0]] }
        return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(words[0])" }
    }
}
