/// A text that must not be shown. Printing, describing, dumping and comparing in a test show `•••` instead.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for the one place that sends it.
    package let exposed: String

    package init(_ text: String) { exposed = text }

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
        exposed = String(key)
    }

    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
