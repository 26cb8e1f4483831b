/// What proves to the service who is asking.
package enum Credential: Sendable, Equatable {
    /// An API key; travels in the header `x-goog-api-key`.
    case key(Secret)
    /// A short-lived token that a key's owner made (`auth_tokens/…`); travels in the header `Authorization` and only
    /// fits the constrained method.
    case token(Secret)

    /// - Parameter text: a key or a token, without white space around it.
    package init(_ text: String) {
        self = text.hasPrefix("auth_tokens/") ? .token(Secret(text)) : .key(Secret(text))
    }

    /// Takes a key as somebody typed or stored it; white space around it goes.
    ///
    /// - Parameter source: begins the message, such as `GEMINI_API_KEY`.
    /// - Throws: `.refused` when the text cannot travel in a header: it is empty, or has spaces or control characters.
    package init(checking text: String, from source: String) throws(AssistantError) {
        var key = text[...]
        while key.first?.isWhitespace == true { key = key.dropFirst() }
        while key.last?.isWhitespace == true { key = key.dropLast() }
        guard !key.isEmpty else { throw AssistantError(.refused, "\(source) holds no key.") }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw AssistantError(
                .refused, "\(source) does not hold a key: a key is one word of plain letters, digits and signs.")
        }
        self.init(String(key))
    }

    package var secret: Secret {
        switch self {
        case .key(let secret), .token(let secret): secret
        }
    }
}
