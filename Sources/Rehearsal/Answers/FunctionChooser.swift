/// Decides which of the declared functions somebody's words call: those whose name's words are all among them.
enum FunctionChooser {
    /// - Returns: calls with arguments read from the words; empty when no function fits.
    static func calls(
        for text: String, among functions: [SetupRequest.Function]
    ) -> [(name: String, arguments: JSON)] {
        let spoken = Intent.words(of: text)
        let stems = Set(spoken.map(stem))
        return functions.compactMap { function in
            let wanted = nameWords(function.name).filter { !verbs.contains($0) }
            guard !wanted.isEmpty, wanted.allSatisfy({ stems.contains(stem($0)) }) else { return nil }
            return (name: function.name, arguments: arguments(for: function, words: spoken))
        }
    }

    /// Verbs that names carry and people say otherwise: `set_light` is "turn on the light".
    private static let verbs: Set = ["set", "get", "turn", "switch", "control", "do", "run", "call", "make", "fetch"]

    private static func nameWords(_ name: String) -> [String] {
        Fields.snakeCased(name).split { "_.:-".contains($0) }.map { $0.lowercased() }
    }

    private static func stem(_ word: String) -> String {
        word.count > 3 && word.hasSuffix("s") ? String(word.dropLast()) : word
    }

    /// A value for each declared parameter: on/off for booleans, numbers in order, enum words, else the whole text.
    private static func arguments(for function: SetupRequest.Function, words: [String]) -> JSON {
        guard let properties = function.parameters?["properties"]?.members else { return [:] }
        var numbers = words.compactMap(Number.value(of:))[...]
        let members = properties.compactMap { property -> JSON.Member? in
            let type = property.value["type"]?.string?.uppercased()
            let value: JSON?
            switch type {
            case "BOOLEAN": value = .bool(!words.contains("off"))
            case "INTEGER", "NUMBER": value = numbers.popFirst().map { .number(Double($0)) }
            case "STRING":
                let choices = property.value["enum"]?.array?.compactMap(\.string) ?? []
                value = .string(
                    choices.first { words.contains($0.lowercased()) } ?? choices.first ?? words.joined(separator: " "))
            default: value = nil
            }
            return value.map { JSON.Member(name: property.name, value: $0) }
        }
        return .object(members)
    }
}
