import LiveProtocol

/// What proves to the service who is asking.
package enum Credential: Sendable, Equatable {
    /// An API key; travels in the header `x-goog-api-key`.
    case key(Secret)
    /// A short-lived token that a key's owner made (`auth_tokens/…`); travels in the header `Authorization` and only
    /// fits the constrained method.
    case token(Secret)
    /// A program that prints a token, which is asked for each connection.
    case command(TokenCommand)

    /// - Parameter text: a key or a token, without white space around it.
    package init(_ text: String) { self.init(Secret(text)) }

    private init(_ secret: Secret) {
        self = secret.exposed.hasPrefix("auth_tokens/") ? .token(secret) : .key(secret)
    }

    /// Takes a key or a token as somebody typed or stored it, as `Secret` does.
    package init(checking text: String, from source: String) throws(AssistantError) {
        self.init(try Secret(checking: text, from: source))
    }

    /// What carries it; nothing for what has yet to be asked for.
    var headers: [Endpoint.Header] {
        switch self {
        case .key(let key): [Endpoint.Header("x-goog-api-key", key.exposed)]
        case .token(let token): [Endpoint.Header("Authorization", "Token \(token.exposed)")]
        case .command: []
        }
    }

    /// Whether it opens the constrained method instead of the plain one.
    var isConstrained: Bool {
        switch self {
        case .key: false
        case .token, .command: true
        }
    }
}
