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
}
