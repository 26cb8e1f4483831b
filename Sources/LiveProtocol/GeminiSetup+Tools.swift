// `tools`: functions as their declarations, the search, and whatever else was asked for.

extension GeminiSetup {
    /// The most function declarations that one session takes.
    private static var mostFunctions: Int { 512 }

    mutating func tools() -> JSONValue? {
        var tools: [JSONValue] = []
        let declarations = functionDeclarations()
        if !declarations.isEmpty { tools.append(["functionDeclarations": .array(declarations)]) }
        if setup.tools.googleSearch { tools.append(["googleSearch": [:]]) }
        tools += setup.tools.others
        return JSONValue.array(tools).unlessEmpty
    }

    private mutating func functionDeclarations() -> [JSONValue] {
        var declared: [JSONValue] = []
        for function in setup.tools.functions {
            guard function.hasValidName else {
                leaveOut(
                    "function “\(function.name.prefix(40))”", "a name has 1 to 128 of A–Z, a–z, 0–9 and _ . : -")
                continue
            }
            guard declared.count < Self.mostFunctions else {
                leaveOut("function “\(function.name)”", "a session takes \(Self.mostFunctions) functions")
                continue
            }
            declared.append(declaration(of: function))
        }
        return declared
    }

    private mutating func declaration(of function: FunctionDeclaration) -> JSONValue {
        func member(_ schema: FunctionDeclaration.Schema?, isJSON: Bool) -> JSONValue? {
            switch schema {
            case .openAPI(let value) where !isJSON: value
            case .jsonSchema(let value) where isJSON: value
            default: nil
            }
        }
        return .object(ofPresent: [
            "name": .string(function.name),
            "description": .string(function.description),
            "behavior": behavior(of: function).map { .string($0.rawValue) },
            "parameters": member(function.parameters, isJSON: false),
            "parametersJsonSchema": member(function.parameters, isJSON: true),
            "response": member(function.response, isJSON: false),
            "responseJsonSchema": member(function.response, isJSON: true),
        ])
    }

    /// What to say about waiting. Said only where the family has a choice: a family without one refuses the word.
    private mutating func behavior(of function: FunctionDeclaration) -> FunctionDeclaration.Behavior? {
        let choices = family.functions.behaviors
        guard let standard = choices.first else { return nil }  // the tools as a whole will be left out
        if let asked = function.behavior, !choices.contains(asked) {
            leaveOut(
                "behavior \(asked.rawValue) of function “\(function.name)”", "it only knows \(standard.rawValue)")
            return nil
        }
        return choices.count > 1 ? function.behavior ?? standard : nil
    }
}
