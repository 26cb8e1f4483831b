/// What the model may use during a session.
package struct Tools: Sendable, Equatable {
    package var functions: [FunctionDeclaration] = []
    package var googleSearch = false
    /// Other tools as the service writes them, one object each, such as `{"codeExecution":{}}`. The live models refuse
    /// most of them (close 1007); nobody checks these.
    package var others: [JSONValue] = []

    package init() {}

    package var isEmpty: Bool { functions.isEmpty && !googleSearch && others.isEmpty }
}

/// A function that the model may call, and the client carries out.
package struct FunctionDeclaration: Sendable, Equatable {
    /// How arguments or results are described.
    package enum Schema: Sendable, Equatable {
        /// OpenAPI-like, types in upper case.
        case openAPI(JSONValue)
        case jsonSchema(JSONValue)
    }

    /// Whether the model waits for the result before it goes on.
    package enum Behavior: String, Sendable, Hashable, CaseIterable {
        case blocking = "BLOCKING"
        case nonBlocking = "NON_BLOCKING"
    }

    /// At most 128 of `A–Z a–z 0–9 _ . : -`.
    package var name: String
    package var description: String
    package var parameters: Schema?
    package var response: Schema?
    /// nil is the model family's default, which is written out where a family has a choice (pitfall 25).
    package var behavior: Behavior?

    package init(
        name: String, description: String, parameters: Schema? = nil, response: Schema? = nil,
        behavior: Behavior? = nil
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.response = response
        self.behavior = behavior
    }

    /// Whether the service takes the name.
    var hasValidName: Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
