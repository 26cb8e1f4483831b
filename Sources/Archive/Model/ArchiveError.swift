/// What went wrong with the record: what was tried, what came back, and what to do about it.
package struct ArchiveError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, Hashable {
        /// The disk is full, or a quota is reached.
        case full
        /// Not ours to read or to write.
        case permission
        /// Another program holds it.
        case busy
        /// Not a database, or one that is damaged.
        case corrupt
        /// Made by a newer version of this program.
        case newer
        /// There is no such session, file or directory.
        case missing
        /// Input from outside that cannot be read: a search, a file to import, a date.
        case badInput
        case inputOutput
    }

    package var code: Code
    package var message: String
    package var remedy: String?

    package init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
