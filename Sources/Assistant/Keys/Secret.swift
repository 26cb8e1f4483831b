/// A text that must not be shown. Printing, describing, dumping and comparing in a test show `•••` instead.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for the one place that sends it.
    package let exposed: String

    package init(_ text: String) { exposed = text }

    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
