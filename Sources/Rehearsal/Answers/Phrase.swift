/// A way to say something: words, `[optional | words]`, `(one | of | these)`, and the classes `<number>`, `<country>`.
struct Phrase: Sendable {
    indirect enum Node: Equatable, Sendable {
        case word(String)
        case sequence([Node])
        case choice([Node])
    }

    static let countries = [
        (name: "france", capital: "Paris"), (name: "germany", capital: "Berlin"), (name: "italy", capital: "Rome"),
        (name: "spain", capital: "Madrid"), (name: "japan", capital: "Tokyo"), (name: "england", capital: "London"),
    ]

    let node: Node

    /// - Precondition: brackets are balanced; the phrases are part of this program.
    init(_ notation: String) {
        var tokens = Self.tokens(of: notation)[...]
        node = Self.choice(&tokens, until: nil)
        precondition(tokens.isEmpty, "unbalanced brackets in the phrase \"\(notation)\"")
    }

    /// Every sentence that the phrase stands for.
    var sentences: [String] {
        Self.expand(node).map { $0.joined(separator: " ") }
    }

    private static func expand(_ node: Node) -> [[String]] {
        switch node {
        case .word(let word): [[word]]
        case .choice(let nodes): nodes.flatMap(expand)
        case .sequence(let nodes):
            nodes.reduce([[]]) { starts, node in
                let ends = expand(node)
                return starts.flatMap { start in ends.map { start + $0 } }
            }
        }
    }

    private static func tokens(of notation: String) -> [String] {
        var spaced = notation
        for bracket in ["[", "]", "(", ")", "|"] { spaced = spaced.replacing(bracket, with: " \(bracket) ") }
        return spaced.split(separator: " ").map(String.init)
    }

    private static func choice(_ tokens: inout ArraySlice<String>, until end: String?) -> Node {
        var choices: [Node] = []
        var sequence: [Node] = []
        while let token = tokens.first, token != end {
            tokens.removeFirst()
            switch token {
            case "|":
                choices.append(.sequence(sequence))
                sequence = []
            case "(":
                sequence.append(choice(&tokens, until: ")"))
                tokens.removeFirst()
            case "[":
                sequence.append(.choice([.sequence([]), choice(&tokens, until: "]")]))
                tokens.removeFirst()
            case "<number>": sequence.append(.choice(Number.spoken.map(Node.word)))
            case "<country>": sequence.append(.choice(countries.map { .word($0.name) }))
            default: sequence.append(.word(token))
            }
        }
        choices.append(.sequence(sequence))
        return choices.count == 1 ? choices[0] : .choice(choices)
    }
}
