/// What keeps the service from starting or a scenario from running. People read `description`.
package struct RehearsalError: Error, Equatable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        /// A scenario or an option makes no sense; the text says where.
        case badScenario
        /// A file that was named cannot be read or written.
        case file
        /// The address cannot be listened on.
        case listen
        /// A speech library or its data is missing.
        case speech
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
