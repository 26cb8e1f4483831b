/// Why something of the observation cannot be had, for people.
package struct ObservationError: Error, Equatable, Sendable {
    /// Who has to do something about it.
    package enum Code: Sendable, Hashable {
        /// A setting, or a file that it names, is not what it must be.
        case settings
        /// The system refuses it.
        case system
    }

    package let code: Code
    package let message: String
    package let remedy: String?

    package init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
