/// Why the assistant cannot do what was asked. Programs switch on `exit`; people read `description`.
///
/// Its texts name what was tried and what came back, and never hold a key.
package struct AssistantError: Error, Equatable, CustomStringConvertible {
    package var exit: ExitCode
    package var message: String
    /// What to do about it, a sentence.
    package var remedy: String?

    package init(_ exit: ExitCode, _ message: String, remedy: String? = nil) {
        self.exit = exit
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.map { "\(message)\n  \($0)" } ?? message }
}
